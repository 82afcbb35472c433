/**
 * What a runtime's own child object says of its process: whether it has seen the end, and how it was.
 *
 * @module
 */
import { setsSignalCodeEarly } from "./runtime.ts";
import { reportUncaught } from "./timer.ts";

/** What a child process looks like in every runtime: ChildProcess, Deno.ChildProcess, Bun.Subprocess, execa's. */
export interface ChildLike {
  /** Its pid; undefined where the program could not be started. */
  readonly pid?: number | undefined;
}

/** How a child ended, in the runtime's words: with an exit code, or by a signal. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Everything of the three kinds of child that is used here; each has some of it. */
interface AnyChild {
  /** Node and Bun: null until the end was seen. */
  readonly exitCode?: number | null;
  readonly signalCode?: string | null;
  readonly killed?: boolean;
  /** Node. */
  once?(event: "exit", listener: (code: number | null, signal: string | null) => void): void;
  removeListener?(event: "exit", listener: () => void): void;
  /** Bun. */
  readonly exited?: Promise<unknown>;
  /** Deno. */
  readonly status?: Promise<{ code: number; signal: string | null }>;
}

/** Whether the runtime has seen its child end: then the pid may be somebody else's. */
export function hasEnded(child: ChildLike): boolean {
  const { exitCode, signalCode } = child as AnyChild;
  if (typeof exitCode === "number") return true;
  return typeof signalCode === "string" && (!isSilenced(child) || hasClosed(child));
}

/** Whether the runtime reports how its child ended as the signal that it has sent itself, whatever the end was. */
function isSilenced(child: ChildLike): boolean {
  return setsSignalCodeEarly() && (child as AnyChild).killed === true;
}

/**
 * Whether the event `close` has come, which is all that a silenced child shows of its end: it counts its streams, and itself as
 * one of them. Where these counts have other names, it has not, and nothing is said.
 */
function hasClosed(child: ChildLike): boolean {
  const counts = Object.getOwnPropertySymbols(child).map((symbol) =>
    [symbol.description, (child as Record<symbol, unknown>)[symbol]] as const
  );
  const { _closesNeeded: needed, _closesReceived: received } = Object.fromEntries(counts);
  return typeof needed === "number" && received === needed;
}

/** Calls back when the runtime sees its child end, or hears that somebody else has reaped it. The answer takes that back. */
export function hearEnd(child: ChildLike, onEnd: () => void): () => void {
  const { exited, status, once, removeListener } = child as AnyChild;
  let heard: (() => void) | undefined = onEnd;
  const hear = () => {
    try {
      heard?.();
    } catch {
      // A look that failed for want of memory: the watcher tells of the end too.
    }
  };
  const promise = exited instanceof Promise ? exited : status;
  if (promise instanceof Promise) promise.then(hear, hear);
  else if (typeof once === "function") once.call(child, "exit", hear);
  return () => {
    // A promise keeps who listens to it, but no longer the handle.
    heard = undefined;
    try {
      removeListener?.call(child, "exit", hear);
    } catch (error) {
      reportUncaught(error);
    }
  };
}

/** How the child ended, if the runtime has seen that and says so without being waited for: Deno does not. */
export function statusSoFar(child: ChildLike): ChildEnd | null {
  return hasEnded(child) ? ended(child) : null;
}

/**
 * How the child ended, in the runtime's own words; null where it has none. A core dump is something it does not tell.
 */
export async function runtimeStatus(child: ChildLike): Promise<ChildEnd | null> {
  const { exited, status, once } = child as AnyChild;
  // It has no word to wait for, and its event may be over.
  if (hasEnded(child) || isSilenced(child)) return ended(child);
  if (exited instanceof Promise) {
    await exited;
    return ended(child);
  }
  if (status instanceof Promise) {
    const { code, signal } = await status;
    return translate(code, signal);
  }
  if (typeof once !== "function") return null;
  return await new Promise((resolve) =>
    once.call(child, "exit", (code, signal) => resolve(told(child, code, signal)))
  );
}

function ended(child: ChildLike): ChildEnd | null {
  const { exitCode, signalCode } = child as AnyChild;
  return told(child, exitCode ?? null, signalCode ?? null);
}

function told(child: ChildLike, code: number | null, signal: string | null): ChildEnd | null {
  return signal !== null && isSilenced(child) ? null : translate(code, signal);
}

function translate(code: number | null, signal: string | null): ChildEnd | null {
  return signal === null && code === null ? null : { code, signal };
}
