/** Samples of a program, and whether they grow. */

/** What a program has at one moment. */
export interface Sample {
  readonly seconds: number;
  readonly descriptors: number;
  readonly threads: number;
  readonly rssMiB: number;
}

export type Quantity = "descriptors" | "threads" | "rssMiB";

/** How much more than the control each may grow: what comes and goes, the collector's choice. */
const TOLERANCES: Readonly<Record<Quantity, (before: number) => number>> = {
  descriptors: () => 2,
  threads: () => 1,
  rssMiB: (before) => 8 + before / 10,
};

export const QUANTITIES = Object.keys(TOLERANCES) as Quantity[];

/** The low-water marks of a quantity: at first, and in the end. What is leaked raises them. */
export interface Marks {
  readonly first: number;
  readonly last: number;
}

/** Those of the second minute on; of a shorter run, of its second half. */
export function marksOf(samples: readonly Sample[], quantity: Quantity): Marks {
  const length = samples.at(-1)?.seconds ?? 0;
  const from = Math.min(60, length / 2);
  const values = samples.filter(({ seconds }) => seconds >= from).map((each) => each[quantity]);
  const third = Math.ceil(values.length / 3);
  return { first: Math.min(...values.slice(0, third)), last: Math.min(...values.slice(-third)) };
}

/** Whether the library's line grows where the control's does not. */
export function grows(library: Marks, control: Marks, quantity: Quantity): boolean {
  const growth = library.last - library.first;
  const allowed = Math.max(0, control.last - control.first);
  return growth > allowed + TOLERANCES[quantity](library.first);
}
