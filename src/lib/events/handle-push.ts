import type { EventOutcome } from '../log/lines.ts';
import { concernedBy, type Looked, observePush } from '../pipeline/push.ts';
import type { Pipeline } from '../pipeline/session.ts';
import { readRegistryPush } from './registry-push.ts';

/** What cannot be used is acknowledged and said; only our own trouble is thrown, for then the event must come again. */
export async function handlePush(pipeline: Pipeline, event: unknown): Promise<EventOutcome> {
  const read = readRegistryPush(event);
  if (read.kind === 'malformed') return { result: 'malformed', why: read.why };
  const { type } = read;
  if (read.kind === 'ignored') return { result: 'ignored', why: read.why, type, repository: read.repository };
  const { repository, tag } = read.push;
  const concerned = concernedBy(pipeline.catalog, read.push);
  if (concerned.length === 0) return { result: 'ignored', why: 'nobody tracks it', type, repository, tag };
  const looked = await observePush(pipeline, concerned);
  return {
    result: 'handled',
    why: looked.map(describe).join('; '),
    type,
    repository,
    tag,
    runs: looked.flatMap(runOf),
  };
}

function describe({ tracked, place, observed }: Looked): string {
  const about = `${place} of ${tracked.image}:${tracked.tag}`;
  return 'why' in observed ? `${about}: ${observed.kind}, ${observed.why}` : `${about}: ${observed.kind}`;
}

function runOf({ observed }: Looked): string[] {
  return 'run' in observed ? [observed.run.id] : [];
}
