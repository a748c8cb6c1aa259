/**
 * Virtual time, and workers that call the world through it. A call is a request in flight, an effect, and an answer in
 * flight; a worker may crash before, between or after, and its request takes effect all the same. An answer may be lost,
 * and a worker may be frozen before it sees one.
 */
import type { Random } from './random.ts';

export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;

/** Rates for each call; all zero in a kind world. */
export interface Faults {
  readonly crash: number;
  readonly lostAnswer: number;
  readonly slowRequest: number;
  readonly freeze: number;
}

export interface Worker {
  readonly id: number;
  readonly name: string;
  /** Its monotonic clock starts anywhere. */
  readonly offset: number;
  dead: boolean;
  /** Somebody else commits before it each time. */
  beaten: boolean;
  onDeath: (() => void) | undefined;
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  /** Whether a worker may go on because of it. */
  readonly wakes: boolean;
}

export class LostAnswer extends Error {
  readonly statusCode = undefined;
}

export class Clockwork {
  now = Date.UTC(2026, 0, 5, 8);
  crashes = 0;
  lost = 0;
  slow = 0;
  frozen = 0;
  events = 0;
  faults: Faults;
  private readonly random: Random;
  private readonly heap: Event[] = [];
  private order = 0;
  private workers = 0;

  constructor(random: Random, faults: Faults) {
    this.random = random;
    this.faults = faults;
  }

  worker(name: string): Worker {
    return {
      id: this.workers++,
      name,
      offset: Math.floor(this.random.between(0, hour)),
      dead: false,
      beaten: false,
      onDeath: undefined,
    };
  }

  at(time: number, run: () => void, wakes = true): void {
    push(this.heap, { at: Math.max(time, this.now), order: this.order++, run, wakes });
  }

  after(delay: number, run: () => void, wakes = true): void {
    this.at(this.now + delay, run, wakes);
  }

  kill(worker: Worker): void {
    if (worker.dead) return;
    worker.dead = true;
    this.crashes++;
    worker.onDeath?.();
  }

  /** Runs events until `until` (virtual), or until `check` has seen enough, letting what they woke run in between. */
  async run(until: number, check: () => boolean): Promise<void> {
    for (;;) {
      const next = this.heap[0];
      if (next === undefined || next.at > until) break;
      pop(this.heap);
      this.now = next.at;
      this.events++;
      next.run();
      if (next.wakes) await new Promise((resolve) => setImmediate(resolve));
      if (check()) return;
    }
    this.now = Math.max(this.now, until);
  }

  /** One call to the world by a worker. Requests live 90 s at most. */
  call<T>(worker: Worker, effect: () => T | Promise<T>): Promise<T> {
    const { random, faults } = this;
    return new Promise((resolve, reject) => {
      if (worker.dead) return;
      if (random.chance(faults.crash)) return this.kill(worker);
      const slow = random.chance(faults.slowRequest);
      if (slow) this.slow++;
      const arrives = () => {
        const outcome = attempt(effect);
        // Whether anybody hears of it is decided below.
        outcome.catch(() => {});
        if (worker.dead) return;
        if (random.chance(faults.crash)) {
          this.kill(worker);
          return;
        }
        const lost = random.chance(faults.lostAnswer);
        if (lost) this.lost++;
        const frozen = random.chance(faults.freeze);
        if (frozen) this.frozen++;
        const delay = frozen ? random.between(10 * second, 25 * minute) : random.between(2, 60);
        this.after(delay, () => {
          if (worker.dead) return;
          if (lost) return void outcome.then(() => reject(new LostAnswer('connection reset')), reject);
          outcome.then(resolve, reject);
        });
      };
      this.after(slow ? random.between(second, 89 * second) : random.between(2, 120), arrives, false);
    });
  }
}

async function attempt<T>(effect: () => T | Promise<T>): Promise<T> {
  return effect();
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Event[], event: Event): void {
  let at = heap.length;
  heap.push(event);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const other = heap[parent];
    if (other === undefined || !before(event, other)) break;
    heap[at] = other;
    at = parent;
  }
  heap[at] = event;
}

function pop(heap: Event[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    const left = heap[child];
    if (left === undefined) break;
    const right = heap[child + 1];
    if (right !== undefined && before(right, left)) child++;
    const least = heap[child];
    if (least === undefined || !before(least, last)) break;
    heap[at] = least;
    at = child;
  }
  heap[at] = last;
}
