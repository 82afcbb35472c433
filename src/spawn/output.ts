/**
 * Collects what a child writes until it has ended.
 *
 * @module
 */
import { startTimer } from "../../ffi/timer.ts";
import { checkInteger, readOptions } from "../kernel/arguments.ts";
import type { ExitStatus } from "../kernel/exit.ts";
import type { PipeReader, Sink } from "./pipe.ts";

/** How much output to keep, and how long to wait for it. */
export interface OutputOptions {
  /**
   * How many bytes of each stream to keep: an integer from 0 to 2147483647; all if left out. The
   * rest is read, so that the child goes on, and dropped.
   */
  readonly maxBytes?: number | undefined;
  /**
   * How long to read after the child has ended, while a process that it has started still has its
   * streams open: milliseconds from 0 to 2147483647; 5000 if left out.
   */
  readonly drainMs?: number | undefined;
}

/** What a child has written, and how it ended. */
export interface ChildOutput {
  /** How it ended. */
  readonly status: ExitStatus;
  /** What came from its standard output; empty where that is no pipe. */
  readonly stdout: Uint8Array;
  /** What came from its standard error; empty where that is no pipe. */
  readonly stderr: Uint8Array;
  /** Whether there was, or may have been, more: `maxBytes` or `drainMs` was too little. */
  readonly truncated: boolean;
}

/** Checks the options. */
export function checkOutputOptions(options: OutputOptions): { maxBytes: number; drainMs: number } {
  const action = "collect output";
  const defaults = { maxBytes: undefined, drainMs: undefined };
  const { maxBytes, drainMs } = readOptions(action, options, defaults);
  return {
    maxBytes: maxBytes === undefined ? Infinity : checkInteger(action, "maxBytes", maxBytes, 0),
    drainMs: drainMs === undefined ? 5000 : checkInteger(action, "drainMs", drainMs, 0),
  };
}

/** Reads one stream to its end. */
class Collector implements Sink {
  readonly #maxBytes: number;
  readonly #chunks: Uint8Array[] = [];
  readonly #end = Promise.withResolvers<void>();
  #size = 0;
  isTruncated = false;

  constructor(reader: PipeReader | undefined, maxBytes: number) {
    this.#maxBytes = maxBytes;
    if (reader) reader.read(this);
    else this.#end.resolve();
  }

  get end(): Promise<void> {
    return this.#end.promise;
  }

  onBytes(bytes: Uint8Array): boolean {
    const kept = bytes.subarray(0, this.#maxBytes - this.#size);
    if (kept.length < bytes.length) this.isTruncated = true;
    if (kept.length > 0) this.#chunks.push(kept);
    this.#size += kept.length;
    return true;
  }

  onEnd(error?: Error): void {
    if (error) this.#end.reject(error);
    else this.#end.resolve();
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.#size);
    let at = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }
}

/** Reads both streams until they and the process have ended. The options were checked. */
export async function collect(
  readers: readonly (PipeReader | undefined)[],
  ended: Promise<ExitStatus>,
  { maxBytes, drainMs }: { maxBytes: number; drainMs: number },
): Promise<ChildOutput> {
  const [out, err] = readers.map((reader) => new Collector(reader, maxBytes));
  const drained = Promise.all([out.end, err.end]).then(() => true);
  let stop = () => {};
  try {
    const status = await Promise.race([ended, drained.then(() => ended)]);
    const timeUp = new Promise<boolean>((resolve) => {
      stop = startTimer(drainMs, () => resolve(false));
    });
    const isComplete = await Promise.race([drained, timeUp]);
    const truncated = !isComplete || out.isTruncated || err.isTruncated;
    return { status, stdout: out.bytes(), stderr: err.bytes(), truncated };
  } finally {
    stop();
    for (const reader of readers) reader?.close();
  }
}
