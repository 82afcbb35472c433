/** Checks of thrown errors that all tests share. */
import assert from "node:assert/strict";

/** What each place that takes a number must refuse, whatever the number means. */
export const WRONG_TYPES: unknown[] = [undefined, null, "7", 5n, {}, [], true, Symbol.iterator];
export const WRONG_NUMBERS: number[] = [NaN, 1.5, -1, 2 ** 31, 2 ** 53, Infinity, -Infinity];

/** The error that `action` throws. */
export function thrown(action: () => unknown): Error & Record<string, unknown> {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof Error);
    return error as never;
  }
  assert.fail("nothing was thrown");
}

/** Holds a thrown error against the fields that are expected of it. */
export function assertThrows(action: () => unknown, expected: Record<string, unknown>): void {
  const error = thrown(action);
  const actual = Object.fromEntries(Object.keys(expected).map((key) => [key, error[key]]));
  assert.deepEqual(actual, expected, error.message);
}
