/** What follows when an image moves, and in which order: pure. */
import { canonicalRegistry } from '../image/reference.ts';
import type { TaskInfo } from './task-info.ts';

/** An image by its stable tag. `registry` is the login server. */
export interface ImageTag {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
}

/** `REGISTRY/TASK`, with the registry's name. */
export type TaskKey = string;

export function taskKey({ registry, task }: Pick<TaskInfo, 'registry' | 'task'>): TaskKey {
  return `${registry}/${task}`;
}

export interface Follower<T extends TaskInfo = TaskInfo> {
  readonly task: T;
  /** 1 for what needs the moved image alone; else one more than the latest of the followers that it is built on. */
  readonly wave: number;
  /** It is built on the moved image itself. */
  readonly direct: boolean;
}

/**
 * All that is built on the image, or on what that puts out, each once and behind everything that it is built on. A
 * disabled task is named, and nothing follows from it: it puts out no new image. Where tasks lead round in a circle, the
 * way back to one that came before is left out.
 */
export function followers<T extends TaskInfo>(tasks: readonly T[], moved: ImageTag): Follower<T>[] {
  const order: Node<T>[] = [];
  const seen = new Set<Node<T>>();
  for (const node of linked(tasks)) if (isBuiltOn(node.task, moved)) visit(node, order, seen);
  for (const [place, node] of order.entries()) {
    const ahead = node.next.filter((next) => order.indexOf(next) > place);
    for (const next of ahead) next.wave = Math.max(next.wave, node.wave + 1);
  }
  return order.map(({ task, wave }) => ({ task, wave, direct: isBuiltOn(task, moved) }));
}

interface Node<T> {
  readonly task: T;
  /** What is built on its outputs. */
  readonly next: Node<T>[];
  wave: number;
}

/** The same order however the tasks are listed. */
function linked<T extends TaskInfo>(tasks: readonly T[]): Node<T>[] {
  const sorted = [...tasks].sort((a, b) => taskKey(b).localeCompare(taskKey(a)));
  const nodes = sorted.map((task): Node<T> => ({ task, next: [], wave: 1 }));
  for (const { task, next } of nodes) {
    const outputs = task.enabled ? task.outputs : [];
    next.push(...nodes.filter((other) => outputs.some((output) => isBuiltOn(other.task, output))));
  }
  return nodes;
}

/** Depth first: each before all that follow from it, but for ways back in a circle. */
function visit<T>(node: Node<T>, order: Node<T>[], seen: Set<Node<T>>): void {
  if (seen.has(node)) return;
  seen.add(node);
  for (const next of node.next) visit(next, order, seen);
  order.unshift(node);
}

function isBuiltOn(task: TaskInfo, image: ImageTag): boolean {
  const key = imageKey(image);
  return task.dependencies.some((base) => imageKey(base) === key);
}

function imageKey({ registry, repository, tag }: ImageTag): string {
  return `${canonicalRegistry(registry)}/${repository}:${tag}`;
}
