import * as z from 'zod';
import type { Challenge } from './challenge.ts';
import { basicAuthorization, type Credentials } from './credentials.ts';
import { maySendCredentials } from './hosts.ts';
import type { Http } from './http.ts';
import type { Target } from './target.ts';
import { Unavailable } from './unavailable.ts';

/** A value for the Authorization header, and how long it is good for, in milliseconds. */
export interface Token {
  readonly authorization: string;
  readonly lifetime: number;
}

/** Distribution's token specification: `token` or `access_token`, and 60 seconds where no lifetime is given. */
const answerSchema = z.object({
  token: z.string().min(1).optional(),
  access_token: z.string().min(1).optional(),
  expires_in: z.number().positive().optional(),
});
const defaultLifetime = 60;

/** Follows a Bearer challenge: one GET to its realm. Throws Unavailable, with advice where a person must act. */
export async function fetchToken(
  http: Http,
  target: Target,
  challenge: Challenge,
  credentials: Credentials | undefined,
  plainHttp: ReadonlySet<string>,
): Promise<Token> {
  const realm = realmOf(target, challenge, plainHttp);
  const headers: Record<string, string> = { accept: 'application/json' };
  if (credentials !== undefined) {
    if (!maySendCredentials(target.registry, realm, credentials.tokenHost)) {
      throw new Unavailable(
        `${target.registry.host} asks for its credentials to be sent to ${realm.origin}, which is not known to belong to it; if it does, set ${target.credentials}_TOKEN_HOST=${realm.host}`,
      );
    }
    headers.authorization = basicAuthorization(credentials);
  }
  const answer = await http.send({ method: 'GET', url: tokenUrl(realm, target, challenge), headers });
  if (answer.status === 401 || answer.status === 403) {
    throw new Unavailable(refusal(target, realm, answer.status));
  }
  if (answer.status !== 200) throw new Unavailable(`${realm.host} answered ${answer.status} when asked for a token`);
  return readToken(realm, answer.body);
}

function realmOf(target: Target, challenge: Challenge, plainHttp: ReadonlySet<string>): URL {
  const text = challenge.parameters.get('realm') ?? '';
  const realm = URL.canParse(text) ? new URL(text) : undefined;
  const allowed = realm?.protocol === 'https:' || (realm?.protocol === 'http:' && plainHttp.has(realm.host));
  if (realm === undefined || !allowed || realm.username !== '') {
    throw new Unavailable(
      `${target.registry.host} sends for a token to ${JSON.stringify(text)}, which is no https address`,
    );
  }
  return realm;
}

/** The scope of the registry's general challenge, if it has one, need not be of our repository. */
function tokenUrl(realm: URL, target: Target, challenge: Challenge): URL {
  const url = new URL(realm);
  const service = challenge.parameters.get('service');
  if (service !== undefined) url.searchParams.set('service', service);
  const named = challenge.parameters.get('scope');
  const ours = named?.includes(`repository:${target.repository}:`) ? named : undefined;
  url.searchParams.set('scope', ours ?? `repository:${target.repository}:pull`);
  return url;
}

function readToken(realm: URL, body: Uint8Array): Token {
  const result = answerSchema.safeParse(parseJson(body));
  const token = result.success ? (result.data.token ?? result.data.access_token) : undefined;
  if (!result.success || token === undefined || !/^[\x21-\x7e]+$/.test(token)) {
    throw new Unavailable(`${realm.host} answered without a token`);
  }
  return { authorization: `Bearer ${token}`, lifetime: (result.data.expires_in ?? defaultLifetime) * 1000 };
}

export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}

function refusal(target: Target, realm: URL, status: number): string {
  return target.credentials === undefined
    ? `${realm.host} gives no anonymous token for ${target.repository} (${status}); add credentials for ${target.registry.host} to the catalog`
    : `${realm.host} refuses the credentials ${target.credentials} for ${target.repository} (${status})`;
}
