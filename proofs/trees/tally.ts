/** The sums over the rounds of one proof, as a row of a table. */

export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** Median and maximum. */
export function spread(values: number[], digits = 0): string {
  if (values.length === 0) return "-";
  return `${median(values).toFixed(digits)}/${Math.max(...values).toFixed(digits)}`;
}

/** One line of a table: the first cell flush left, the others in columns of their own width. */
export function row(first: string, cells: (string | number)[]): string {
  return `  ${first.padEnd(42)}${cells.map((cell) => String(cell).padStart(12)).join("")}`;
}
