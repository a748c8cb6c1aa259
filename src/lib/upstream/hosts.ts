import { canonicalRegistry } from '../image/reference.ts';

/** Docker Hub's name is not the host that answers for it. */
const dockerHub = 'docker.io';
const dockerHubApi = 'registry-1.docker.io';

/** The origin that speaks the distribution protocol for a registry. */
export function originOf(host: string, plainHttp: ReadonlySet<string>): string {
  const canonical = canonicalRegistry(host);
  const api = canonical === dockerHub ? dockerHubApi : canonical;
  return `${plainHttp.has(api) ? 'http' : 'https'}://${api}`;
}

/** Whether each GET of a manifest counts against a pull limit, and HEAD, which does not, is answered as well. */
export function countsGets({ host }: URL): boolean {
  return host === dockerHubApi;
}

/** Realms that are known to hand out tokens for a registry under another name of the same zone. */
const knownPairs: ReadonlyMap<string, string> = new Map([
  [dockerHubApi, 'auth.docker.io'],
  ['docker.elastic.co', 'docker-auth.elastic.co'],
  ['registry.digitalocean.com', 'api.digitalocean.com'],
]);

/**
 * Whether credentials for the registry at `registry` may be sent to the realm that its challenge names.
 *
 * Whoever answers for a registry chooses the realm, so a realm is not trusted for being named. It may have the
 * credentials over https only, and only where it belongs to the registry by name: the same host; a host below the
 * registry's; the registry's parent zone (registry.gitlab.com → gitlab.com), which rules the registry's name anyway; a
 * known pair; or a host that the settings name for these credentials. Siblings are refused: a.azurecr.io and b.azurecr.io
 * share a parent and nothing else.
 */
export function maySendCredentials(registry: URL, realm: URL, allowedHost: string | undefined): boolean {
  if (registry.protocol !== 'https:' || realm.protocol !== 'https:') return false;
  if (registry.host === realm.host) return true;
  if (allowedHost !== undefined && realm.host === allowedHost.toLowerCase()) return true;
  // Another port of the same name is another program; names below apply to the default port.
  if (registry.port !== '' || realm.port !== '') return false;
  if (knownPairs.get(registry.hostname) === realm.hostname) return true;
  return isBelow(realm.hostname, registry.hostname) || isBelow(registry.hostname, realm.hostname);
}

/** `a.example.org` is below `example.org`; nothing is below a top-level name or an address. */
function isBelow(name: string, zone: string): boolean {
  return zone.includes('.') && !/^[\d.]+$/.test(zone) && name.endsWith(`.${zone}`);
}
