import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBackend } from '../../local/registry/backend.ts';
import { makeImage, sha256 } from '../local/registry-images.ts';

/** A real docker-registry, plain and open, for fronts to stand before. */
export interface RealRegistry {
  readonly port: number;
  /** Pushes a small image that is like no other; returns its digest. */
  push(repository: string, ...tags: string[]): Promise<string>;
  close(): Promise<void>;
}

export async function startRealRegistry(): Promise<RealRegistry> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-upstream-'));
  // Its notifications go nowhere: port 9 is the discard service's.
  const backend = await startBackend({ name: 'upstream', folder, hook: 'http://127.0.0.1:9/' });
  const origin = `http://127.0.0.1:${backend.port}`;
  return {
    port: backend.port,
    async push(repository, ...tags) {
      const { manifest, blobs } = makeImage();
      for (const { bytes } of blobs) await upload(origin, repository, bytes);
      for (const tag of tags) {
        const headers = { 'content-type': manifest.mediaType };
        const put = { method: 'PUT', headers, body: new Uint8Array(manifest.bytes) };
        await expectOk(fetch(`${origin}/v2/${repository}/manifests/${tag}`, put));
      }
      return manifest.digest;
    },
    close: async () => {
      await backend.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function upload(origin: string, repository: string, bytes: Buffer): Promise<void> {
  const started = await expectOk(fetch(`${origin}/v2/${repository}/blobs/uploads/`, { method: 'POST' }));
  const url = new URL(started.headers.get('location') ?? '', origin);
  url.searchParams.set('digest', sha256(bytes));
  await expectOk(fetch(url, { method: 'PUT', body: new Uint8Array(bytes) }));
}

async function expectOk(sent: Promise<Response>): Promise<Response> {
  const answer = await sent;
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}`);
  return answer;
}
