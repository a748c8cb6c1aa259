import { parseChallenge } from './challenge.ts';
import type { Credentials } from './request.ts';
import { type Answer, discard, readAll, type Send, type Transport } from './transport.ts';

/** Requests to one registry: its base address, redirects, and the token or password it asks for. */
export interface RegistryClient {
  send(path: string, options?: Send): Promise<Answer>;
}

/** A docker-registry of ours, behind its front door: no TLS, no authentication. */
export function backendClient(transport: Transport, backend: string): RegistryClient {
  return { send: (path, options) => transport.send(new URL(path, backend), options) };
}

/** Any registry by its host. Challenges are read, never guessed; a redirected request loses its credentials. */
export function anyRegistryClient(
  transport: Transport,
  uri: string,
  repository: string,
  credentials: Credentials | undefined,
): RegistryClient {
  let base: Promise<URL> | undefined;
  let authorization: string | undefined;

  async function attempt(path: string, options: Send): Promise<Answer> {
    base ??= findBase(transport, uri, options.signal);
    const headers = { ...options.headers, ...(authorization ? { authorization } : {}) };
    return transport.send(new URL(path, await base), { ...options, headers });
  }

  return {
    async send(path, options = {}) {
      let answer = await attempt(path, options);
      if (answer.status === 401) {
        const granted = await authorize(transport, answer, repository, credentials, options.signal);
        if (granted === undefined) return answer;
        await discard(answer);
        authorization = granted;
        answer = await attempt(path, options);
      }
      return followRedirects(transport, answer, options);
    },
  };
}

/** docker.io is served elsewhere; loopback registries may speak plain HTTP, as Docker allows. */
async function findBase(transport: Transport, uri: string, signal: AbortSignal | undefined): Promise<URL> {
  if (/^https?:\/\//i.test(uri)) return new URL(uri);
  const host = uri === 'docker.io' || uri === 'index.docker.io' ? 'registry-1.docker.io' : uri;
  const secure = new URL(`https://${host}`);
  if (!['localhost', '127.0.0.1'].includes(secure.hostname)) return secure;
  try {
    await discard(await transport.send(new URL('/v2/', secure), signal ? { signal } : {}));
    return secure;
  } catch {
    return new URL(`http://${host}`);
  }
}

async function authorize(
  transport: Transport,
  refused: Answer,
  repository: string,
  credentials: Credentials | undefined,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const challenge = parseChallenge(refused.headers['www-authenticate']);
  const basic = credentials && basicAuthorization(credentials);
  if (!challenge) return undefined;
  if (challenge.scheme === 'basic') return basic;
  const url = new URL(challenge.realm);
  if (challenge.service) url.searchParams.set('service', challenge.service);
  url.searchParams.set('scope', challenge.scope ?? `repository:${repository}:pull`);
  const headers: Record<string, string> = basic ? { authorization: basic } : {};
  const answer = await transport.send(url, signal ? { headers, signal } : { headers });
  const text = (await readAll(answer.body)).toString('utf8');
  if (answer.status !== 200) return undefined;
  const token = tokenIn(text);
  return token === undefined ? undefined : `Bearer ${token}`;
}

function basicAuthorization({ username = '', password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function tokenIn(text: string): string | undefined {
  try {
    const { token, access_token: accessToken } = JSON.parse(text) as { token?: unknown; access_token?: unknown };
    const found = token ?? accessToken;
    return typeof found === 'string' ? found : undefined;
  } catch {
    return undefined;
  }
}

async function followRedirects(transport: Transport, first: Answer, options: Send): Promise<Answer> {
  let answer = first;
  for (let hops = 0; hops < 5 && [301, 302, 303, 307, 308].includes(answer.status); hops++) {
    const location = answer.headers.location;
    if (location === undefined || !URL.canParse(location)) break;
    await discard(answer);
    answer = await transport.send(new URL(location), options);
  }
  return answer;
}
