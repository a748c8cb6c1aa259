import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createHostFixture, type HostFixture, type RunningApp, until } from './fixture.ts';

let fixture: HostFixture;
beforeAll(async () => {
  fixture = await createHostFixture();
});
afterAll(() => fixture?.close());

const library = JSON.stringify(`${process.cwd()}/node_modules/@azure/functions`);
const appOf = (code: string, files: Record<string, string> = {}) =>
  fixture.write({
    'package.json': '{"main":"index.js"}',
    'host.json': '{"version":"2.0"}',
    'index.js': `const {app, input, output} = require(${library});\n${code}`,
    ...files,
  });
const http = (name: string, rest = '') =>
  `app.http('${name}', { authLevel: 'anonymous', ${rest} handler: () => ({ body: '${name}' }) });`;

describe('an app that cannot be loaded', () => {
  test.each([
    [
      'a file that throws',
      "throw new Error('no catalog');",
      {},
      /Worker was unable to load entry point "index\.js": Error: no catalog/,
    ],
    [
      'a main that matches nothing',
      '',
      { 'package.json': '{"main":"dist/*.js"}' },
      /unable to load entry point "dist\/\*\.js": Found zero files matching the supplied pattern/,
    ],
    ['no main', '', { 'package.json': '{}' }, /has no "main"/],
    ['a module that is missing', "require('./nowhere');", {}, /Cannot find module '\.\/nowhere'/],
    [
      'two functions of one name',
      `${http('same')}${http('same')}`,
      {},
      /A function with name "same" has already been registered\./,
    ],
    [
      'HTTP streaming, which the host does not do',
      `app.setup({ enableHttpStream: true });${http('streams')}`,
      {},
      /does not stream HTTP/,
    ],
    ['host.json without version', '', { 'host.json': '{}' }, /missing the required 'version' property/],
    ['host.json that is not JSON', '', { 'host.json': '{' }, /Unable to parse .*host\.json/],
    [
      'a batch size out of bounds',
      '',
      { 'host.json': '{"version":"2.0","extensions":{"queues":{"batchSize":33}}}' },
      /batchsize/,
    ],
    [
      'a polling interval that is no TimeSpan',
      '',
      { 'host.json': '{"version":"2.0","extensions":{"queues":{"maxPollingInterval":"2s"}}}' },
      /'2s' is not a TimeSpan/,
    ],
    ['encrypted settings', '', { 'local.settings.json': '{"IsEncrypted":true}' }, /is encrypted/],
  ])('says why: %s', async (_, code, files, message) => {
    await expect(fixture.start({ app: await appOf(code, files) })).rejects.toThrow(message);
  });
});

describe('a function in error', () => {
  const connection = "connection: 'AzureWebJobsStorage'";
  const cases: readonly [string, string, string, string][] = [
    [
      'an unknown trigger type',
      'bus',
      "app.generic('bus', { trigger: { type: 'serviceBusTrigger', name: 't' }, handler: () => {} });",
      "The binding type(s) 'serviceBusTrigger' are not registered.",
    ],
    [
      'an input the host does not have',
      'reads',
      `app.http('reads', { handler: () => ({}), extraInputs: [input.storageBlob({ path: 'a/b', ${connection} })] });`,
      "The binding type(s) 'blob' are not registered.",
    ],
    [
      'an output the host does not have',
      'writes',
      `app.http('writes', { handler: () => ({}), extraOutputs: [output.table({ tableName: 't', ${connection} })] });`,
      "The binding type(s) 'table' are not registered.",
    ],
    [
      'a setting that is missing',
      'unset',
      `app.storageQueue('unset', { queueName: '%NOWHERE%', ${connection}, handler: () => {} });`,
      "Microsoft.Azure.WebJobs.Host: '%NOWHERE%' does not resolve to a value.",
    ],
    [
      'a connection that is missing',
      'unconnected',
      "app.storageQueue('unconnected', { queueName: 'orders', connection: 'Elsewhere', handler: () => {} });",
      "Storage account connection string 'AzureWebJobsElsewhere' does not exist. Make sure that it is a defined App Setting.",
    ],
    [
      'a queue name that no queue can have',
      'misnamed',
      `app.storageQueue('misnamed', { queueName: 'a--b', ${connection}, handler: () => {} });`,
      "'a--b' is not a valid queue name",
    ],
    [
      'a schedule that is none',
      'often',
      "app.timer('often', { schedule: 'often', handler: () => {} });",
      "The schedule expression 'often' was not recognized as a valid cron expression or timespan string.",
    ],
    ['a name that no function can have', '9lives', http('9lives'), "'9lives' is not a valid function name."],
  ];
  let app: RunningApp;
  beforeAll(async () => {
    app = await fixture.start({ app: await appOf([...cases.map(([, , code]) => code), http('good')].join('\n')) });
  });

  test.each(cases)('is left out, with the reason: %s', async (_, name, _code, message) => {
    const error = app.errors.find((one) => one.name === name)?.error ?? '';
    expect(error).toContain(`Microsoft.Azure.WebJobs.Host: Error indexing method 'Functions.${name}'. `);
    expect(error).toContain(message);
    await until(() => expect(app.lines.join('\n')).toContain(`The '${name}' function is in error: ${error}`));
  });

  test('leaves the others running', async () => {
    expect(app.functions.map(({ name }) => name)).toEqual(['good']);
    expect(await (await app.call('/api/good')).text()).toBe('good');
  });
});

test('loads ES modules and several entry points', async () => {
  const module = `import { app } from ${JSON.stringify(`file://${process.cwd()}/node_modules/@azure/functions/dist/azure-functions.js`)};\n`;
  const app = await fixture.start({
    app: await fixture.write({
      'package.json': '{"main":"src/*.js","type":"module"}',
      'host.json': '{"version":"2.0"}',
      'src/a.js': module + http('a'),
      'src/b.js': module + http('b'),
    }),
  });
  expect(app.functions.map(({ name }) => name)).toEqual(['a', 'b']);
});

test('runs hooks around a call, in order, and those of the app at its start and end', async () => {
  const code = `
app.hook.appStart(() => console.log('hook appStart'));
app.hook.appTerminate(() => console.log('hook appTerminate'));
app.hook.preInvocation((c) => { c.hookData.begun = true; c.inputs = [...c.inputs]; });
app.hook.postInvocation((c) => { c.result = { body: 'changed ' + c.hookData.begun }; });
${http('hooked')}`;
  const app = await fixture.start({ app: await appOf(code) });
  expect(await (await app.call('/api/hooked')).text()).toBe('changed true');
  await app.close();
  expect(app.lines.filter((line) => line.startsWith('hook'))).toEqual(['hook appStart', 'hook appTerminate']);
});

test('host.json decides which log lines are written', async () => {
  const code = `app.http('talks', { authLevel: 'anonymous', handler: (r, c) => { c.debug('low'); c.info('plain'); c.warn('high'); return {}; } });`;
  const quiet = {
    'host.json': '{"version":"2.0","logging":{"logLevel":{"default":"Warning","Function.talks.User":"Debug"}}}',
  };
  const app = await fixture.start({ app: await appOf(code, quiet) });
  await app.call('/api/talks');
  await until(() => expect(app.lines.join('\n')).toContain('high'));
  const text = app.lines.join('\n');
  expect(text).toContain('low');
  expect(text).not.toContain("Executed 'Functions.talks'");
});

test('functionTimeout ends a call that hangs, as a failure', async () => {
  const code = "app.http('hangs', { authLevel: 'anonymous', handler: () => new Promise(() => {}) });";
  const app = await fixture.start({
    app: await appOf(code, { 'host.json': '{"version":"2.0","functionTimeout":"00:00:01"}' }),
  });
  expect((await app.call('/api/hangs')).status).toBe(500);
  await until(() =>
    expect(app.lines.join('\n')).toMatch(/Timeout value of 1 s .* exceeded by function 'Functions\.hangs'/),
  );
});

test('SIGTERM lets the call that runs end, and takes no other message', async () => {
  const queue = fixture.queues.getQueueClient('drained');
  await queue.createIfNotExists();
  const code = `app.storageQueue('slow', { queueName: 'drained', connection: 'AzureWebJobsStorage', handler: async (m, c) => {
  console.log('began'); await new Promise((done) => setTimeout(done, 800)); console.log('ended');
}});`;
  const files = {
    'host.json': '{"version":"2.0","extensions":{"queues":{"batchSize":1,"maxPollingInterval":"00:00:00.1"}}}',
  };
  const app = await fixture.start({ app: await appOf(code, files) });
  await queue.sendMessage(Buffer.from('one').toString('base64'));
  await queue.sendMessage(Buffer.from('two').toString('base64'));
  await until(() => expect(app.lines).toContain('began'));
  await app.close();
  expect(app.lines.filter((line) => line === 'began' || line === 'ended')).toEqual(['began', 'ended']);
  expect((await queue.getProperties()).approximateMessagesCount).toBe(1);
});

test('ends with its parent, even one that is killed', async () => {
  const parent = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      '-e',
      `import(${JSON.stringify(fileURLToPath(new URL('../../../local/host/start.ts', import.meta.url)))})
      .then((m) => m.startHost({ app: ${JSON.stringify(await appOf(http('alone')))} }))
      .then((host) => console.log('pid', host.pid));`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], cwd: process.cwd() },
  );
  let output = '';
  parent.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await until(() => expect(output).toMatch(/pid \d+/));
  const pid = Number(/pid (\d+)/.exec(output)?.[1]);
  const isAlive = () => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  expect(isAlive()).toBe(true);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  await until(() => expect(isAlive()).toBe(false));
});

test('a port that is taken is an error that names it', async () => {
  const first = await fixture.start();
  const port = Number(new URL(first.endpoint).port);
  await expect(fixture.start({ port })).rejects.toThrow(new RegExp(`EADDRINUSE.*${port}`));
});
