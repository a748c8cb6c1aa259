/** What must hold after every step. docs/architecture.md lists the same, with the reasons. */

import type { Digest } from '../../src/lib/image/digest.ts';
import { isHeld } from '../../src/lib/pipeline/holds.ts';
import type { Run } from '../../src/lib/pipeline/model.ts';
import { nameOf } from '../../src/lib/pipeline/model.ts';
import { isOrdered } from '../../src/lib/pipeline/notice.ts';
import { hour } from './clockwork.ts';
import type { MemoryTag } from './memory-store.ts';
import { numberOf } from './places.ts';
import { isUnderWay } from './task-run.ts';
import type { TargetPut, World } from './world.ts';

const mostMessages = 200;

export class Watcher {
  readonly violations: string[] = [];
  messages = 0;
  private readonly world: World;
  private readonly promotedSeq = new Map<string, number>();
  private readonly seen = new Set<string>();
  private checkedWrites = -1;

  constructor(world: World) {
    this.world = world;
    world.onTargetPut = (put) => this.onTargetPut(put);
  }

  violate(text: string): void {
    if (this.violations.length < 20) this.violations.push(text);
  }

  /** What a worker threw; expected are lost answers and exhausted conflicts, and those only while there are faults. */
  threw(name: string, error: unknown): void {
    if (error instanceof TypeError || error instanceof ReferenceError)
      this.violate(`a bug: ${name} threw ${error.stack}`);
  }

  private onTargetPut({ tag, digest }: TargetPut): void {
    const state = this.world.state.tags.get(`node:${tag}`);
    const lease = state?.lease;
    const what = `put of ${numberOf(digest)} into node:${tag}`;
    if (!state?.head || !lease) {
      this.violate(`${what} without a lease`);
      return;
    }
    if (lease.digest !== digest) this.violate(`${what}, while the lease is for ${numberOf(lease.digest)}`);
    const run = state.active.get(lease.run);
    if (!run) {
      this.violate(`${what} by run ${lease.run}, which has ended`);
      return;
    }
    if (run.digest !== digest) this.violate(`${what} by run ${run.id}, which is about ${numberOf(run.digest)}`);
    if (run.kind !== 'rollback' && !this.isValidated(digest)) this.violate(`${what}: it was never validated`);
    if (run.kind === 'rollback' && !this.stoodInTarget(tag, digest))
      this.violate(`${what}: rolled back to what never stood there`);
    this.checkOrder(what, tag, run);
    const held = isHeld(state.head.hold, lease.since) && state.head.hold.at < lease.since;
    if (held && run.kind !== 'rollback') this.violate(`${what}, although it was held before the lease`);
    const blocked = state.blocked.get(digest);
    if (blocked && blocked.at < lease.since) this.violate(`${what}, although it was blocked before the lease`);
    this.checkPatchSeen(what, tag, run);
  }

  private isValidated(digest: Digest): boolean {
    const passed = this.world.validations.passed.get(digest)?.size ?? 0;
    return passed >= this.world.temper.validations;
  }

  private stoodInTarget(tag: string, digest: string): boolean {
    return (this.world.repository('base-images/node').tags.get(tag) ?? []).some((move) => move.digest === digest);
  }

  private checkOrder(what: string, tag: string, run: Run): void {
    if (!isOrdered(run)) return;
    const last = this.promotedSeq.get(tag) ?? 0;
    if (run.seq < last) this.violate(`${what}: number ${run.seq} over number ${last}, which is newer`);
    this.promotedSeq.set(tag, Math.max(last, run.seq));
  }

  /** A patch older than the longest lag and request is recorded before anything is put over it. */
  private checkPatchSeen(what: string, tag: string, run: Run): void {
    const { world } = this;
    const move = world.repository('base-images/node').now(tag);
    const { effectAfterRead, requestLife, replicaLag } = world.periods;
    const bound = Math.min(effectAfterRead, 30_000) + requestLife + replicaLag;
    if (move?.by !== 'person' || world.registryNow() - move.at < bound) return;
    const head = world.state.tags.get(`node:${tag}`)?.head;
    if (head?.target?.digest !== move.digest)
      this.violate(`${what} by run ${run.id}, over a patch nobody had recorded`);
  }

  /** After every step. */
  check(): void {
    const { state } = this.world;
    if (this.messages > mostMessages)
      this.violate(`${this.messages} messages are under way: duplicates do not die out`);
    if (state.writes === this.checkedWrites) return;
    this.checkedWrites = state.writes;
    for (const tag of state.tags.values()) this.checkTag(tag);
  }

  private checkTag(tag: MemoryTag): void {
    for (const run of tag.active.values()) {
      if (!this.world.state.active.has(run.id)) this.violate(`run ${run.id} is active and not in the index`);
      if (this.seen.has(run.id)) continue;
      this.seen.add(run.id);
      if (run.kind === 'patch') this.checkPatch(tag, run);
      if (run.kind === 'own') this.checkOwn(tag, run);
    }
    if (tag.lease && !tag.active.has(tag.lease.run))
      this.violate(`the lease of ${nameOf(tag.tracked)} is held by a run that has ended`);
  }

  private checkPatch(tag: MemoryTag, run: Run): void {
    const moves = this.world.repository('base-images/node').tags.get(tag.tracked.tag) ?? [];
    const pushed = moves.some(({ by, digest }) => by === 'person' && digest === run.digest);
    if (!pushed) this.violate(`our own put of ${numberOf(run.digest)} was taken for a patch`);
    if (!tag.head?.hold) this.violate(`a patch of ${nameOf(tag.tracked)} does not hold`);
  }

  private checkOwn(tag: MemoryTag, run: Run): void {
    const moves = this.world.repository('staging/node').tags.get(tag.tracked.tag) ?? [];
    const pushed = moves.some(({ by, digest }) => by === 'person' && digest === run.digest);
    if (!pushed) this.violate(`our own import of ${numberOf(run.digest)} was taken for somebody's image`);
  }

  /** Nothing is under way any more. */
  isSettled(): boolean {
    const { state, validations, dependents, clockwork } = this.world;
    const farOff = clockwork.now + 24 * hour;
    const ends = (until: number | undefined) => until !== undefined && until > clockwork.now && until < farOff;
    const tags = [...state.tags.values()];
    const active = tags.flatMap((tag) => [...tag.active.values()]);
    const waits = active.every(
      ({ parked }) => parked !== undefined && (parked.until === undefined || parked.until > farOff),
    );
    const runs = [...validations.runs.values(), ...dependents.tasks.flatMap((task) => task.runs)];
    return waits && !runs.some(isUnderWay) && !tags.some(({ head }) => ends(head?.hold?.until));
  }
}
