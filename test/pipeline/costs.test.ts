/** What docs/architecture.md says a clean update costs. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Pipeline } from '../../src/lib/pipeline/session.ts';
import { hour } from '../simulation/clockwork.ts';
import { good, KindWorld } from './kind-world.ts';

const [A, B] = good;
const page = readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8');

const counted = ['store', 'verdicts', 'index', 'queue', 'importer', 'mover', 'validations', 'dependents'] as const;
type Counts = Map<string, number>;

/** The same pipeline, with each call of a port counted as `port.method`. */
function counting(pipeline: Pipeline, counts: Counts): Pipeline {
  const ports = counted.map((name) => {
    const port: object = pipeline[name];
    const watched = new Proxy(port, {
      get(target, method) {
        const call = Reflect.get(target, method);
        return (...given: unknown[]) => {
          const key = `${name}.${String(method)}`;
          counts.set(key, (counts.get(key) ?? 0) + 1);
          return call.apply(target, given);
        };
      },
    });
    return [name, watched] as const;
  });
  return { ...pipeline, ...Object.fromEntries(ports) };
}

/** A second update of a tag with two dependents, of which ACR starts one. */
async function update(): Promise<Counts> {
  const world = new KindWorld();
  await world.bring(A);
  const counts: Counts = new Map();
  world.through((pipeline) => counting(pipeline, counts));
  await world.bring(B, hour);
  expect(world.runOf(B).why).toBe('dependents: 2 rebuilt');
  return counts;
}

describe('one clean update', () => {
  let counts: Counts;
  beforeAll(async () => {
    counts = await update();
  });

  const total = (methods: readonly string[]) => methods.reduce((sum, method) => sum + (counts.get(method) ?? 0), 0);

  it.each([
    ['commits of the tag', ['store.commit']],
    ['writes of the index', ['index.add', 'index.end']],
    ['writes of the verdict', ['verdicts.put']],
    ['imports', ['importer.start']],
    ['puts of a manifest', ['mover.moveTag']],
    ['task runs for validation', ['validations.schedule']],
    ['task runs for dependents that ACR did not start', ['dependents.kick']],
  ])('has as many %s as the page says', (what, methods) => {
    expect(page).toContain(`| ${what} | ${total(methods)} |`);
  });

  it('sends one message for each look that found nothing new, and reads the partition once for each', () => {
    expect(counts.get('queue.send')).toBeLessThanOrEqual(counts.get('store.load') ?? 0);
  });
});
