/**
 * A `WWW-Authenticate` challenge of a registry:
 * https://distribution.github.io/distribution/spec/auth/token/
 */
export type Challenge =
  | { readonly scheme: 'basic' }
  | { readonly scheme: 'bearer'; readonly realm: string; readonly service?: string; readonly scope?: string };

export function parseChallenge(header: string | undefined): Challenge | undefined {
  const match = /^\s*(basic|bearer)\b\s*(.*)$/i.exec(header ?? '');
  if (!match) return undefined;
  if (match[1]?.toLowerCase() === 'basic') return { scheme: 'basic' };
  const parameters = new Map<string, string>();
  for (const [, key, value] of (match[2] ?? '').matchAll(/([a-z_]+)="([^"]*)"/gi)) {
    if (key !== undefined && value !== undefined) parameters.set(key.toLowerCase(), value);
  }
  const realm = parameters.get('realm');
  if (realm === undefined || !URL.canParse(realm)) return undefined;
  const service = parameters.get('service');
  const scope = parameters.get('scope');
  return { scheme: 'bearer', realm, ...(service ? { service } : {}), ...(scope ? { scope } : {}) };
}
