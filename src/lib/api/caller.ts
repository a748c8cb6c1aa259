/**
 * Who calls. With function keys nobody is known by name. With App Service authentication the platform puts the signed-in
 * principal into a header; without it anybody could send that header, so it is believed only while the platform shows
 * that its authentication is on.
 * https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
 */
import * as z from 'zod';
import { distrust, usesEntra } from '../auth-level.ts';
import type { Settings } from '../catalog/settings.ts';
import { Refusal } from './problem.ts';

/** `read` looks, `operate` commands. */
export type Right = 'read' | 'operate';

const rolesFor: Readonly<Record<Right, readonly string[]>> = {
  read: ['Sluice.Reader', 'Sluice.Operator'],
  operate: ['Sluice.Operator'],
};

const principalHeader = 'x-ms-client-principal';

const principal = z.object({
  name_typ: z.string().nullish(),
  role_typ: z.string().nullish(),
  claims: z.array(z.object({ typ: z.string(), val: z.string() })),
});

type Principal = z.infer<typeof principal>;

/** What the record calls the caller: `key`, or a name of Entra. Throws a Refusal where the right is missing. */
export function callerOf(headers: { get(name: string): string | null }, right: Right, settings: Settings): string {
  if (!usesEntra(settings)) return 'key';
  const why = distrust(settings);
  if (why !== undefined) throw new Refusal({ status: 503, detail: why });
  const found = decode(headers.get(principalHeader));
  if (!found) throw new Refusal({ status: 401, detail: 'no signed-in caller: sign in with Microsoft Entra ID' });
  const roles = rolesOf(found);
  const enough = rolesFor[right];
  if (!enough.some((role) => roles.has(role))) {
    const detail = `${nameOf(found)} needs the app role ${enough.join(' or ')}`;
    throw new Refusal({ status: 403, detail });
  }
  return nameOf(found);
}

function decode(header: string | null): Principal | undefined {
  if (header === null) return undefined;
  try {
    return principal.safeParse(JSON.parse(Buffer.from(header, 'base64').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}

const roleClaims = ['roles', 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role'];

function rolesOf({ claims, role_typ }: Principal): ReadonlySet<string> {
  const types = new Set([...roleClaims, ...(role_typ ? [role_typ] : [])]);
  return new Set(claims.filter(({ typ }) => types.has(typ)).map(({ val }) => val));
}

/** People by their user name, programs by their application id, others by their object id. */
const nameClaims = [
  'preferred_username',
  'upn',
  'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn',
  'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress',
  'azp',
  'appid',
  'oid',
  'http://schemas.microsoft.com/identity/claims/objectidentifier',
];

/** What Sluice and a key are called in the record must stay theirs. */
const reserved = new Set(['sluice', 'key']);

function nameOf({ claims, name_typ }: Principal): string {
  const byType = new Map(claims.map(({ typ, val }) => [typ, val]));
  const types = [...nameClaims, ...(name_typ ? [name_typ] : [])];
  const name = types.map((type) => byType.get(type)?.trim()).find((value) => value !== undefined && value !== '');
  const plain = (name ?? 'unnamed principal').replaceAll(/\p{C}/gu, '').slice(0, 200);
  return reserved.has(plain.toLowerCase()) ? `principal ${plain}` : plain;
}
