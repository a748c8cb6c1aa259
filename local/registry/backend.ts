import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Closeable } from '../contracts.ts';
import { type Child, startChild } from '../processes.ts';

export interface Backend extends Closeable {
  readonly port: number;
  /** `docker/registry/v2` in the registry's storage, where repositories and blobs lie. */
  readonly storage: string;
}

/** Starts a real docker-registry on a free port of its own choosing; ready when it says that it listens. */
export async function startBackend(options: { name: string; folder: string; hook: string }): Promise<Backend> {
  const { name, folder, hook } = options;
  const root = join(folder, 'data');
  await mkdir(root, { recursive: true });
  const file = join(folder, 'registry.yaml');
  await writeFile(file, stringify(configuration(root, hook)));
  // REGISTRY_… variables would override the file.
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !key.startsWith('REGISTRY_')));
  const child = startChild('docker-registry', ['serve', file], { part: `registry ${name}`, env });
  const port = await Promise.race([listeningPort(child), child.ended.then((how) => fail(name, how, child))]);
  child.watch();
  return { port, storage: join(root, 'docker', 'registry', 'v2'), close: child.close };
}

function configuration(rootdirectory: string, hook: string) {
  return {
    version: '0.1',
    log: { level: 'info', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory },
      delete: { enabled: true },
      cache: { blobdescriptor: 'inmemory' },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: { addr: '127.0.0.1:0', secret: randomUUID(), relativeurls: true },
    health: { storagedriver: { enabled: false } },
    notifications: {
      events: { includereferences: true },
      endpoints: [
        {
          name: 'hook',
          url: hook,
          timeout: '2s',
          threshold: 3,
          backoff: '500ms',
          ignore: { mediatypes: ['application/octet-stream'], actions: ['pull'] },
        },
      ],
    },
  };
}

function listeningPort(child: Child): Promise<number> {
  return new Promise((resolve) => {
    let text = '';
    const read = (chunk: string) => {
      text += chunk;
      const port = /listening on 127\.0\.0\.1:(\d+)/.exec(text)?.[1];
      if (port === undefined) return;
      child.process.stderr?.off('data', read);
      resolve(Number(port));
    };
    child.process.stderr?.on('data', read);
  });
}

function fail(name: string, how: string, child: Child): never {
  throw new Error(
    `Starting registry ${name} failed: docker-registry ${how}. Is the Debian package docker-registry installed? ${child.lastWords()}`,
  );
}
