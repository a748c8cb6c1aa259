import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import * as z from 'zod';
import { readSigned } from '../identity/tokens.ts';
import type { Access } from './route.ts';

/** Seconds. */
export const refreshLifetime = 11_700;
export const accessLifetime = 4_500;

export interface RegistryTokens {
  refresh(principalId: string): Promise<string>;
  /** The principal of a refresh token that is still good. */
  readRefresh(token: string): string | undefined;
  access(principalId: string, access: readonly Access[]): Promise<string>;
  /** What an access token that is still good allows. */
  readAccess(token: string): readonly Access[] | undefined;
}

const claims = z.object({
  exp: z.number(),
  aud: z.string(),
  sub: z.string(),
  use: z.enum(['refresh', 'access']),
  access: z
    .array(z.object({ Type: z.enum(['repository', 'registry']), Name: z.string(), Actions: z.array(z.string()) }))
    .optional(),
});

/** Signs and checks ACR's own tokens, which are good for one login server. */
export function createRegistryTokens(loginServer: string, now: () => Date): RegistryTokens {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  function sign(principalId: string, lifetime: number, payload: Record<string, unknown>): Promise<string> {
    const seconds = Math.floor(now().getTime() / 1000);
    return new SignJWT({ grant_type: 'refresh_token', ...payload })
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: 'local' })
      .setJti(randomUUID())
      .setSubject(principalId)
      .setIssuer('Azure Container Registry')
      .setAudience(loginServer)
      .setIssuedAt(seconds)
      .setNotBefore(seconds - 900)
      .setExpirationTime(seconds + lifetime)
      .sign(privateKey);
  }

  function read(token: string, use: 'refresh' | 'access'): z.infer<typeof claims> | undefined {
    const payload = /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token) ? readSigned(token, publicKey) : undefined;
    const parsed = claims.safeParse(payload);
    if (!parsed.success || parsed.data.use !== use || parsed.data.aud !== loginServer) return undefined;
    return parsed.data.exp * 1000 > now().getTime() ? parsed.data : undefined;
  }

  return {
    refresh: (principalId) =>
      sign(principalId, refreshLifetime, {
        use: 'refresh',
        version: '1.0',
        permissions: { actions: ['read', 'write', 'delete', 'metadata/read', 'metadata/write'] },
        roles: [],
      }),
    readRefresh: (token) => read(token, 'refresh')?.sub,
    access: (principalId, access) =>
      sign(principalId, accessLifetime, {
        use: 'access',
        version: '1.0',
        access: access.map(({ type, name, actions }) => ({ Type: type, Name: name, Actions: actions })),
        roles: [],
      }),
    readAccess: (token) =>
      read(token, 'access')?.access?.map(({ Type, Name, Actions }) => ({ type: Type, name: Name, actions: Actions })),
  };
}
