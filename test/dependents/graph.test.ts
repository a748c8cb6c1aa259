import { describe, expect, it } from 'vitest';
import { followers, type ImageTag } from '../../src/lib/dependents/graph.ts';
import type { TaskInfo } from '../../src/lib/dependents/task-info.ts';

const image = (text: string): ImageTag => {
  const [repository = '', tag = 'latest'] = text.split(':');
  return { registry: 'contoso.azurecr.io', repository, tag };
};

const target = image('base-images/node:20');

function task(name: string, bases: readonly string[], outputs: readonly string[] = [], more: Partial<TaskInfo> = {}) {
  const info: TaskInfo = {
    registry: 'contoso',
    task: name,
    enabled: true,
    triggerEnabled: true,
    dependencies: bases.map((base) => ({ ...image(base), type: 'Runtime' })),
    outputs: outputs.map(image),
    armed: bases.length > 0,
    ...more,
  };
  return info;
}

/** The tasks that follow, by wave. */
function names(tasks: readonly TaskInfo[], moved = target): string[][] {
  const waves: string[][] = [];
  for (const { task: info, wave } of followers(tasks, moved)) {
    waves[wave - 1] = [...(waves[wave - 1] ?? []), info.task].sort();
  }
  return waves;
}

const onTarget = 'base-images/node:20';

describe('followers of a moved image', () => {
  it('are the tasks built on it, whichever their registry', () => {
    const far = task('far', [onTarget], [], { registry: 'other' });
    expect(names([task('near', [onTarget]), far, task('else', ['base-images/node:22'])])).toEqual([['far', 'near']]);
  });

  it('are none where nothing is built on it', () => {
    expect(names([task('else', ['x:1'])])).toEqual([]);
  });

  it('say whether they are built on it themselves', () => {
    const tasks = [task('a', [onTarget], ['a:1']), task('b', ['a:1'])];
    const direct = followers(tasks, target).map((one) => [one.task.task, one.direct]);
    expect(direct).toEqual([
      ['a', true],
      ['b', false],
    ]);
  });

  it('follow in waves what they are built on', () => {
    const tasks = [task('c', ['b:1'], ['c:1']), task('a', [onTarget], ['a:1']), task('b', ['a:1'], ['b:1'])];
    expect(names(tasks)).toEqual([['a'], ['b'], ['c']]);
  });

  it('wait for the last of several ways, and come once', () => {
    const tasks = [
      task('a-app', [onTarget, 'lib:1', 'tool:1']),
      task('lib', [onTarget], ['lib:1']),
      task('tool', ['lib:1'], ['tool:1']),
    ];
    expect(names(tasks)).toEqual([['lib'], ['tool'], ['a-app']]);
  });

  it('are not held up by a base that does not move', () => {
    const tasks = [task('app', [onTarget, 'still:1']), task('still', ['elsewhere:1'], ['still:1'])];
    expect(names(tasks)).toEqual([['app']]);
  });

  it('end at a disabled task, which is named all the same', () => {
    const tasks = [task('off', [onTarget], ['off:1'], { enabled: false }), task('behind', ['off:1'])];
    expect(names(tasks)).toEqual([['off']]);
  });

  it('come in the same order however the tasks are listed', () => {
    const tasks = [task('a', [onTarget], ['a:1']), task('b', [onTarget], ['b:1']), task('c', ['a:1', 'b:1'])];
    expect(followers([...tasks].reverse(), target)).toEqual(followers(tasks, target));
  });
});

describe('a circle', () => {
  it('of two tasks brings each once', () => {
    const tasks = [task('a', [onTarget, 'b:1'], ['a:1']), task('b', ['a:1'], ['b:1'])];
    expect(names(tasks)).toEqual([['a'], ['b']]);
  });

  it('of one task brings it once', () => {
    const tasks = [task('self', [onTarget, 'self:1'], ['self:1'])];
    expect(names(tasks)).toEqual([['self']]);
  });

  it('through the moved image brings each once', () => {
    const tasks = [task('a', [onTarget], ['a:1']), task('b', ['a:1'], [onTarget])];
    expect(names(tasks)).toEqual([['a'], ['b']]);
  });

  it('does not keep what stands behind it from following', () => {
    const tasks = [
      task('a', [onTarget, 'b:1'], ['a:1']),
      task('b', ['a:1'], ['b:1']),
      task('c', ['b:1'], ['c:1']),
      task('d', ['c:1', 'a:1']),
    ];
    expect(names(tasks)).toEqual([['a'], ['b'], ['c'], ['d']]);
  });

  it('that nothing moved leads into is nobody\u2019s concern', () => {
    const tasks = [task('a', ['b:1'], ['a:1']), task('b', ['a:1'], ['b:1'])];
    expect(names(tasks)).toEqual([]);
  });
});

describe('what a task is built on', () => {
  const on = (registry: string, repository: string, tag: string) =>
    task('t', [], [], { dependencies: [{ registry, repository, type: 'BuildTime', tag }] });

  it.each([
    ['another tag', on('contoso.azurecr.io', 'base-images/node', '22'), target, false],
    ['another registry', on('other.azurecr.io', 'base-images/node', '20'), target, false],
    ['a login server in other letters', on('Contoso.azurecr.io', 'base-images/node', '20'), target, true],
    [
      'Docker Hub as ACR names it',
      on('registry.hub.docker.com', 'library/node', '20'),
      { registry: 'docker.io', repository: 'library/node', tag: '20' },
      true,
    ],
  ])('is told apart by %s', (_, from, to, expected) => {
    expect(followers([from], to).length > 0).toBe(expected);
  });
});
