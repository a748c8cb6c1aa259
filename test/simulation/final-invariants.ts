/** What must hold once inputs and faults have stopped and everything has settled. docs/architecture.md lists the same. */
import { isHeld } from '../../src/lib/pipeline/holds.ts';
import type { Seen } from '../../src/lib/pipeline/model.ts';
import { nameOf } from '../../src/lib/pipeline/model.ts';
import { imageOf } from '../../src/lib/pipeline/session.ts';
import { referenceOf } from './builds.ts';
import { minute } from './clockwork.ts';
import type { Watcher } from './invariants.ts';
import type { MemoryTag } from './memory-store.ts';
import { isGood, numberOf } from './places.ts';
import type { Scenario } from './scenario.ts';
import { changesCatalog, commandOf } from './scenario.ts';
import type { World } from './world.ts';

export class FinalWatcher {
  private readonly world: World;
  private readonly watcher: Watcher;
  /** Writes when the world became quiet. */
  private readonly quietSince: number;

  constructor(world: World, watcher: Watcher) {
    this.world = world;
    this.watcher = watcher;
    this.quietSince = world.state.writes;
  }

  /** All of it, and that nothing was written since the world became quiet. */
  checkEnd(scenario: Scenario): void {
    const { state } = this.world;
    for (const tag of state.tags.values()) {
      this.checkEnded(tag);
      if (this.isHalted(tag)) continue;
      if (imageOf(this.world.catalog, tag.tracked)) this.checkPlaces(tag);
      this.checkConverged(tag, scenario);
      if (!scenario.inputs.some(changesCatalog)) this.checkRebuilt(tag);
    }
    this.checkValidatedOnce(scenario);
    this.checkCarried(scenario);
    for (const [kick, count] of this.world.dependents.kicks) {
      if (count > 1) this.watcher.violate(`the dependent of ${kick} was started ${count} times for one promotion`);
    }
    if (state.writes !== this.quietSince)
      this.watcher.violate(`an unchanged world had ${state.writes - this.quietSince} writes`);
    for (const id of state.active.keys()) {
      if (![...state.tags.values()].some((tag) => tag.active.has(id)))
        this.watcher.violate(`the index names run ${id}, which is not active`);
    }
  }

  /** Where no message, worker or answer is lost, messages carry every run: the sweep finds nobody to wake. */
  private checkCarried({ temper, inputs }: Scenario): void {
    const { faults, lostMessages, refusedCalls, stubbornConflicts } = temper;
    const lost = faults.crash + faults.freeze + faults.lostAnswer + lostMessages + refusedCalls + stubbornConflicts;
    if (lost > 0 || inputs.some((input) => input.do === 'newer-release')) return;
    for (const { run, to, why } of this.world.transitions) {
      if (to === 'woken' && why.startsWith('it was due')) this.watcher.violate(`run ${run} had no message: ${why}`);
    }
  }

  /** Every run has ended, or waits for something it names. */
  private checkEnded(tag: MemoryTag): void {
    const now = this.world.clockwork.now;
    for (const run of tag.active.values()) {
      if (run.parked?.for === 'hold' && !isHeld(tag.head?.hold, now - 20 * minute))
        this.watcher.violate(`run ${run.id} is parked for a hold that is over`);
      if (!run.parked)
        this.watcher.violate(`run ${run.id} (${run.kind}, ${run.stage}) is neither ended nor parked: ${run.why}`);
    }
    for (const run of tag.ended.values())
      if (!this.world.state.ended.has(run.id)) this.watcher.violate(`run ${run.id} has ended and is not listed`);
  }

  /** A stalled run holds the lease: until an operator has looked, nobody knows what the target shows. */
  private isHalted({ lease, active }: MemoryTag): boolean {
    return lease !== undefined && active.get(lease.run)?.parked?.for === 'stalled';
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
        this.watcher.violate(
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
      (input) => input.do !== 'upstream' && (input.tag === name || changesCatalog(input)),
    );
    const image = scenario.inputs.some((input) => commandOf(input)?.includes('-image'));
    const stuck = [...tag.active.values()].some(({ parked }) => parked !== undefined);
    const expired = [...tag.ended.values()].some(
      ({ ended }) => ended?.outcome === 'expired' || ended?.outcome === 'gone',
    );
    if (meddled || image || stuck || expired || head.hold) return;
    if (head.target?.digest !== upstream.digest)
      this.watcher.violate(
        `${nameOf(tag.tracked)}: upstream has ${numberOf(upstream.digest)}, the target ${head.target && numberOf(head.target.digest)}`,
      );
  }

  private checkRebuilt(tag: MemoryTag): void {
    const { target } = tag.head ?? {};
    const run = target?.run === undefined ? undefined : tag.ended.get(target.run);
    const wanted = run?.ended?.outcome;
    if (!target || !(wanted === 'promoted' || wanted === 'patched' || wanted === 'rolled-back')) return;
    if (this.wentAndCameBack(tag, target)) return;
    for (const task of this.world.dependents.tasks) {
      const base = task.bases.find(
        ({ registry, tag: name }) => registry === 'buffer.local' && name === tag.tracked.tag,
      );
      if (!base) continue;
      const builtOn = task.builtOn.get(referenceOf(base));
      const build = [...(tag.builds.get(run?.id ?? '')?.values() ?? [])].find((one) => one.task === task.name);
      if (!build) this.watcher.violate(`${task.name} has no build for run ${run?.id}`);
      else if (build.state === 'rebuilt' && builtOn !== target.digest)
        this.watcher.violate(`${task.name} is called rebuilt, and is built on ${builtOn}`);
      else if (build.state === 'waiting' || build.state === 'building' || build.state === 'kicking')
        this.watcher.violate(`${task.name} is left ${build.state}`);
    }
  }

  /** Somebody moved the target away and back, and nobody heard of it: what was built in between is nobody's to know. */
  private wentAndCameBack({ tracked }: MemoryTag, { at }: Seen): boolean {
    const move = this.world.repository('base-images/node').now(tracked.tag);
    return move?.by === 'person' && move.at > at;
  }

  /** One effective validation for each digest, but for those that an operator forced. */
  private checkValidatedOnce({ inputs }: Scenario): void {
    const { validations } = this.world;
    const commands = inputs.map(commandOf);
    const forced = commands.filter((command) => command === 'force' || command === 'retry').length;
    const counts = new Map<string, number>();
    for (const [id, { digest, entry, status, log }] of validations.runs) {
      const verdict = status === 'succeeded' || (status === 'failed' && log.endsWith('status 1'));
      const what = `${numberOf(digest)} by ${entry}`;
      if (verdict && validations.recorded.has(id)) counts.set(what, (counts.get(what) ?? 0) + 1);
    }
    for (const [what, count] of counts) {
      if (count > 1 + forced) this.watcher.violate(`${what} was validated ${count} times`);
    }
  }
}
