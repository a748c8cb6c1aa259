import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { SignJWT } from 'jose';
import type { AzureScope, TokenAuthority } from '../contracts.ts';

/** A managed identity, as Entra knows it. */
export interface Principal {
  readonly principalId: string;
  readonly clientId: string;
}

export interface IssuedToken {
  readonly token: string;
  /** Seconds since 1970. */
  readonly expiresOn: number;
}

export interface TokenIssuer extends TokenAuthority {
  issue(principal: Principal, resource: string): Promise<IssuedToken>;
}

/** Entra gives a managed identity's token 24 hours, and dates it five minutes back for clocks that differ. */
const lifetime = 86_400;
const skew = 300;

/** Signs and checks Entra access tokens, version 1.0, for one tenant. The key lives as long as the process. */
export function createTokenIssuer(scope: AzureScope, now: () => Date = () => new Date()): TokenIssuer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // Azurite refuses an issuer that does not begin with one of the clouds' addresses.
  const issuer = `https://sts.windows.net/${scope.tenant}/`;
  return {
    issue: async (principal, resource) => {
      const seconds = Math.floor(now().getTime() / 1000);
      const token = await new SignJWT({
        appid: principal.clientId,
        appidacr: '2',
        idtyp: 'app',
        oid: principal.principalId,
        sub: principal.principalId,
        tid: scope.tenant,
        ver: '1.0',
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: 'local' })
        .setAudience(resource)
        .setIssuer(issuer)
        .setIssuedAt(seconds - skew)
        .setNotBefore(seconds - skew)
        .setExpirationTime(seconds + lifetime)
        .sign(privateKey);
      return { token, expiresOn: seconds + lifetime };
    },
    verify: (authorization, audiences) => {
      const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '')?.[1];
      const claims = token === undefined ? undefined : readSigned(token, publicKey);
      if (!claims || typeof claims.aud !== 'string' || typeof claims.exp !== 'number') return undefined;
      if (claims.exp * 1000 <= now().getTime()) return undefined;
      if (!audiences.includes(claims.aud.replace(/\/$/, ''))) return undefined;
      return typeof claims.oid === 'string' ? { principalId: claims.oid } : undefined;
    },
  };
}

/** jose verifies asynchronously only; callers of `verify` answer a request and want to know at once. */
export function readSigned(token: string, publicKey: KeyObject): Record<string, unknown> | undefined {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
  const signed = Buffer.from(`${header}.${payload}`);
  if (!verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) return undefined;
  return JSON.parse(Buffer.from(payload, 'base64url').toString());
}
