/**
 * How long the local Azure takes to start, part by part, and to import an image of 100 MB, measured against
 * `skopeo copy` of the same image in the same run: `node --import tsx bench/local.ts [rounds]`.
 */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { ensureCertificate, trustedCertificate } from '../local/certificate.ts';
import type { LocalRegistry } from '../local/contracts.ts';
import { startIdentity } from '../local/identity/index.ts';
import { type LocalAzure, localScope, startLocalAzure } from '../local/index.ts';
import { startRegistry } from '../local/registry/index.ts';
import { startStorage } from '../local/storage/index.ts';
import { makeImage, sha256, skopeo, types, writeLayout } from '../test/local/registry-images.ts';
import { authFile } from './lib/auth.ts';

const rounds = Number(process.argv[2] ?? 3);
const megabytes = 100;
const layers = 4;

const median = (times: readonly number[]) =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;

async function measure(work: (round: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = performance.now();
    await work(round);
    times.push(performance.now() - before);
  }
  return median(times);
}

const say = (what: string, milliseconds: number, note = '') =>
  console.log(`${what.padEnd(44)} ${`${Math.round(milliseconds)} ms`.padStart(9)}  ${note}`);

/** Node reads NODE_EXTRA_CA_CERTS at its start, so this starts itself once more. */
async function trusting(folder: string): Promise<boolean> {
  if (await trustedCertificate()) return true;
  const { caFile } = await ensureCertificate(join(folder, 'tls'));
  const args = ['--import', 'tsx', fileURLToPath(import.meta.url), String(rounds)];
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: caFile };
  const [code] = await once(spawn(process.execPath, args, { env, stdio: 'inherit' }), 'exit');
  process.exitCode = code;
  return false;
}

async function benchStart(folder: string): Promise<void> {
  console.log(`\nStart, median of ${rounds}`);
  const certificate = await ensureCertificate(join(folder, 'bench-tls'));
  const closing: { close(): Promise<void> }[] = [];
  const started = async (part: Promise<{ close(): Promise<void> }>) => closing.push(await part);
  const identity = await startIdentity({ scope: localScope });
  const { authority } = identity;
  closing.push(identity);
  say('certificate', await measure((round) => ensureCertificate(join(folder, `tls-${round}`))));
  say('identity', await measure(() => started(startIdentity({ scope: localScope }))));
  const registry = { name: 'contosobench', scope: localScope, certificate, authority };
  say(
    'one registry',
    await measure((round) => started(startRegistry({ ...registry, folder: join(folder, `r${round}`) }))),
  );
  const memory = { certificate, memory: true };
  say('storage', await measure((round) => started(startStorage({ ...memory, folder: join(folder, `s${round}`) }))));
  await Promise.all(closing.map((part) => part.close()));
  const all = { registries: ['contosobaseimages', 'contosodev'] };
  const azures: LocalAzure[] = [];
  say('startLocalAzure, two registries and ARM', await measure(async () => azures.push(await startLocalAzure(all))));
  await Promise.all(azures.map((azure) => azure.close()));
  const ending: Promise<unknown>[] = [];
  say('npm run local -- --no-functions', await measure((round) => startCommand(join(folder, `c${round}`), ending)));
  await Promise.all(ending);
}

async function startCommand(state: string, ending: Promise<unknown>[]): Promise<void> {
  const main = fileURLToPath(new URL('../local/main.ts', import.meta.url));
  const args = ['--import', 'tsx', main, '--json', '--no-functions', '--state', state];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(createInterface({ input: child.stdout }), 'line');
  ending.push(once(child, 'exit'));
  child.kill('SIGTERM');
}

async function benchImport(folder: string): Promise<void> {
  const azure = await startLocalAzure({ registries: ['contosobaseimages', 'contosodev'], without: ['events'] });
  try {
    await comparePaths(azure, folder);
  } finally {
    await azure.close();
  }
}

async function comparePaths(azure: LocalAzure, folder: string): Promise<void> {
  const [base, dev] = [azure.registry('contosobaseimages'), azure.registry('contosodev')];
  await pushLarge(azure, base, folder);
  const logins = await authFile(azure);
  console.log(`\nAn image of ${megabytes} MB in ${layers} layers, median of ${rounds}`);
  for (const [where, target] of [
    ['to another registry', dev],
    ['inside one registry', base],
  ] as const) {
    const copied = await measure((round) => copy(azure, logins, base, target, `copied/r${round}`));
    const imported = await measure((round) => importImage(azure, base, target, `imported/r${round}`));
    say(`skopeo copy ${where}`, copied);
    say(`importImage ${where}`, imported, `${(imported / copied).toFixed(2)} × skopeo copy`);
  }
}

async function pushLarge(azure: LocalAzure, to: LocalRegistry, folder: string): Promise<void> {
  const parts = Array.from({ length: layers }, () => randomBytes((megabytes / layers) * 1_000_000));
  const blobs = parts.map((bytes) => ({ mediaType: types.layer, digest: sha256(bytes), size: bytes.length, bytes }));
  const [, config] = makeImage().blobs;
  if (!config) throw new Error('makeImage made no configuration');
  const descriptors = blobs.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }));
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: types.manifest,
      config: { mediaType: config.mediaType, digest: config.digest, size: config.size },
      layers: descriptors,
    }),
  );
  const top = { mediaType: types.manifest, digest: sha256(manifest), size: manifest.length, bytes: manifest };
  const layout = join(folder, 'layout');
  await writeLayout(layout, top, [...blobs, config], '1');
  const trust = ['--dest-cert-dir', azure.certificate.caFolder, '--authfile', await authFile(azure)];
  await skopeo('copy', ...trust, `oci:${layout}:1`, `docker://${to.loginServer}/large:1`);
}

/** skopeo remembers where it saw layers; without that memory every copy is the first. */
async function copy(
  azure: LocalAzure,
  logins: string,
  from: LocalRegistry,
  to: LocalRegistry,
  name: string,
): Promise<void> {
  const { caFolder } = azure.certificate;
  const trust = ['--src-cert-dir', caFolder, '--dest-cert-dir', caFolder];
  const references = [`docker://${from.loginServer}/large:1`, `docker://${to.loginServer}/${name}:1`];
  await skopeo('copy', ...trust, '--authfile', logins, ...references);
}

async function importImage(azure: LocalAzure, from: LocalRegistry, to: LocalRegistry, name: string): Promise<void> {
  const token = await azure.identity.issue('https://management.azure.com');
  const credential = { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
  const { subscription, resourceGroup } = azure.scope;
  const client = new ContainerRegistryManagementClient(credential, subscription, { endpoint: azure.arm.endpoint });
  const source = { resourceId: from.resourceId, sourceImage: 'large:1' };
  const parameters = { source, targetTags: [`${name}:1`] };
  await client.registries.beginImportImageAndWait(resourceGroup, to.name, parameters, { updateIntervalInMs: 20 });
}

const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
try {
  if (await trusting(folder)) {
    const { stdout } = await promisify(execFile)('skopeo', ['--version']);
    console.log(`Node ${process.versions.node}, ${stdout.trim()}`);
    await benchStart(folder);
    await benchImport(folder);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
