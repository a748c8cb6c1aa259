/** An operator, who commands what he sees, and now and then what makes no sense. */

import type { Digest } from '../../src/lib/image/digest.ts';
import { approve, expedite, reject } from '../../src/lib/pipeline/commands/approval.ts';
import { hold, holdImage, resume, resumeImage } from '../../src/lib/pipeline/commands/hold.ts';
import { rollback, unblock } from '../../src/lib/pipeline/commands/rollback.ts';
import { cancel, reimport, retry } from '../../src/lib/pipeline/commands/run.ts';
import type { Run, TrackedTag } from '../../src/lib/pipeline/model.ts';
import { nameOf } from '../../src/lib/pipeline/model.ts';
import type { Pipeline } from '../../src/lib/pipeline/session.ts';
import { minute } from './clockwork.ts';
import { digestOf } from './places.ts';
import type { Random } from './random.ts';
import type { Command } from './scenario.ts';
import type { World } from './world.ts';

export class Operator {
  private readonly world: World;
  private readonly draw: Random;

  constructor(world: World, draw: Random) {
    this.world = world;
    this.draw = draw;
  }

  async carryOut(pipeline: Pipeline, tracked: TrackedTag, command: Command): Promise<unknown> {
    const caller = { by: 'operator', reason: command };
    const { world } = this;
    const known = [...world.state.tags.values()].filter(({ head }) => head).map((one) => one.tracked);
    switch (command) {
      case 'hold':
        return hold(pipeline, tracked, caller);
      case 'hold-for-a-while':
        return hold(pipeline, tracked, caller, world.clockwork.now + 40 * minute);
      case 'resume':
        return resume(pipeline, tracked, caller);
      case 'hold-image':
        return holdImage(pipeline, tracked.image, known, caller);
      case 'hold-image-for-a-while':
        return holdImage(pipeline, tracked.image, known, caller, world.clockwork.now + 40 * minute);
      case 'resume-image':
        return resumeImage(pipeline, tracked.image, known, caller);
      case 'reimport':
      case 'force':
        return reimport(pipeline, tracked, caller, command === 'force');
      case 'rollback':
        return rollback(pipeline, tracked, this.goodOld(tracked), caller);
      case 'unblock':
        return unblock(pipeline, tracked, this.oneOf(world.state.tags.get(nameOf(tracked))?.blocked), caller);
      default:
        return this.onRun(pipeline, tracked, command);
    }
  }

  private async onRun(pipeline: Pipeline, tracked: TrackedTag, command: Command): Promise<unknown> {
    const caller = { by: 'operator', reason: command };
    const tag = this.world.state.tags.get(nameOf(tracked));
    const run = this.runFor(command, [...(tag?.active.values() ?? [])], [...(tag?.ended.values() ?? [])]);
    if (!run) return cancel(pipeline, tracked, 'none', caller);
    if (command === 'approve-other') return approve(pipeline, tracked, run.id, digestOf(1), caller);
    if (command === 'approve') return approve(pipeline, tracked, run.id, run.digest, caller);
    if (command === 'reject-other') return reject(pipeline, tracked, run.id, digestOf(1), caller);
    if (command === 'reject') return reject(pipeline, tracked, run.id, run.digest, caller);
    if (command === 'expedite') return expedite(pipeline, tracked, run.id, caller);
    return command === 'cancel' ? cancel(pipeline, tracked, run.id, caller) : retry(pipeline, tracked, run.id, caller);
  }

  /** What stood in the target, most times. */
  private goodOld(tracked: TrackedTag): Digest {
    const digests = this.world.state.tags.get(nameOf(tracked))?.digests;
    const stood = new Map([...(digests ?? [])].filter(([, row]) => row.inTargetAt !== undefined));
    return this.oneOf(stood.size > 0 && this.draw.chance(0.9) ? stood : digests);
  }

  private oneOf(rows: ReadonlyMap<Digest, unknown> | undefined): Digest {
    const digests = [...(rows?.keys() ?? [])];
    return digests.length > 0 ? this.draw.pick(digests) : digestOf(1);
  }

  /** The run that an operator would mean, most times. */
  private runFor(command: Command, active: readonly Run[], ended: readonly Run[]): Run | undefined {
    const reason = { retry: 'stalled', approve: 'approval', reject: 'approval' } as const;
    const wanted = command in reason ? reason[command as keyof typeof reason] : undefined;
    const meant = active.filter((run) => run.parked?.for === wanted);
    const from = meant.length > 0 ? meant : this.draw.chance(0.9) ? active : ended;
    return from.length > 0 ? this.draw.pick(from) : undefined;
  }
}
