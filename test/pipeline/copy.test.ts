import { describe, expect, it } from 'vitest';
import { isTag, parseTag } from '../../src/lib/image/names.ts';
import { uniqueTag } from '../../src/lib/pipeline/copy.ts';
import { newRunId } from '../../src/lib/pipeline/run-id.ts';
import { now } from './samples.ts';

const id = newRunId(now, 0.5);
const tagOf = (tag: string, run = id) => uniqueTag({ id: run, tracked: { image: 'node', tag: parseTag(tag) } });

describe("a run's own tag", () => {
  it('is the tracked tag and the run', () => {
    expect(tagOf('20-alpine', 'r1')).toBe('20-alpine-r1');
  });

  it.each([1, 100, 114, 115, 116, 127, 128])('is valid for a tracked tag of %i characters', (length) => {
    const tag = tagOf('a'.repeat(length));
    expect(isTag(tag)).toBe(true);
    expect(tag.length).toBeLessThanOrEqual(128);
    expect(tag.endsWith(`-${id}`)).toBe(true);
  });

  it('differs between runs where the tracked tag had to be cut', () => {
    const long = 'a'.repeat(128);
    expect(tagOf(long)).not.toBe(tagOf(long, newRunId(now, 0.6)));
  });

  it.each(['_x', 'A.b-C', '20.'])('is valid for the tag %s', (tag) => {
    expect(isTag(tagOf(tag))).toBe(true);
  });
});

describe('a run id', () => {
  it('sorts by time as a text', () => {
    const times = [Date.UTC(1972, 11), Date.UTC(2026, 0), Date.UTC(2026, 0) + 1, Date.UTC(2058, 0)];
    const made = times.map((at, position) => newRunId(at, 0.99 - position / 10));
    expect([...made].sort()).toEqual(made);
  });

  it('differs for two runs of one millisecond', () => {
    expect(newRunId(now, 0.1)).not.toBe(newRunId(now, 0.2));
  });
});
