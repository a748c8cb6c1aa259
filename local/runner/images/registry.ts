import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { DOCKER_HUB, type ImageName } from './name.ts';

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** Answers of a registry to "which manifest is this name?". */
export type Resolved =
  | { readonly kind: 'found'; readonly digest: string; readonly size: number }
  | { readonly kind: 'missing' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'unreachable'; readonly reason: string };

const MANIFESTS = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

const TIMEOUT_MS = 15_000;

interface Access {
  readonly login: Login | undefined;
  readonly ca: Buffer;
  readonly signal: AbortSignal;
}

/** Asks the registry for the digest of a name by HEAD, with the login by Basic, or by the token that it asks for. */
export async function resolveManifest(
  name: ImageName,
  login: Login | undefined,
  caFile: string,
  signal: AbortSignal,
): Promise<Resolved> {
  const host = name.registry === DOCKER_HUB ? 'registry-1.docker.io' : name.registry;
  const url = new URL(`https://${host}/v2/${name.repository}/manifests/${name.digest ?? name.tag}`);
  const access: Access = { login, ca: readFileSync(caFile), signal };
  try {
    let answer = await ask('HEAD', url, { accept: MANIFESTS, ...basic(login) }, access);
    const challenge = answer.headers['www-authenticate'] ?? '';
    if (answer.statusCode === 401 && /^bearer /i.test(challenge)) {
      const token = await fetchToken(challenge, access);
      if (token) answer = await ask('HEAD', url, { accept: MANIFESTS, authorization: `Bearer ${token}` }, access);
    }
    return interpret(answer);
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: 'unreachable', reason: `Get "https://${host}/v2/": ${reason}` };
  }
}

function interpret(answer: IncomingMessage): Resolved {
  const digest = answer.headers['docker-content-digest'];
  if (answer.statusCode === 200 && typeof digest === 'string') {
    return { kind: 'found', digest, size: Number(answer.headers['content-length'] ?? 0) };
  }
  if (answer.statusCode === 404) return { kind: 'missing' };
  if (answer.statusCode === 401 || answer.statusCode === 403) return { kind: 'denied' };
  return { kind: 'unreachable', reason: `received unexpected HTTP status: ${answer.statusCode}` };
}

async function fetchToken(challenge: string, access: Access): Promise<string | undefined> {
  const fields = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]));
  const realm = fields.get('realm');
  if (!realm?.startsWith('https://')) return undefined;
  const url = new URL(realm);
  for (const key of ['service', 'scope']) url.searchParams.set(key, fields.get(key) ?? '');
  const answer = await ask('GET', url, basic(access.login), access);
  if (answer.statusCode !== 200) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
  if (typeof body !== 'object' || body === null) return undefined;
  const token = 'token' in body ? body.token : 'access_token' in body ? body.access_token : undefined;
  return typeof token === 'string' ? token : undefined;
}

function basic(login: Login | undefined): Record<string, string> {
  if (!login) return {};
  return { authorization: `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}` };
}

function ask(method: string, url: URL, headers: Record<string, string>, access: Access): Promise<IncomingMessage> {
  const local = url.hostname === 'localhost' || url.hostname === '127.0.0.1';
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      // The machine's own authorities vouch for the rest of the world.
      { method, headers, signal: access.signal, timeout: TIMEOUT_MS, ...(local ? { ca: access.ca } : {}) },
      (answer) => {
        if (method === 'HEAD' || answer.statusCode !== 200) answer.resume();
        resolve(answer);
      },
    );
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    outgoing.once('error', reject);
    outgoing.end();
  });
}
