/**
 * Finds the name that was probably meant by a misspelt one.
 *
 * @module
 */

/**
 * The known name that is nearest to `word`: one that begins with the other, such as "timeoutMs" for
 * "timeout", or one that a few slips of the finger make of it. Undefined if none is near.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const given = word.toLowerCase();
  let best: string | undefined;
  let least = 1 + Math.floor(given.length / 3);
  for (const name of known) {
    const candidate = name.toLowerCase();
    const isBeginning = given.length >= 3 && candidate.startsWith(given) ||
      given.startsWith(candidate);
    const slips = isBeginning ? 0 : slipsBetween(given, candidate);
    if (slips >= least) continue;
    least = slips;
    best = name;
  }
  return best;
}

/** How many letters are to be put in, taken out, replaced, or swapped with the next one. */
function slipsBetween(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const isSame = one[i - 1] === other[j - 1];
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (isSame ? 0 : 1));
      const isSwap = one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      if (i > 1 && j > 1 && isSwap) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    [before, row] = [row, next];
  }
  return row[other.length];
}
