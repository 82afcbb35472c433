/**
 * The word that somebody may have meant by another one.
 *
 * @module
 */

/** The candidate that differs by the fewest letters: by one from a short word, by two from a long one. */
export function nearest<T extends string>(word: string, candidates: readonly T[]): T | undefined {
  // Two changes make almost anything of three letters, and SIGPIPE of "NOPE".
  const most = Math.min(word.length < 5 ? 1 : 2, word.length >> 1);
  let best: { candidate: T; distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(word.slice(0, 20), candidate);
    if (distance <= most && distance < (best?.distance ?? 3)) best = { candidate, distance };
  }
  return best?.candidate;
}

/** How many letters must be added, removed, changed or swapped with their neighbour to make one word of the other. */
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
