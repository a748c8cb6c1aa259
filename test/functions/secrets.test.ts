import { AzureNamedKeyCredential, TableClient } from '@azure/data-tables';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Sluice, startSluice, tickNow } from './sluice.ts';

const wait = { timeout: 50_000, interval: 100 };

/** Each is planted where it could come from in life; none may be seen anywhere that Sluice writes to. */
const planted = {
  upstream: 'planted-upstream-password-7f3a',
  reason: 'planted-in-a-reason-91bc',
  log: 'planted-in-a-build-log-c0de',
  header: 'planted-in-a-header-5eed',
  body: 'planted-in-a-wrong-body-aa01',
};

const catalog = `
buffer: buffer
registries:
  buffer:
    name: \${SLUICE_BUFFER_NAME}
    subscription: \${SLUICE_SUBSCRIPTION}
    resourceGroup: \${SLUICE_RESOURCE_GROUP}
    loginServer: \${SLUICE_BUFFER_LOGIN_SERVER}
tools: { dockerCli: "tools/docker-cli:latest" }
images:
  private:
    upstream: { image: "\${SLUICE_DEV_LOGIN_SERVER}/private/app", credentials: PLANTED }
    tags: ["1"]
  leaky:
    upstream: buffer/public/leaky
    tags: ["1"]
    validate: [{ script: validations/leaky.sh }]
`;
const script = `echo "registry password=${planted.log}"; echo "Authorization: Bearer ${planted.log}"; exit 1`;

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({
    catalog,
    validations: { 'leaky.sh': script },
    settings: { PLANTED_USERNAME: 'robot', PLANTED_PASSWORD: planted.upstream },
  });
  await sluice.push('tools/docker-cli:latest', { kind: 'docker-cli' });
});
afterAll(() => sluice?.close());

/** Every row of every table, as text. */
async function rows(): Promise<string> {
  const { storage } = sluice.azure;
  const credential = new AzureNamedKeyCredential(storage.accountName, storage.accountKey);
  const found: unknown[] = [];
  for (const name of ['sluiceTags', 'sluiceVerdicts', 'sluiceIndex']) {
    for await (const row of new TableClient(storage.table, name, credential).listEntities()) found.push(row);
  }
  return JSON.stringify(found);
}

test('no credential is in a log line, a row or an answer', async () => {
  const answers: unknown[] = [];
  const call = async (...given: Parameters<Sluice['call']>) => {
    const { status, body } = await sluice.call(...given);
    answers.push(body);
    return { status, body };
  };
  const reason = `login with password=${planted.reason} did not work`;
  // The upstream refuses the login; the tick tells of it.
  await tickNow(sluice, 'watchUpstream');
  await vi.waitFor(() => expect(sluice.logged('sluice.trouble').length).toBeGreaterThan(0), wait);
  await call('POST', 'images/private/tags/1/reimport', { reason, force: true });
  // A validation whose log holds credentials; its end is kept with the verdict.
  await sluice.push('public/leaky:1', { env: { SEED: 'leaky' } });
  const run = await vi.waitFor(async () => {
    const { body } = await sluice.call('GET', 'runs?image=leaky&state=ended');
    expect(body.runs).toHaveLength(1);
    return body.runs[0];
  }, wait);
  expect(run.outcome).toBe('rejected');
  const shown = await call('GET', `runs/${run.id}`);
  expect(shown.body.verdicts[0].logEnd).toContain('registry password=***');
  await call('POST', 'images/leaky/tags/1/hold', { reason });
  await call('POST', 'images/leaky/tags/1/hold', { reason: 1, password: planted.body });
  await call('POST', 'images/leaky/tags/1/hold', `{"password": "${planted.body}"`);
  const principal = Buffer.from(JSON.stringify({ claims: planted.header })).toString('base64');
  await call('GET', 'runs', undefined, {
    'x-ms-client-principal': principal,
    authorization: `Bearer ${planted.header}`,
  });
  await call('GET', 'images');

  const { storage, functions } = sluice.azure;
  const table = await rows();
  expect(table).toContain('login with password=*** did not work');
  const written = { log: sluice.lines.join('\n'), rows: table, answers: JSON.stringify(answers) };
  for (const [where, text] of Object.entries(written)) {
    for (const secret of [...Object.values(planted), storage.accountKey, functions.keys.host]) {
      expect(text.includes(secret), `${secret} in ${where}`).toBe(false);
    }
    // A token of any kind begins so.
    expect(text, `a token in ${where}`).not.toMatch(/eyJ[\w-]{10,}\./);
  }
});
