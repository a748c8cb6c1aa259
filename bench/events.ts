/**
 * How long after a push a function sees its event: `node --import tsx bench/events.ts [pushes]`.
 * The push itself, one PUT of a manifest through the login server, is the measure.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalAzure } from '../local/index.ts';
import { bundleApp } from '../test/local/host/fixtures/bundle.ts';
import { makeImage, types } from '../test/local/registry-images.ts';

const pushes = Number(process.argv[2] ?? 100);

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

/** `number` is the running number of the push, and its tag. */
interface Push {
  readonly sent: number;
  readonly answered: number;
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  await bundleApp(folder);
  const settings = { ORDERS_QUEUE: 'orders', YEARLY: '0 0 5 1 1 *', 'AzureWebJobs.everySecond.Disabled': 'true' };
  const started = performance.now();
  const azure = await startLocalAzure({
    registries: ['contosobaseimages'],
    without: ['arm'],
    functions: { app: folder, settings },
  });
  console.log(`started in ${Math.round(performance.now() - started)} ms`);
  try {
    const registry = azure.registry('contosobaseimages');
    const authorization = `Basic ${Buffer.from(`${registry.admin.username}:${registry.admin.password}`).toString('base64')}`;
    const image = makeImage();
    const base = `${registry.backend}/v2/bench/app`;
    for (const { bytes, digest } of image.blobs) {
      const upload = await fetch(`${base}/blobs/uploads/`, { method: 'POST' });
      const location = new URL(upload.headers.get('location') ?? '', registry.backend);
      location.searchParams.set('digest', digest);
      await fetch(location, {
        method: 'PUT',
        body: new Uint8Array(bytes),
        headers: { 'content-type': 'application/octet-stream' },
      });
    }
    const sent: Push[] = [];
    for (let number = 0; number < pushes; number++) {
      const before = Date.now();
      const answer = await put(
        `${registry.endpoint}/v2/bench/app/manifests/${number}`,
        authorization,
        image.manifest.bytes,
        azure.certificate.caFile,
      );
      if (answer !== 201) throw new Error(`Push ${number} was answered ${answer}; expected 201.`);
      sent.push({ sent: before, answered: Date.now() });
      await azure.events.idle();
    }
    await report(azure.functions.endpoint, sent);
  } finally {
    await azure.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function put(url: string, authorization: string, body: Buffer, caFile: string): Promise<number> {
  const { Agent, request } = await import('node:https');
  const { readFile } = await import('node:fs/promises');
  agent ??= new Agent({ keepAlive: true, ca: await readFile(caFile) });
  return new Promise((answered, reject) => {
    const headers = { authorization, 'content-type': types.manifest, 'content-length': body.length };
    const outgoing = request(url, { method: 'PUT', headers, agent }, (incoming) => {
      incoming.resume().on('end', () => answered(incoming.statusCode ?? 0));
    });
    outgoing.on('error', reject).end(body);
  });
}
let agent: import('node:https').Agent | undefined;

/** When the function was called, by subject. */
async function arrivals(endpoint: string): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`${endpoint}/api/seen`);
  const seen = (await answer.json()) as { function: string; input: unknown; at: number }[];
  const events = seen.filter((one) => one.function === 'onEvent');
  return new Map(events.map(({ input, at: time }) => [(input as { subject: string }).subject, time]));
}

async function report(endpoint: string, sent: readonly Push[]): Promise<void> {
  const deadline = Date.now() + 10_000;
  let arrived = await arrivals(endpoint);
  while (arrived.size < sent.length && Date.now() < deadline) arrived = await arrivals(endpoint);
  const missing = sent.filter((_, number) => !arrived.has(`bench/app:${number}`));
  if (missing.length > 0) throw new Error(`${missing.length} of ${sent.length} pushes were not seen.`);
  const delays = sent
    .map((push, number) => (arrived.get(`bench/app:${number}`) ?? 0) - push.sent)
    .sort((a, b) => a - b);
  const puts = sent.map((push) => push.answered - push.sent).sort((a, b) => a - b);
  const row = (name: string, sorted: readonly number[]) =>
    console.log(
      `${name.padEnd(28)} median ${at(sorted, 0.5)} ms   95 % ${at(sorted, 0.95)} ms   ${(at(sorted, 0.5) / at(puts, 0.5)).toFixed(2)} × the push`,
    );
  row('the push', puts);
  row('push sent → function called', delays);
}

await main();
