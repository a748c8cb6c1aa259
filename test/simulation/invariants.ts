/** What must hold after every step, and at the end. docs/architecture.md lists the same, with the reasons. */

import type { Digest } from '../../src/lib/image/digest.ts';
import { isHeld } from '../../src/lib/pipeline/gate.ts';
import type { Run } from '../../src/lib/pipeline/model.ts';
import { nameOf } from '../../src/lib/pipeline/model.ts';
import { isOrdered } from '../../src/lib/pipeline/notice.ts';
import { imageOf } from '../../src/lib/pipeline/session.ts';
import { hour, minute } from './clockwork.ts';
import type { MemoryTag } from './memory-store.ts';
import { isGood, numberOf } from './places.ts';
import type { Scenario } from './scenario.ts';
import { referenceOf } from './tasks.ts';
import type { TargetPut, World } from './world.ts';

const mostMessages = 200;

export class Watcher {
  readonly violations: string[] = [];
  messages = 0;
  private readonly world: World;
  private readonly promotedSeq = new Map<string, number>();
  private readonly seen = new Set<string>();
  private checkedWrites = -1;
  private quiet: { writes: number } | undefined;

  constructor(world: World) {
    this.world = world;
    world.onTargetPut = (put) => this.onTargetPut(put);
  }

  private violate(text: string): void {
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
    if (run.kind !== 'rollback' && !this.world.validations.passed.has(digest))
      this.violate(`${what}: it was never validated`);
    if (run.kind === 'rollback' && !this.stoodInTarget(tag, digest))
      this.violate(`${what}: rolled back to what never stood there`);
    this.checkOrder(what, tag, run);
    const held = isHeld(state.head.hold, lease.since) && state.head.hold.at < lease.since;
    if (held && run.kind !== 'rollback') this.violate(`${what}, although it was held before the lease`);
    const blocked = state.blocked.get(digest);
    if (blocked && blocked.at < lease.since) this.violate(`${what}, although it was blocked before the lease`);
    this.checkPatchSeen(what, tag, run);
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
    const idle = runs.every(({ status }) => status !== 'queued' && status !== 'running');
    return waits && idle && !tags.some(({ head }) => ends(head?.hold?.until));
  }

  beginQuiet(): void {
    this.quiet = { writes: this.world.state.writes };
  }

  end(scenario: Scenario): void {
    const { state } = this.world;
    for (const tag of state.tags.values()) {
      this.checkEnded(tag);
      if (imageOf(this.world.catalog, tag.tracked)) this.checkPlaces(tag);
      this.checkConverged(tag, scenario);
      if (!scenario.inputs.some((input) => input.do === 'catalog')) this.checkRebuilt(tag);
    }
    this.checkValidatedOnce(scenario);
    this.checkCarried(scenario);
    for (const [kick, count] of this.world.dependents.kicks) {
      if (count > 1) this.violate(`the dependent of ${kick} was started ${count} times for one promotion`);
    }
    if (this.quiet && state.writes !== this.quiet.writes)
      this.violate(`an unchanged world had ${state.writes - this.quiet.writes} writes`);
    for (const id of state.active.keys()) {
      if (![...state.tags.values()].some((tag) => tag.active.has(id)))
        this.violate(`the index names run ${id}, which is not active`);
    }
  }

  /** Where no message, worker or answer is lost, messages carry every run: the sweep finds nobody to wake. */
  private checkCarried({ temper: { faults, lostMessages } }: Scenario): void {
    if (faults.crash + faults.freeze + faults.lostAnswer + lostMessages > 0) return;
    for (const { run, to, why } of this.world.transitions) {
      if (to === 'woken' && why.startsWith('it was due')) this.violate(`run ${run} had no message: ${why}`);
    }
  }

  /** Every run has ended, or waits for something it names. */
  private checkEnded(tag: MemoryTag): void {
    const now = this.world.clockwork.now;
    for (const run of tag.active.values()) {
      if (run.parked?.for === 'hold' && !isHeld(tag.head?.hold, now - 20 * minute))
        this.violate(`run ${run.id} is parked for a hold that is over`);
      if (!run.parked)
        this.violate(`run ${run.id} (${run.kind}, ${run.stage}) is neither ended nor parked: ${run.why}`);
    }
    for (const run of tag.ended.values())
      if (!this.world.state.ended.has(run.id)) this.violate(`run ${run.id} has ended and is not listed`);
  }

  /** No move in staging or target is overlooked for good. */
  private checkPlaces(tag: MemoryTag): void {
    for (const [place, name] of [
      ['staging', 'staging/node'],
      ['target', 'base-images/node'],
    ] as const) {
      const shows = this.world.repository(name).now(tag.tracked.tag)?.digest;
      const recorded = tag.head?.[place]?.digest;
      if (shows !== recorded)
        this.violate(
          `${place} of ${nameOf(tag.tracked)} shows ${shows && numberOf(shows)}, recorded is ${recorded && numberOf(recorded)}`,
        );
    }
  }

  /** With nothing in the way, the target is what upstream has, with events or without. */
  private checkConverged(tag: MemoryTag, scenario: Scenario): void {
    const { head } = tag;
    const upstream = this.world.upstream.now(tag.tracked.tag);
    if (!head || !upstream || upstream.by === 'person' || !isGood(upstream.digest)) return;
    const name = tag.tracked.tag;
    const meddled = scenario.inputs.some(
      (input) => input.do !== 'upstream' && (input.tag === name || input.do === 'catalog'),
    );
    const image = scenario.inputs.some((input) => 'command' in input && input.command.endsWith('-image'));
    const stuck = [...tag.active.values()].some(({ parked }) => parked !== undefined);
    const expired = [...tag.ended.values()].some(
      ({ ended }) => ended?.outcome === 'expired' || ended?.outcome === 'gone',
    );
    if (meddled || image || stuck || expired || head.hold) return;
    if (head.target?.digest !== upstream.digest)
      this.violate(
        `${nameOf(tag.tracked)}: upstream has ${numberOf(upstream.digest)}, the target ${head.target && numberOf(head.target.digest)}`,
      );
  }

  private checkRebuilt(tag: MemoryTag): void {
    const { target } = tag.head ?? {};
    const run = target?.run === undefined ? undefined : tag.ended.get(target.run);
    const wanted = run?.ended?.outcome;
    if (!target || !(wanted === 'promoted' || wanted === 'patched' || wanted === 'rolled-back')) return;
    for (const task of this.world.dependents.tasks) {
      const base = task.bases.find(
        ({ registry, tag: name }) => registry === 'buffer.local' && name === tag.tracked.tag,
      );
      if (!base) continue;
      const builtOn = task.builtOn.get(referenceOf(base));
      const build = [...(tag.builds.get(run?.id ?? '')?.values() ?? [])].find((one) => one.task === task.name);
      if (!build) this.violate(`${task.name} has no build for run ${run?.id}`);
      else if (build.state === 'rebuilt' && builtOn !== target.digest)
        this.violate(`${task.name} is called rebuilt, and is built on ${builtOn}`);
      else if (build.state === 'waiting' || build.state === 'building' || build.state === 'kicking')
        this.violate(`${task.name} is left ${build.state}`);
    }
  }

  /** One effective validation for each digest, but for those that an operator forced. */
  private checkValidatedOnce({ inputs }: Scenario): void {
    const { validations } = this.world;
    const asked = inputs.map((input) =>
      input.do === 'operator' ? input.command : input.do === 'ambush' ? input.act : '',
    );
    const changed = inputs.filter((input) => input.do === 'catalog').length;
    const forced = asked.filter((command) => command === 'force' || command === 'retry').length + changed;
    const counts = new Map<Digest, number>();
    for (const [id, { digest, status, log }] of validations.runs) {
      const verdict = status === 'succeeded' || (status === 'failed' && log.endsWith('status 1'));
      if (verdict && validations.recorded.has(id)) counts.set(digest, (counts.get(digest) ?? 0) + 1);
    }
    for (const [digest, count] of counts) {
      if (count > 1 + forced) this.violate(`${numberOf(digest)} was validated ${count} times`);
    }
  }
}
