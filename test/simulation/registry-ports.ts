/** Registries as a worker sees them: replicas that lag, imports that hang or go wrong, puts whose answer is lost. */
import type { Digest } from '../../src/lib/image/digest.ts';
import { parseTag } from '../../src/lib/image/names.ts';
import type * as ports from '../../src/lib/pipeline/ports.ts';
import { LostAnswer, minute, second } from './clockwork.ts';
import { digestOf } from './places.ts';
import type { WorkerWorld } from './wire.ts';
import { call, unreachable } from './wire.ts';

export interface SimImport {
  state: ports.ImportState;
}

/** What a wrong import leaves under its tag. */
const wrong = digestOf(999_000);

export function upstreamPort(at: WorkerWorld): ports.UpstreamReader {
  const { world } = at;
  return {
    read: async (_upstream, tag) => {
      if (unreachable(at)) return { kind: 'unknown', why: 'upstream does not answer' };
      const { azureUpstream } = world.temper;
      const move = world.upstream.moveAt(tag, world.clockwork.now - (azureUpstream ? lag(at) : 0));
      if (!move || move.by === 'person') return { kind: 'absent' };
      return { kind: 'found', digest: move.digest, ...(azureUpstream && { at: move.at }) };
    },
    tags: async () => {
      if (unreachable(at)) return { kind: 'unknown', why: 'upstream does not answer' };
      return { kind: 'found', tags: [...world.upstream.tags.keys()].map(parseTag) };
    },
  };
}

function lag({ world: { random, temper } }: WorkerWorld): number {
  return random.chance(temper.replicaLag * 0.3) ? random.between(0, 149 * second) : 0;
}

export function bufferPort(at: WorkerWorld): ports.BufferReader {
  const { world, worker } = at;
  return {
    readTag: (repository, tag) => {
      if (repository === 'base-images/node' && worker.name === 'advance') world.onTargetRead(tag);
      return call(at, () => {
        if (unreachable(at)) return { kind: 'unknown', why: 'the registry does not answer' };
        return world.repository(repository).read(tag, world.registryNow(), lag(at));
      });
    },
    tagsByTime: (repository) => {
      const page = () => call(at, () => listed(at, repository));
      return (async function* () {
        yield await page();
      })();
    },
  };
}

function listed(at: WorkerWorld, name: string): ports.ListedTag[] {
  const repository = at.world.repository(name);
  const behind = lag(at);
  return [...repository.tags.keys()]
    .map((tag) => ({ tag: parseTag(tag), reading: repository.read(tag, at.world.registryNow(), behind) }))
    .flatMap(({ tag, reading }) => (reading.kind === 'found' ? [{ tag, digest: reading.digest, at: reading.at }] : []))
    .sort((a, b) => b.at - a.at);
}

export function moverPort(at: WorkerWorld): ports.TagMover {
  const { world, worker } = at;
  const { clockwork, random } = world;
  return {
    moveTag: async (repository, tag, digest, sendBefore) => {
      if (clockwork.now + worker.offset > sendBefore)
        return { kind: 'refused', next: 'retry', why: 'too late to be sent' };
      if (random.chance(world.temper.unclearPuts)) {
        if (random.chance(0.5)) clockwork.after(random.between(0, 80 * second), () => put(at, repository, tag, digest));
        return { kind: 'unclear', why: 'it was not answered' };
      }
      try {
        return await call(at, () => put(at, repository, tag, digest));
      } catch (error) {
        if (error instanceof LostAnswer) return { kind: 'unclear', why: error.message };
        return { kind: 'refused', next: 'retry', why: String(error) };
      }
    },
  };
}

export function put({ world, worker }: WorkerWorld, repository: string, tag: string, digest: Digest): ports.PutAnswer {
  if (world.random.chance(world.temper.refusedPuts)) return { kind: 'refused', next: 'retry', why: 'throttled' };
  if (!world.repository(repository).manifests.has(digest)) {
    return { kind: 'refused', next: 'stall', why: 'the manifest is unknown' };
  }
  if (repository === 'base-images/node') world.onTargetPut({ tag, digest, worker });
  world.push(repository, tag, digest, 'us');
  return { kind: 'put', at: Math.floor(world.registryNow() / 1000) * 1000 };
}

export function importerPort({ world }: WorkerWorld): ports.Importer {
  const { clockwork, random, imports } = world;
  return {
    start: async (request) => {
      const { temper } = world;
      if (random.chance(temper.goneImports)) return { kind: 'gone', why: 'the digest is not there any more' };
      if (random.chance(temper.deniedStarts)) return { kind: 'failed', next: 'stall', why: 'a role is missing' };
      const one: SimImport = { state: { kind: 'running' } };
      imports.push(one);
      const hangs = random.chance(temper.hungImports);
      const fails = random.chance(temper.failedImports);
      const digest = random.chance(temper.wrongImports) ? wrong : request.digest;
      const lands = () => {
        const repository = world.repository(request.repository);
        if (repository.now(request.tag)) return { kind: 'exists' } as const;
        repository.move(request.tag, { digest, at: world.registryNow(), by: 'import' });
        return { kind: 'succeeded' } as const;
      };
      clockwork.after(random.between(second, 40 * second), () => {
        if (hangs) return;
        one.state = fails ? { kind: 'failed', next: 'retry', why: 'upstream limits' } : lands();
      });
      // What hung or failed may land all the same, late.
      if ((hangs || fails) && random.chance(0.4))
        clockwork.after(random.between(minute, 30 * minute), () => void lands());
      return { kind: 'started', handle: String(imports.length - 1) };
    },
    poll: async (handle) =>
      imports[Number(handle)]?.state ?? { kind: 'failed', next: 'retry', why: 'unknown operation' },
  };
}
