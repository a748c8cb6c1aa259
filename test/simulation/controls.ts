/**
 * Deliberately broken variants: each takes one rule of the protocol away, from outside, by wrapping a port. The
 * simulation must catch every one of them; what it cannot catch it does not prove.
 */
import type { Digest } from '../../src/lib/image/digest.ts';
import type { TagReading } from '../../src/lib/pipeline/ports.ts';
import type { Change, Loaded, Store } from '../../src/lib/pipeline/record.ts';
import type { Pipeline } from '../../src/lib/pipeline/session.ts';
import { tags } from './scenario.ts';
import type { Variant } from './world.ts';

type Wrap = NonNullable<Variant['wrap']>;

function storeOf(change: (store: Store, pipeline: Pipeline) => Partial<Store>): Wrap {
  return (pipeline) => ({ ...pipeline, store: { ...pipeline.store, ...change(pipeline.store, pipeline) } });
}

function loading(change: (loaded: Loaded) => Loaded): Wrap {
  return storeOf((store) => ({ load: async (tracked) => change(await store.load(tracked)) }));
}

function committing(change: (change: Change) => Change): Wrap {
  return storeOf((store) => ({ commit: (given) => store.commit(change(given)) }));
}

/** Commits over whatever is there, as a store without optimistic concurrency would. */
async function force(store: Store, change: Change): ReturnType<Store['commit']> {
  const now = await store.load(change.head.tracked);
  return store.commit({ ...change, etag: now.etag });
}

/** Takes the lease on whatever the head is now. */
async function takeAnyway(store: Store, change: Change): ReturnType<Store['commit']> {
  const { head, etag } = await store.load(change.head.tracked);
  const { nonce } = change.head;
  return head ? store.commit({ ...change, head: { ...head, version: head.version + 1, nonce }, etag }) : 'conflict';
}

export const controls: readonly Variant[] = [
  {
    name: 'no ETag: the last writer wins',
    wrap: storeOf((store) => ({ commit: (change) => force(store, change) })),
  },
  {
    name: 'the registry is read before the head',
    wrap: (pipeline) => {
      let early: Promise<TagReading> | undefined;
      const image = pipeline.catalog.images[0];
      return {
        ...pipeline,
        store: {
          ...pipeline.store,
          load: async (tracked) => {
            if (image) early = pipeline.upstream.read(image.upstream, tracked.tag);
            await early;
            return pipeline.store.load(tracked);
          },
        },
        upstream: { ...pipeline.upstream, read: (upstream, tag) => early ?? pipeline.upstream.read(upstream, tag) },
      };
    },
  },
  {
    name: 'no intent: a validation is scheduled before it is written down',
    wrap: (pipeline) => ({
      ...pipeline,
      verdicts: {
        ...pipeline.verdicts,
        put: async (verdict, etag) => {
          if (verdict.state === 'intent') return etag ?? 'none';
          const now = await pipeline.verdicts.get(verdict.digest, verdict.validation);
          return pipeline.verdicts.put(verdict, 'etag' in now ? now.etag : undefined);
        },
      },
    }),
  },
  {
    name: 'promoted by tag, not by digest',
    wrap: (pipeline, _worker, world) => ({
      ...pipeline,
      mover: {
        moveTag: async (repository, tag, digest, before) => {
          const staged = world.repository('staging/node').now(tag)?.digest;
          const moved = repository === 'base-images/node' && staged ? staged : digest;
          if (repository === 'base-images/node') world.repository(repository).manifests.add(moved);
          return pipeline.mover.moveTag(repository, tag, moved, before);
        },
      },
    }),
  },
  {
    name: 'no lease',
    wrap: committing((change) => {
      const { lease: _lease, ...rest } = change;
      return rest;
    }),
  },
  {
    name: 'the gate is judged before the lease, not with it',
    // Somebody holds, right between the judgement and the lease.
    aimed: tags.map((tag) => ({ at: 0, do: 'ambush', tag, stage: 'target-read', delay: 0, act: 'hold' })),
    wrap: storeOf((store) => ({
      commit: async (change) => {
        const answer = await store.commit(change);
        const takes = change.lease !== undefined && change.lease !== 'release';
        return answer === 'conflict' && takes ? takeAnyway(store, change) : answer;
      },
    })),
  },
  {
    name: 'stale messages are answered',
    dequeueCount: () => 2,
    wrap: (pipeline) => ({
      ...pipeline,
      queue: {
        send: async (message, delay) => {
          await pipeline.queue.send(message, delay);
          await pipeline.queue.send({ ...message, version: message.version - 1 }, delay);
        },
      },
    }),
  },
  {
    name: 'no baseline: the first look records nothing',
    wrap: committing((change) => {
      if (change.etag !== undefined) return change;
      const { staging: _staging, target: _target, ...head } = change.head;
      return { ...change, head, digests: [] };
    }),
  },
  {
    name: 'an effect may be sent long after its intent',
    periods: { effectAfterRead: 1e12, requestLife: 1 - 1e12 },
  },
  {
    name: 'the index row is written after the run',
    wrap: (pipeline) => {
      const late: Parameters<Pipeline['index']['add']>[0][] = [];
      return {
        ...pipeline,
        index: { ...pipeline.index, add: async (row) => void late.push(row) },
        store: {
          ...pipeline.store,
          commit: async (change) => {
            const answer = await pipeline.store.commit(change);
            for (const row of late.splice(0)) await pipeline.index.add(row);
            return answer;
          },
        },
      };
    },
  },
  {
    name: 'a start whose answer was lost is sent again by the SDK',
    wrap: (pipeline) => ({
      ...pipeline,
      dependents: {
        ...pipeline.dependents,
        kick: async (registry, task, token) => {
          await pipeline.dependents.kick(registry, task, token).catch(() => undefined);
          return pipeline.dependents.kick(registry, task, token);
        },
      },
    }),
  },
  {
    name: 'a lost validation is adopted by task and time',
    wrap: (pipeline, _worker, world) => ({
      ...pipeline,
      validations: { ...pipeline.validations, findByToken: async () => [...world.validations.runs.keys()].at(-1) },
    }),
  },
  { name: 'no sweep', withoutSweep: true },
  {
    name: 'order is not looked at when promoting',
    wrap: loading((loaded) => (loaded.head ? { ...loaded, head: { ...loaded.head, promotedSeq: 0 } } : loaded)),
  },
  {
    name: 'the target is not read before it is overwritten',
    wrap: (pipeline, _worker, world) => ({
      ...pipeline,
      buffer: {
        ...pipeline.buffer,
        readTag: async (repository, tag) => {
          const recorded = world.state.tags.get(`node:${tag}`)?.head?.target;
          if (repository !== 'base-images/node' || !recorded) return pipeline.buffer.readTag(repository, tag);
          return { kind: 'found', digest: recorded.digest as Digest, at: recorded.at };
        },
      },
    }),
  },
  {
    name: 'the holder of the lease can be cancelled',
    wrap: loading(({ lease: _lease, ...loaded }) => loaded),
  },
];
