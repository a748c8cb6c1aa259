import { distance } from 'fastest-levenshtein';

/** `one of a, b, c`: how a closed list of words is named in every "expected". */
export function oneOf(words: readonly string[]): string {
  return words.length === 1 ? `${words[0]}` : `one of ${words.join(', ')}`;
}

/** "Did you mean …?", where one of the known words is near enough to be a slip of the hand. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const near = nearest(word, known);
  return near === undefined ? undefined : `Did you mean ${near}?`;
}

function nearest(word: string, known: readonly string[]): string | undefined {
  const lower = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.ceil(word.length / 3)) + 1;
  for (const candidate of known) {
    const far = distance(lower, candidate.toLowerCase());
    if (far < bestDistance && far < candidate.length) {
      best = candidate;
      bestDistance = far;
    }
  }
  return best;
}
