import { describe, expect, it } from 'vitest';
import type { Image } from '../../src/lib/catalog/model.ts';
import { parseRepository, parseTag } from '../../src/lib/image/names.ts';
import { parseTagPattern } from '../../src/lib/image/tag-pattern.ts';
import type { Run } from '../../src/lib/pipeline/model.ts';
import { newRunId } from '../../src/lib/pipeline/run-id.ts';
import { firstImports, tagsOf } from '../../src/lib/pipeline/watch.ts';
import { runOf } from './samples.ts';

const id = newRunId(Date.UTC(2026, 0, 5), 0.5);

function imageWith(...patterns: string[]): Image {
  return {
    name: 'node',
    upstream: { kind: 'oci', host: 'docker.io', repository: parseRepository('library/node') },
    tags: patterns.map((pattern) => parseTagPattern(pattern)),
    staging: parseRepository('staging/node'),
    target: parseRepository('base-images/node'),
    validate: [],
    gate: { soak: 0, approval: false },
    dependents: { discover: true, tasks: [], maxParallel: 1, failureBudget: 0 },
  };
}

/** An upstream that answers a listing, and counts how often it is asked for one. */
function upstreamWith(...tags: string[]) {
  const asked = { listings: 0 };
  const upstream = {
    read: () => Promise.reject(new Error('not read here')),
    tags: () => {
      asked.listings++;
      return Promise.resolve({ kind: 'found' as const, tags: tags.map(parseTag) });
    },
  };
  return { asked, upstream };
}

describe('the tags that are watched upstream', () => {
  it('are the exact ones, without a listing', async () => {
    const { asked, upstream } = upstreamWith('20', '22');
    expect(await tagsOf({ upstream }, imageWith('20', '22-alpine'), [])).toEqual(['20', '22-alpine']);
    expect(asked.listings).toBe(0);
  });

  it('are those that a pattern matches now, beside the exact ones', async () => {
    const { upstream } = upstreamWith('20-alpine', '22-alpine', '22');
    const tags = await tagsOf({ upstream }, imageWith('lts', '*-alpine'), []);
    expect([...tags].sort()).toEqual(['20-alpine', '22-alpine', 'lts']);
  });

  it("are never the runs' own tags of a target that serves as upstream", async () => {
    const { upstream } = upstreamWith('9-alpine', `9-alpine-${id}`, '9-alpine-lts');
    const tags = await tagsOf({ upstream }, imageWith('9-*'), []);
    expect([...tags].sort()).toEqual(['9-alpine', '9-alpine-lts']);
  });
});

describe('first imports', () => {
  const row = (run: string, first: boolean) => ({
    run,
    tracked: { image: 'node', tag: parseTag(run) },
    since: 0,
    first,
  });

  /** `runs`: as they stand now; one that is missing is being created. */
  function under(runs: Readonly<Record<string, Partial<Run>>>) {
    const rows = [row('a', true), row('b', true), row('c', false), row('d', true)];
    const rewritten: string[] = [];
    const admit = firstImports({
      index: { active: async () => ({ rows, at: 0 }), add: async ({ run }) => void rewritten.push(run) },
      store: { run: async (_tracked, id) => runs[id] && runOf(runs[id]) },
    });
    return { admit, rewritten };
  }

  it('are admitted five at a time, those under way and those being created counted', async () => {
    const { admit, rewritten } = under({ a: { stage: 'import' }, b: { stage: 'import' } });
    expect(await Promise.all([admit(), admit(), admit()])).toEqual([true, true, false]);
    expect(rewritten).toEqual([]);
  });

  it('are not kept waiting by one that has been imported, and its row says so from then on', async () => {
    const { admit, rewritten } = under({ a: { stage: 'promote' }, b: { stage: 'import' }, d: { stage: 'import' } });
    expect(await Promise.all([admit(), admit(), admit(), admit()])).toEqual([true, true, true, false]);
    expect(rewritten).toEqual(['a']);
  });

  it('are not kept waiting by one that is stalled: only an operator takes it on', async () => {
    const stalled = { stage: 'import', parked: { for: 'stalled', since: 0 } } as const;
    const { admit, rewritten } = under({ a: stalled, b: stalled, d: stalled });
    expect(await Promise.all(Array.from({ length: 6 }, admit))).toEqual([true, true, true, true, true, false]);
    expect(rewritten).toEqual([]);
  });

  it('are not kept out by one that cannot be read', async () => {
    const row = (run: string) => ({ run, tracked: { image: 'node', tag: parseTag(run) }, since: 0, first: true });
    const admit = firstImports({
      index: { active: async () => ({ rows: [row('a')], at: 0 }), add: async () => {} },
      store: { run: () => Promise.reject(new Error('a newer release wrote it')) },
    });
    expect(await Promise.all(Array.from({ length: 5 }, admit))).toEqual([true, true, true, true, false]);
  });
});
