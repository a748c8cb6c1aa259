import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BuildStep, RunnerJob } from '../../../local/contracts.ts';
import { type RunnerFixture, startRunnerFixture } from './fixture.ts';

let fixture: RunnerFixture;
let server: string;
beforeAll(async () => {
  fixture = await startRunnerFixture();
  server = fixture.registry.loginServer;
});
afterAll(() => fixture.close());

let contexts = 0;
async function context(files: Record<string, string>): Promise<string> {
  contexts += 1;
  const directory = join(fixture.stateDir, `context${contexts}`);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(directory, dirname(name)), { recursive: true });
    await writeFile(join(directory, name), content);
  }
  return directory;
}

async function build(directory: string, step: Partial<BuildStep> = {}, more: Partial<RunnerJob> = {}) {
  const job = fixture.job(
    {
      kind: 'docker',
      dockerFilePath: 'Dockerfile',
      imageNames: [],
      isPushEnabled: true,
      noCache: false,
      arguments: [],
      ...step,
    },
    { context: directory, ...more },
  );
  return { ...(await fixture.runner.execute(job)), log: job.log };
}

/** The digest a tag has in the registry itself. */
async function digestOf(repository: string, tag: string): Promise<string | null> {
  const accept = 'application/vnd.docker.distribution.manifest.v2+json';
  const answer = await fetch(`${fixture.registry.backend}/v2/${repository}/manifests/${tag}`, { headers: { accept } });
  return answer.headers.get('docker-content-digest');
}

async function printed(image: string): Promise<string> {
  const { log } = await fixture.yaml(`version: v1.1.0\nsteps:\n  - cmd: ${image}\n`);
  return log.text;
}

describe('a Docker build step', () => {
  test('builds, pushes and says what it pushed and built on', async () => {
    const directory = await context({
      Dockerfile: `ARG BASE
FROM $BASE AS tools
RUN echo made > /made
FROM ${server}/base/busybox:1
COPY --from=tools /made /made
COPY hello.txt /hello.txt
CMD ["cat", "/made", "/hello.txt"]
`,
      'hello.txt': 'hello\n',
    });
    const tools = await fixture.make({ kind: 'busybox', reference: `${server}/base/tools:2`, env: { TOOLS: '1' } });
    const { log, ...result } = await build(directory, {
      imageNames: ['app:1', 'team/app:latest'],
      arguments: [{ name: 'BASE', value: `${server}/base/tools:2` }],
    });
    const digest = await digestOf('app', '1');
    const base = {
      registry: server,
      repository: 'base/busybox',
      tag: '1',
      digest: await digestOf('base/busybox', '1'),
    };
    expect(result).toEqual({
      status: 'Succeeded',
      outputImages: [
        { registry: server, repository: 'app', tag: '1', digest },
        { registry: server, repository: 'team/app', tag: 'latest', digest },
      ],
      baseImageDependencies: [
        { type: 'Runtime', ...base },
        { type: 'BuildTime', registry: server, repository: 'base/tools', tag: '2', digest: tools.digest },
      ],
    });
    expect(log.text).toContain('Executing step ID: build. Timeout(sec): 28800');
    expect(log.text).toContain(`1: digest: ${digest} size: `);
    expect(log.text).toContain(`Successfully pushed image: ${server}/team/app:latest\n`);
    expect(log.text).toContain(`The following dependencies were found:\n`);
    expect(log.text).toContain(
      `  runtime-dependency:\n    registry: ${server}\n    repository: base/busybox\n    tag: "1"\n`,
    );
    expect(await printed('$Registry/app:1')).toContain('\nmade\nhello\n');
  });

  test('builds on the digest that the tag has now, not on the one of an earlier run', async () => {
    const directory = await context({ Dockerfile: `FROM ${server}/base/moving:1\nCMD echo "color $COLOR"\n` });
    const reference = `${server}/base/moving:1`;
    for (const color of ['blue', 'red']) {
      const made = await fixture.make({ kind: 'busybox', reference, env: { COLOR: color } });
      const { baseImageDependencies } = await build(directory, { imageNames: ['moved:1'] });
      expect(baseImageDependencies).toMatchObject([
        { type: 'Runtime', repository: 'base/moving', digest: made.digest },
      ]);
      expect(await printed('$Registry/moved:1')).toContain(`color ${color}`);
    }
  });

  test('records a base that is named by its digest, and nothing for scratch', async () => {
    const digest = await digestOf('base/busybox', '1');
    const pinned = await context({ Dockerfile: `FROM ${server}/base/busybox@${digest}\n` });
    expect((await build(pinned, { imageNames: ['pinned:1'] })).baseImageDependencies).toEqual([
      { type: 'Runtime', registry: server, repository: 'base/busybox', tag: '', digest },
    ]);
    const scratch = await context({ Dockerfile: 'FROM scratch\nCOPY file /\n', file: 'x' });
    const { status, baseImageDependencies, log } = await build(scratch, { imageNames: ['scratch:1'] });
    expect([status, baseImageDependencies]).toEqual(['Succeeded', []]);
    expect(log.text).toContain('repository: library/scratch');
  });

  test('does not push when that is switched off', async () => {
    const directory = await context({ Dockerfile: `FROM ${server}/base/busybox:1\n` });
    const { status, outputImages, log } = await build(directory, { imageNames: ['unpushed:1'], isPushEnabled: false });
    expect([status, outputImages]).toEqual(['Succeeded', []]);
    expect(log.text).not.toContain('Pushing image');
    expect(await digestOf('unpushed', '1')).toBeNull();
  });

  test('builds up to the target, from another Dockerfile, and leaves out what .dockerignore says', async () => {
    const directory = await context({
      'docker/Two': `FROM ${server}/base/busybox:1 AS first\nCOPY . /all\nCMD ls -A /all\nFROM first\nRUN exit 1\n`,
      '.dockerignore': 'secret\n',
      secret: 'x',
      open: 'x',
    });
    const { status } = await build(directory, { dockerFilePath: 'docker/Two', imageNames: ['two:1'], target: 'first' });
    expect(status).toBe('Succeeded');
    const text = await printed('$Registry/two:1');
    expect(text).toContain('\nopen\n');
    expect(text).not.toContain('\nsecret\n');
  });

  test('masks a secret argument, and runs a build without the machine’s files', async () => {
    const directory = await context({
      Dockerfile: `FROM ${server}/base/busybox:1\nARG TOKEN\nRUN echo $TOKEN; ls ${process.cwd()}; ls /proc | grep -c "^[0-9]"; mknod /d b 254 0; cat /d; true\n`,
    });
    const { log } = await build(directory, {
      arguments: [{ name: 'TOKEN', value: 'very-secret', isSecret: true }],
      noCache: true,
    });
    expect(log.text).not.toContain('very-secret');
    expect(log.text).toContain(`ls: ${process.cwd()}: No such file or directory`);
    expect(log.text).toMatch(/can't open '\/d'/);
  });

  test.each([
    [
      'a step that fails',
      { Dockerfile: 'FROM SERVER/base/busybox:1\nRUN exit 5\n' },
      'failed to run step ID: build: exit status',
    ],
    [
      'a base that is not there',
      { Dockerfile: 'FROM SERVER/base/none:1\n' },
      'manifest for SERVER/base/none:1 not found',
    ],
    ['no Dockerfile', { other: '' }, 'failed to run step ID: build: failed to scan dependencies: exit status 1'],
    ['a blank base', { Dockerfile: 'ARG X\nFROM $X\n' }, 'base name ($X) should not be blank'],
    ['an instruction that does not exist', { Dockerfile: 'FROM SERVER/base/busybox:1\nNOPE x\n' }, 'NOPE'],
  ])('%s fails the run and pushes nothing', async (_, files, message) => {
    const directory = await context(
      Object.fromEntries(Object.entries(files).map(([name, text]) => [name, text.replaceAll('SERVER', server)])),
    );
    const { log, ...result } = await build(directory, { imageNames: ['broken:1'] });
    expect(result).toMatchObject({ status: 'Failed', outputImages: [], baseImageDependencies: [] });
    expect(log.text).toContain(message.replaceAll('SERVER', server));
    expect(await digestOf('broken', '1')).toBeNull();
  });

  test.each(['../outside', '/etc/passwd', 'link', 'sub/../../outside'])(
    'does not read a Dockerfile outside the context: %s',
    async (dockerFilePath) => {
      const directory = await context({
        'sub/x': '',
        '../outside': `FROM ${server}/base/busybox:1\nRUN echo leaked\n`,
      });
      await symlink('/etc/passwd', join(directory, 'link'));
      const { status, log } = await build(directory, { dockerFilePath });
      expect(status).toBe('Failed');
      expect(log.text).toContain('not found in the workspace');
    },
  );

  test('copies a link of the context as a link, not what it points to on the machine', async () => {
    const directory = await context({
      Dockerfile: `FROM ${server}/base/busybox:1\nCOPY link /copied\nCMD cat /copied\n`,
    });
    await symlink('/etc/debian_version', join(directory, 'link'));
    const { log } = await build(directory, { imageNames: ['linked:1'] });
    const text = log.text + (await printed('$Registry/linked:1'));
    expect(text).not.toMatch(/^\d+\.\d+$/m);
  });

  test('a bad image name is the run’s error', async () => {
    const { status, log } = await build(await context({ Dockerfile: '' }), { imageNames: ['Not A Name'] });
    expect(status).toBe('Failed');
    expect(log.text).toContain('failed to parse the image name "Not A Name"');
  });
});

describe('build and push in a task file', () => {
  test('record the same, and later steps use what was built', async () => {
    const directory = await context({
      Dockerfile: `FROM ${server}/base/busybox:1\nARG V\nRUN echo "value $V" > /v\nCMD cat /v\n`,
    });
    const { log, ...result } = await fixture.yaml(
      `version: v1.1.0
steps:
  - id: build
    build: -t $Registry/yaml:$ID --build-arg V="a b" -f Dockerfile .
  - cmd: $Registry/yaml:$ID
  - push: ["$Registry/yaml:$ID"]
`,
      { context: directory, runId: 'cx1' },
    );
    const digest = await digestOf('yaml', 'cx1');
    expect(result).toMatchObject({
      status: 'Succeeded',
      outputImages: [{ registry: server, repository: 'yaml', tag: 'cx1', digest }],
      baseImageDependencies: [{ type: 'Runtime', repository: 'base/busybox', tag: '1' }],
    });
    expect(log.text).toContain('\nvalue a b\n');
    expect(log.text).toContain('Populating digests for step ID: build...');
  });

  test('the docker CLI builds, tags, pulls and pushes', async () => {
    const directory = await context({ 'sub/D': `FROM ${server}/base/busybox:1\nCMD echo built-here\n` });
    const docker = '$Registry/tools/docker:1';
    const { status, log } = await fixture.yaml(
      `version: v1.1.0
steps:
  - {cmd: "${docker} build -t mine:1 -f D .", workingDirectory: sub}
  - cmd: ${docker} run --rm mine:1
  - cmd: ${docker} tag mine:1 $Registry/mine:2
  - cmd: ${docker} push $Registry/mine:2
  - cmd: ${docker} pull $Registry/base/busybox:1
  - cmd: ${docker} inspect $Registry/base/busybox:1
  - cmd: ${docker} version
  - cmd: ${docker} login -u someone -p something localhost:1
`,
      { context: directory },
    );
    expect(status).toBe('Succeeded');
    expect(log.text).toContain('\nbuilt-here\n');
    expect(log.text).toContain(`2: digest: ${await digestOf('mine', '2')} size: `);
    expect(log.text).toContain(`"RepoDigests"`);
  });

  test('two runs that build the same name at once each get their own', async () => {
    const directories = await Promise.all(
      ['one', 'two'].map((word) => context({ Dockerfile: `FROM ${server}/base/busybox:1\nCMD echo I am ${word}\n` })),
    );
    const content = 'version: v1.1.0\nsteps:\n  - build: -t same:1 .\n  - cmd: same:1\n';
    const ends = await Promise.all(directories.map((directory) => fixture.yaml(content, { context: directory })));
    expect(ends.map(({ log }) => /I am \w+$/m.exec(log.text)?.[0])).toEqual(['I am one', 'I am two']);
  });

  test('a push of what was not built, or is not allowed, fails after three attempts', async () => {
    const { log, status } = await fixture.yaml('version: v1.1.0\nsteps:\n  - {id: p, push: ["$Registry/never:1"]}\n');
    expect(status).toBe('Failed');
    expect(log.text).toContain(`Pushing image: ${server}/never:1, attempt 3`);
    expect(log.text).toContain('failed to run step ID: p: failed to push images successfully');
  });
});

test('the same base image is made with the same digest', async () => {
  const one = await fixture.make({ kind: 'busybox', reference: `${server}/base/same:1`, labels: { a: 'b' } });
  const two = await fixture.make({ kind: 'busybox', reference: `${server}/base/same:2`, labels: { a: 'b' } });
  expect(two.digest).toBe(one.digest);
});

test('a base image with this machine’s Node runs it', async () => {
  await fixture.make({ kind: 'node', reference: `${server}/base/node:1`, env: { BACKGROUND_COLOR: 'red' } });
  const script = `process.exit(process.env.BACKGROUND_COLOR === 'red' ? 1 : 0)`;
  const command = `docker run --rm --network none --read-only $Registry/base/node:1 node -e "${script}"`;
  const content = `version: v1.1.0\nsteps:\n  - id: check\n    cmd: ${JSON.stringify(command)}\n`;
  const { log, status } = await fixture.yaml(content);
  expect(status).toBe('Failed');
  expect(log.text).toContain('failed to run step ID: check: exit status 1\n');
});
