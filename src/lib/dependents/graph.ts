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

export interface DependentNode {
  readonly task: TaskInfo;
  /** 1 for what needs the targets alone; else one more than the latest of those it comes after. */
  readonly wave: number;
  /** The images that move, of those that it is built on: targets, and what tasks before it put out. */
  readonly bases: readonly ImageTag[];
  /** The tasks whose images it is built on. */
  readonly after: readonly TaskKey[];
}

export interface DependentGraph {
  /** `waves[0]` is wave 1. A task stands in one wave only, behind everything that it is built on. */
  readonly waves: readonly (readonly DependentNode[])[];
  /**
   * Ways that lead back to where they began: the last task puts out what the first is built on, or a target itself.
   * The way back is left out of the waves, so that each task still follows once.
   */
  readonly cycles: readonly (readonly TaskKey[])[];
  /** Tasks that never ran: what they are built on is not known yet. */
  readonly unarmed: readonly TaskInfo[];
}

export function taskKey({ registry, task }: Pick<TaskInfo, 'registry' | 'task'>): TaskKey {
  return `${registry}/${task}`;
}

/** Whether a move of the image's tag leaves the task's own image out of date. */
export function dependsOn(task: TaskInfo, image: ImageTag): boolean {
  const key = imageKey(image);
  return basesOf(task).some((base) => imageKey(base) === key);
}

/**
 * What follows when the targets move, in the order in which it has to. A disabled task is listed, and nothing follows
 * from it: it puts out no new image.
 */
export function dependentGraph(tasks: readonly TaskInfo[], targets: readonly ImageTag[]): DependentGraph {
  const edges = new Edges(tasks, targets);
  const walk = new Walk(edges);
  for (const task of edges.builtOnTargets()) walk.visit(task);
  return {
    waves: wavesOf(walk.found(), edges),
    cycles: walk.cycles,
    unarmed: tasks.filter((task) => !task.armed && !walk.reached(task)),
  };
}

/** Who is built on what, looked up by image. */
class Edges {
  readonly targets: ReadonlySet<string>;
  readonly #byBase = new Map<string, TaskInfo[]>();

  constructor(tasks: readonly TaskInfo[], targets: readonly ImageTag[]) {
    this.targets = new Set(targets.map(imageKey));
    const inOrder = [...tasks].sort((a, b) => (taskKey(a) < taskKey(b) ? -1 : 1));
    for (const task of inOrder) {
      for (const base of new Set(basesOf(task).map(imageKey))) {
        this.#byBase.set(base, [...(this.#byBase.get(base) ?? []), task]);
      }
    }
  }

  builtOnTargets(): TaskInfo[] {
    return [...new Set([...this.targets].flatMap((target) => this.#byBase.get(target) ?? []))];
  }

  /** The tasks built on what this one puts out. */
  next(task: TaskInfo): TaskInfo[] {
    if (!task.enabled) return [];
    return [...new Set(task.outputs.flatMap((output) => this.#byBase.get(imageKey(output)) ?? []))];
  }

  leadsToTarget(task: TaskInfo): boolean {
    return task.enabled && task.outputs.some((output) => this.targets.has(imageKey(output)));
  }
}

/** Goes along the edges depth first; an edge back to a task on the present way closes a cycle, and is not kept. */
class Walk {
  readonly cycles: TaskKey[][] = [];
  readonly #way: TaskInfo[] = [];
  readonly #before = new Map<TaskInfo, Set<TaskInfo>>();
  readonly #ended: TaskInfo[] = [];
  readonly #edges: Edges;

  constructor(edges: Edges) {
    this.#edges = edges;
  }

  visit(task: TaskInfo): void {
    if (this.reached(task)) return;
    this.#before.set(task, new Set());
    this.#way.push(task);
    const leadsToTarget = this.#edges.leadsToTarget(task);
    if (leadsToTarget) this.cycles.push(this.#way.map(taskKey));
    for (const next of this.#edges.next(task)) this.#follow(task, next, leadsToTarget);
    this.#way.pop();
    this.#ended.push(task);
  }

  #follow(task: TaskInfo, next: TaskInfo, leadsToTarget: boolean): void {
    const start = this.#way.indexOf(next);
    if (start >= 0) {
      // What leads back to a target leads back to all that is built on it: said once already.
      if (!leadsToTarget) this.cycles.push(this.#way.slice(start).map(taskKey));
      return;
    }
    this.visit(next);
    this.#before.get(next)?.add(task);
  }

  reached(task: TaskInfo): boolean {
    return this.#before.has(task);
  }

  /** Each task after all those it is built on, with them. */
  found(): [task: TaskInfo, after: ReadonlySet<TaskInfo>][] {
    return [...this.#ended].reverse().map((task) => [task, this.#before.get(task) ?? new Set()]);
  }
}

function wavesOf(found: readonly [TaskInfo, ReadonlySet<TaskInfo>][], { targets }: Edges): DependentNode[][] {
  const waveOf = new Map<TaskInfo, number>();
  const waves: DependentNode[][] = [];
  for (const [task, after] of found) {
    const wave = 1 + Math.max(0, ...[...after].map((before) => waveOf.get(before) ?? 0));
    waveOf.set(task, wave);
    const moving = new Set([...targets, ...[...after].flatMap((before) => before.outputs.map(imageKey))]);
    const bases = basesOf(task).filter((base) => moving.has(imageKey(base)));
    const nodes = waves[wave - 1] ?? [];
    nodes.push({ task, wave, bases, after: [...after].map(taskKey).sort() });
    waves[wave - 1] = nodes;
  }
  return waves.map((nodes) => nodes.sort((a, b) => (taskKey(a.task) < taskKey(b.task) ? -1 : 1)));
}

/** A base without a tag was named without one, which means latest. */
function basesOf(task: TaskInfo): ImageTag[] {
  return task.dependencies.map(({ registry, repository, tag }) => ({ registry, repository, tag: tag ?? 'latest' }));
}

function imageKey({ registry, repository, tag }: ImageTag): string {
  return `${canonicalRegistry(registry)}/${repository}:${tag}`;
}
