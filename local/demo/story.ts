import { type Act, badUpdate, firstImage, goodUpdate, lostEvent, nextGoodUpdate } from './acts.ts';
import { manualReimport, patchByHand, rollBack } from './operator-acts.ts';
import { type Stage, Untrue } from './stage.ts';

const acts: readonly Act[] = [
  firstImage,
  goodUpdate,
  badUpdate,
  nextGoodUpdate,
  lostEvent,
  manualReimport,
  patchByHand,
  rollBack,
];

/** Plays the story to its end, or to the first step that does not come true. The answer is whether all did. */
export async function playStory(stage: Stage): Promise<boolean> {
  for (const [index, act] of acts.entries()) {
    stage.terminal.heading(String(index + 1), act.title);
    try {
      await act.play(stage);
    } catch (error) {
      stage.signal.throwIfAborted();
      if (!(error instanceof Error)) throw error;
      stage.note('wrong', error instanceof Untrue ? 'not true' : 'failed', error.message);
      return false;
    }
  }
  return true;
}
