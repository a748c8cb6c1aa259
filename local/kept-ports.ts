import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { LocalAzure } from './index.ts';
import type { Instance } from './instance.ts';
import type { LocalPorts } from './options.ts';

const port = z.number().int().min(1).max(65_535);
const schema = z.object({
  identity: port,
  blob: port,
  queue: port,
  table: port,
  arm: port,
  events: port,
  page: port,
  registries: z.record(z.string(), port),
});

const file = ({ state }: Instance) => join(state, 'ports.json');

/**
 * The ports of the last start, with `--keep`. A registry's port is part of its images' names: tasks, Dockerfiles and
 * catalogs that were kept would name another registry without it.
 */
export async function keptPorts(instance: Instance): Promise<LocalPorts> {
  const text = await readFile(file(instance), 'utf8').catch(() => undefined);
  return text === undefined ? {} : schema.parse(JSON.parse(text));
}

export async function keepPorts(azure: LocalAzure, instance: Instance): Promise<void> {
  const { identity, storage, arm, events, page, registries } = azure.summary();
  const portOf = (url: string | undefined) => Number(new URL(url ?? '').port);
  const ports: z.infer<typeof schema> = {
    identity: portOf(identity.endpoint),
    blob: portOf(storage?.blob),
    queue: portOf(storage?.queue),
    table: portOf(storage?.table),
    arm: portOf(arm),
    events: portOf(events),
    page: portOf(page),
    registries: Object.fromEntries(registries.map(({ name, endpoint }) => [name, portOf(endpoint)])),
  };
  await writeFile(file(instance), JSON.stringify(ports));
}
