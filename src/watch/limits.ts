/**
 * What a wait does with objects that are not its own: whatever they throw, everything is done.
 *
 * @module
 */

/** Why a signal was aborted; what asking throws, where it does. */
export function reasonOf(signal: AbortSignal): unknown {
  try {
    return signal.reason;
  } catch (error) {
    return error;
  }
}

/** Calls each; the first exception is thrown when all were called. */
export function callEach(actions: readonly (() => void)[]): void {
  let thrown: { error: unknown } | undefined;
  for (const action of actions) {
    try {
      action();
    } catch (error) {
      thrown ??= { error };
    }
  }
  if (thrown) throw thrown.error;
}
