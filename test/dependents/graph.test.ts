import { describe, expect, it } from 'vitest';
import { dependentGraph, dependsOn, type ImageTag, taskKey } from '../../src/lib/dependents/graph.ts';
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

const names = (tasks: readonly TaskInfo[], targets = [target]) =>
  dependentGraph(tasks, targets).waves.map((wave) => wave.map((node) => node.task.task));

const onTarget = 'base-images/node:20';

describe('dependents', () => {
  it('are the tasks built on a target, whichever their registry', () => {
    const far = task('far', [onTarget], [], { registry: 'other' });
    expect(names([task('near', [onTarget]), far, task('else', ['base-images/node:22'])])).toEqual([['near', 'far']]);
  });

  it('are found by several targets, each once', () => {
    const both = task('both', [onTarget, 'base-images/nginx:1']);
    expect(names([both], [target, image('base-images/nginx:1')])).toEqual([['both']]);
  });

  it('are none where nothing is built on the targets', () => {
    expect(dependentGraph([task('else', ['x:1'])], [target])).toEqual({ waves: [], cycles: [], unarmed: [] });
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
    const app = dependentGraph(tasks, [target]).waves.flat().at(-1);
    expect(app?.after).toEqual(['contoso/lib', 'contoso/tool']);
    expect(app?.bases.map((base) => base.repository)).toEqual(['base-images/node', 'lib', 'tool']);
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
    expect(dependentGraph([...tasks].reverse(), [target])).toEqual(dependentGraph(tasks, [target]));
  });

  it('that never ran are reported apart, since nobody knows what they are built on', () => {
    const { waves, unarmed } = dependentGraph([task('new', []), task('old', [onTarget])], [target]);
    expect(waves.flat().map((node) => taskKey(node.task))).toEqual(['contoso/old']);
    expect(unarmed.map(taskKey)).toEqual(['contoso/new']);
  });
});

describe('a cycle', () => {
  it('of two tasks is reported, and each still comes once', () => {
    const tasks = [task('a', [onTarget, 'b:1'], ['a:1']), task('b', ['a:1'], ['b:1'])];
    expect(names(tasks)).toEqual([['a'], ['b']]);
    expect(dependentGraph(tasks, [target]).cycles).toEqual([['contoso/a', 'contoso/b']]);
  });

  it('of one task is reported', () => {
    const tasks = [task('self', [onTarget, 'self:1'], ['self:1'])];
    expect(names(tasks)).toEqual([['self']]);
    expect(dependentGraph(tasks, [target]).cycles).toEqual([['contoso/self']]);
  });

  it('through a target is reported: a task must not put out what it is built on', () => {
    const tasks = [task('a', [onTarget], ['a:1']), task('b', ['a:1'], [onTarget])];
    expect(names(tasks)).toEqual([['a'], ['b']]);
    expect(dependentGraph(tasks, [target]).cycles).toEqual([['contoso/a', 'contoso/b']]);
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

  it('that no target leads into is nobody\u2019s concern', () => {
    const tasks = [task('a', ['b:1'], ['a:1']), task('b', ['a:1'], ['b:1'])];
    expect(dependentGraph(tasks, [target])).toEqual({ waves: [], cycles: [], unarmed: [] });
  });
});

describe('dependsOn', () => {
  const on = (registry: string, repository: string, tag?: string) =>
    task('t', [], [], {
      dependencies: [{ registry, repository, type: 'BuildTime', ...(tag === undefined ? {} : { tag }) }],
    });

  it.each([
    ['another tag', on('contoso.azurecr.io', 'base-images/node', '22'), target, false],
    ['another registry', on('other.azurecr.io', 'base-images/node', '20'), target, false],
    ['a login server in other letters', on('Contoso.azurecr.io', 'base-images/node', '20'), target, true],
    ['no tag, which is latest', on('contoso.azurecr.io', 'a'), image('a:latest'), true],
    [
      'Docker Hub as ACR names it',
      on('registry.hub.docker.com', 'library/node', '20'),
      { registry: 'docker.io', repository: 'library/node', tag: '20' },
      true,
    ],
  ])('knows %s', (_, from, to, expected) => {
    expect(dependsOn(from, to)).toBe(expected);
  });
});
