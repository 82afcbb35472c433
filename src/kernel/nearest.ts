/**
 * Finds the name that was probably meant by a misspelt one.
 *
 * @module
 */

/**
 * The known name that is nearest to `word`: one that begins with the other, such as "timeoutMs" for
 * "timeout", or one that a few slips of the finger make of it. Undefined if none is near.
 */
export function nearest<T extends string>(word: string, known: readonly T[]): T | undefined {
  const given = word.toLowerCase();
  let best: T | undefined;
  let least = 1 + Math.floor(given.length / 3);
  for (const name of known) {
    const candidate = name.toLowerCase();
    const isBeginning = given.length >= 3 && candidate.startsWith(given) ||
      given.startsWith(candidate);
    const slips = isBeginning ? 0 : editDistance(given.slice(0, 20), candidate);
    if (slips >= least) continue;
    least = slips;
    best = name;
  }
  return best;
}

/**
 * How many letters must be added, removed, changed or swapped with their neighbour to make one word
 * of the other.
 */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      const change = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? rows[i - 2][j - 2] + 1 : Infinity;
      rows[i].push(Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, change, swap));
    }
  }
  return rows[a.length][b.length];
}
