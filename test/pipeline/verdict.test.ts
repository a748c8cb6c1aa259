import { describe, expect, it } from 'vitest';
import { classify } from '../../src/lib/pipeline/verdict.ts';

const failedAt = (step: string, status: number) =>
  `2026/01/05 10:00:00 failed to run step ID: ${step}: exit status ${status}\n`;

describe('the end of a task run', () => {
  it('that succeeded is a pass', () => {
    expect(classify('ca1', { status: 'succeeded' }, '')).toEqual({
      state: 'passed',
      why: 'passed in task run ca1',
    });
  });

  it.each([1, 2, 124, 126, 127, 137, 255])('is a rejection where a step of it ended with exit status %i', (status) => {
    expect(classify('ca1', { status: 'failed' }, `checking\n${failedAt('sluice', status)}`)).toEqual({
      state: 'rejected',
      why: `rejected by step sluice of task run ca1: exit status ${status}`,
    });
  });

  it.each<[title: string, ...Parameters<typeof classify>, why: string]>([
    [
      'docker could not start the container (125)',
      'ca1',
      { status: 'failed' },
      failedAt('sluice', 125),
      'task run ca1: step sluice could not start its container (exit status 125)',
    ],
    [
      'the log names no step',
      'ca1',
      { status: 'failed', error: 'agent lost' },
      'pulling',
      'task run ca1 failed, and its log names no step: agent lost',
    ],
    ['there is no log', 'ca1', { status: 'failed' }, '', 'task run ca1 failed, and its log names no step'],
    ['it timed out', 'ca1', { status: 'timeout' }, failedAt('sluice', 1), 'task run ca1 ended timeout'],
    ['it was cancelled', 'ca1', { status: 'canceled' }, '', 'task run ca1 ended canceled'],
    ['the agent failed', 'ca1', { status: 'error', error: 'no agents' }, '', 'task run ca1 ended error: no agents'],
    ['the service knows it no more', 'ca1', undefined, '', 'task run ca1 did not end in time, or is gone'],
  ])('is no verdict where %s', (_title, taskRun, run, log, why) => {
    expect(classify(taskRun, run, log)).toEqual({ state: 'failed', why });
  });

  it('is judged by the last failed step: steps before it may have been allowed to fail', () => {
    const allowed = failedAt('lint', 1);
    expect(classify('ca1', { status: 'failed' }, allowed + failedAt('scan', 3)).why).toContain('step scan');
    expect(classify('ca1', { status: 'failed' }, allowed + failedAt('scan', 125)).state).toBe('failed');
  });

  it('that succeeded is a pass whatever its log says', () => {
    expect(classify('ca1', { status: 'succeeded' }, failedAt('lint', 1)).state).toBe('passed');
  });
});
