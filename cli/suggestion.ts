/** What somebody may have meant by a misspelt word. */
import { nearest } from "../src/kernel/nearest.ts";

/** The one candidate that begins so, else the one that differs by a letter or two, as a hint; else nothing. */
export function hint(
  word: string,
  candidates: readonly string[],
  written: (candidate: string) => string,
): string {
  const longer = candidates.filter((candidate) => candidate.startsWith(word));
  const meant = longer.length === 1 ? longer[0] : nearest(word, candidates);
  return meant === undefined ? "" : ` (did you mean ${written(meant)}?)`;
}
