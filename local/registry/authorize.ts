import { timingSafeEqual } from 'node:crypto';
import { type Answer, refusal } from './errors.ts';
import type { Access, Route } from './route.ts';
import type { RegistryTokens } from './tokens.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The user name that says: the password is a token. */
export const tokenUser = '00000000-0000-0000-0000-000000000000';
export const adminPrincipal = 'admin';

export interface Authorizer {
  /** What to answer instead, or undefined when the request may go on. */
  refuse(route: Route, authorization: string | undefined): Answer | undefined;
  /** Who `Authorization: Basic …` speaks for. */
  basicPrincipal(authorization: string | undefined): string | undefined;
  passwordPrincipal(credentials: Credentials): string | undefined;
}

export function createAuthorizer(loginServer: string, admin: Credentials, tokens: RegistryTokens): Authorizer {
  function passwordPrincipal({ username, password }: Credentials): string | undefined {
    if (username === tokenUser) return tokens.readRefresh(password);
    return same(username, admin.username) && same(password, admin.password) ? adminPrincipal : undefined;
  }

  function basicPrincipal(authorization: string | undefined): string | undefined {
    const credentials = readBasic(authorization);
    return credentials && passwordPrincipal(credentials);
  }

  function allowed(authorization: string | undefined): readonly Access[] | 'everything' | undefined {
    const bearer = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
    if (bearer !== undefined) return tokens.readAccess(bearer);
    return basicPrincipal(authorization) === undefined ? undefined : 'everything';
  }

  return {
    basicPrincipal,
    passwordPrincipal,
    refuse: (route, authorization) => {
      const needed = 'access' in route ? route.access : undefined;
      const has = allowed(authorization);
      if (has === 'everything') return undefined;
      if (!has) return challenge(loginServer, needed, authorization ? 'invalid_token' : undefined);
      return !needed || grants(has, needed) ? undefined : challenge(loginServer, needed, 'insufficient_scope');
    },
  };
}

function grants(has: readonly Access[], needed: Access): boolean {
  const actions = has
    .filter(({ type, name }) => type === needed.type && name === needed.name)
    .flatMap((a) => a.actions);
  const allows = (action: string) => actions.includes('*') || actions.includes(action);
  return needed.actions.every((action) => allows(action) || (action === 'metadata_read' && allows('pull')));
}

function challenge(loginServer: string, needed: Access | undefined, error: string | undefined): Answer {
  const scope = needed && `${needed.type}:${needed.name}:${needed.actions.join(',')}`;
  const parts = {
    realm: `https://${loginServer}/oauth2/token`,
    service: loginServer,
    ...(scope ? { scope } : {}),
    ...(error ? { error } : {}),
  };
  const header = Object.entries(parts).map(([key, value]) => `${key}="${value}"`);
  const detail = needed?.actions.map((action) => ({ Type: needed.type, Name: needed.name, Action: action }));
  return {
    ...refusal(
      401,
      'UNAUTHORIZED',
      'authentication required, visit https://aka.ms/acr/authorization for more information.',
      detail,
    ),
    headers: { 'www-authenticate': `Bearer ${header.join(',')}` },
  };
}

function readBasic(authorization: string | undefined): Credentials | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function same(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
