import { createHash } from 'node:crypto';
import { type Digest, isDigest } from '../image/digest.ts';
import type { Tag } from '../image/names.ts';
import type { TagReading } from '../pipeline/ports.ts';
import { countsGets } from './hosts.ts';
import type { OciClient } from './oci-client.ts';
import type { Target } from './target.ts';
import type { HttpAnswer } from './transport.ts';

/** Without these a registry answers with one platform's manifest, or with 404. */
const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** One HEAD, which Docker Hub does not count; a GET, which it does, only where HEAD cannot tell. Throws Unavailable. */
export async function readTag(client: OciClient, target: Target, tag: Tag): Promise<TagReading> {
  const url = new URL(`/v2/${target.repository}/manifests/${tag}`, target.registry);
  const headers = { accept: manifestTypes.join(', ') };
  const head = await client.send(target, { method: 'HEAD', url, headers });
  const digest = head.headers.get('docker-content-digest');
  // HEAD is optional for no registry, and the header for none; some lack them all the same, and answer HEAD with 404:
  // that a tag is gone is believed only of a GET. Docker Hub has HEAD, and counts each GET against a limit.
  const withoutHead = [404, 405, 501].includes(head.status) && !countsGets(target.registry);
  const withoutDigest = head.status === 200 && digest === null;
  if (withoutHead || withoutDigest) return fromBody(await client.send(target, { method: 'GET', url, headers }), target);
  if (head.status !== 200) return fromStatus(head.status, target);
  if (mediaType(head)?.includes('distribution.manifest.v1')) {
    return unknown(target, 'answered with an image of schema 1, which cannot be imported');
  }
  return digest !== null && isDigest(digest)
    ? { kind: 'found', digest }
    : unknown(target, `answered with ${JSON.stringify(digest)} for a digest`);
}

/** The digest is of the very bytes, where they are a manifest: an error page that came with 200 has a hash too. */
function fromBody(answer: HttpAnswer, target: Target): TagReading {
  if (answer.status !== 200) return fromStatus(answer.status, target);
  const type = mediaType(answer) ?? 'no media type';
  if (!manifestTypes.includes(type)) return unknown(target, `answered with ${type} for a manifest`);
  const digest = `sha256:${createHash('sha256').update(answer.body).digest('hex')}` as Digest;
  return { kind: 'found', digest };
}

function fromStatus(status: number, target: Target): TagReading {
  if (status === 404) return { kind: 'absent' };
  return unknown(target, explainStatus(status, target));
}

/** What a status means for whoever runs Sluice. */
export function explainStatus(status: number, { credentials }: Target): string {
  if (status !== 401 && status !== 403) return `answered ${status}`;
  return credentials === undefined
    ? `refused to be read (${status}): it may be private, or gone; add credentials for it to the catalog`
    : `refused the credentials ${credentials} (${status}): they may have expired, or lack the right to pull`;
}

function unknown({ registry, repository }: Target, why: string): TagReading {
  return { kind: 'unknown', why: `${registry.host} ${why} (${repository})` };
}

function mediaType({ headers }: HttpAnswer): string | undefined {
  return headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
}
