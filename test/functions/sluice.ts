/** Sluice itself on a local Azure: the built bundle in the functions host, real registries, real tables. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { type LocalAzure, startLocalAzure } from '../../local/index.ts';
import { type BaseImageOptions, BaseImages } from '../../local/runner/base-image.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Sluice {
  readonly azure: LocalAzure;
  /** Every line that the host and the functions wrote. */
  readonly lines: string[];
  /** The JSON lines of one name. */
  logged(name: string): readonly Record<string, unknown>[];
  /** Makes an image and pushes it to the buffer; its digest. */
  push(reference: string, options?: Partial<BaseImageOptions>): Promise<string>;
  /** The digest of a tag in the buffer; undefined where it is not there. */
  digestOf(reference: string): Promise<string | undefined>;
  call(method: 'GET' | 'POST', path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what a test finds out.
  readonly body: any;
}

export interface SluiceOptions {
  /** The text of the catalog; default sluice.yaml of this repository. */
  readonly catalog?: string;
  /** Files below validations/. */
  readonly validations?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string>>;
  /** Lays out the app's folder in another way than from this repository. */
  readonly layOut?: (folder: string) => Promise<void>;
  /** Event Grid functions hear nothing. */
  readonly deaf?: boolean;
  readonly without?: readonly ('arm' | 'events')[];
}

/** Schedules that never come by themselves: a test asks for a tick by `/admin/functions`. */
export const never = '0 0 0 1 1 *';

const quick = {
  SLUICE_WATCH_SCHEDULE: never,
  SLUICE_SWEEP_SCHEDULE: never,
  SLUICE_DRIFT_SCHEDULE: never,
  SLUICE_PERIOD_POLL: '0.2',
};

export async function startSluice(options: SluiceOptions = {}): Promise<Sluice> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-app-'));
  await (options.layOut?.(folder) ?? layOutApp(folder, options));
  const lines: string[] = [];
  const azure = await startLocalAzure({
    registries: ['contosobaseimages', 'contosodev'],
    ...(options.without && { without: options.without }),
    functions: {
      app: folder,
      settings: { ...quick, ...options.settings },
      onLine: (line) => lines.push(line),
      ...(options.deaf && { filter: { includedEventTypes: ['Nothing.Of.The.Kind'] } }),
    },
  });
  const registry = azure.registry('contosobaseimages');
  const images = new BaseImages(join(folder, 'images'), azure.certificate.caFile);
  await mkdir(join(folder, 'images'), { recursive: true });
  const login = registry.admin;
  const push = async (reference: string, changes: Partial<BaseImageOptions> = {}) => {
    const made = { kind: 'busybox', reference: `${registry.loginServer}/${reference}`, login, ...changes } as const;
    return (await images.make(made)).digest;
  };
  return {
    azure,
    lines,
    logged: (name) => lines.flatMap((line) => jsonIn(line)).filter((line) => line.name === name),
    push,
    digestOf: (reference) => digestOf(azure, reference),
    call: (method, path, body, headers = {}) => call(azure, method, path, body, headers),
    async close() {
      await azure.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The app's folder as it is deployed: the bundle, host.json, the catalog. */
async function layOutApp(folder: string, { catalog, validations = {} }: SluiceOptions): Promise<void> {
  await run(process.execPath, [join(root, 'scripts/build.mjs')]);
  await writeFile(join(folder, 'package.json'), '{"main":"dist/index.js"}');
  await symlink(join(root, 'dist'), join(folder, 'dist'));
  await symlink(join(root, 'host.json'), join(folder, 'host.json'));
  if (catalog === undefined) await symlink(join(root, 'sluice.yaml'), join(folder, 'sluice.yaml'));
  else await writeFile(join(folder, 'sluice.yaml'), catalog);
  await mkdir(join(folder, 'validations'));
  for (const [name, text] of Object.entries(validations)) await writeFile(join(folder, 'validations', name), text);
}

function jsonIn(line: string): Record<string, unknown>[] {
  const start = line.indexOf('{"name":"sluice.');
  return start < 0 ? [] : [JSON.parse(line.slice(start))];
}

const accept = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Read from the registry itself, past everything that Sluice reads through. */
async function digestOf(azure: LocalAzure, reference: string): Promise<string | undefined> {
  const [repository, tag] = reference.split(':');
  const { backend } = azure.registry('contosobaseimages');
  const answer = await fetch(`${backend}/v2/${repository}/manifests/${tag}`, { method: 'HEAD', headers: { accept } });
  return answer.headers.get('docker-content-digest') ?? undefined;
}

async function call(
  azure: LocalAzure,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> {
  const { endpoint, keys } = azure.functions;
  const answer = await fetch(`${endpoint}/api/${path}`, {
    method,
    headers: {
      'x-functions-key': keys.host,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
}

/** Runs a timer's function now, as the portal's button does. */
export async function tickNow({ azure }: Sluice, name: string): Promise<void> {
  const { endpoint, keys } = azure.functions;
  const answer = await fetch(`${endpoint}/admin/functions/${name}`, {
    method: 'POST',
    headers: { 'x-functions-key': keys.master, 'content-type': 'application/json' },
    body: '{}',
  });
  expect(answer.status).toBe(202);
}
