/**
 * Our ends of the pipes and sockets of one child. A stream is made when it is first asked for.
 *
 * @module
 */
import { reportUncaught } from "../../ffi/timer.ts";
import { nextTurn } from "../../ffi/turn.ts";
import { PipeReader, PipeWriter } from "./pipe.ts";
import { type Placed, SOCKET } from "./stdio.ts";
import {
  type ChildDuplex,
  type ChildReadable,
  type ChildWritable,
  duplexOf,
  duplicate,
  readableOf,
  writableOf,
} from "./streams.ts";

/** One of them. */
interface End {
  readonly isSocket: boolean;
  readonly reader: PipeReader | undefined;
  writer: PipeWriter | undefined;
  stream: object | undefined;
}

/** All of them, by their numbers in the child. */
export class Pipes {
  readonly #ends: Map<number, End> = new Map();
  #isRef = true;
  #isOutputTaken = false;
  /** The streams that are no standard ones. */
  readonly additional: Readonly<Record<number, ChildReadable | ChildDuplex>> = {};

  /** Owns the descriptors from then on. */
  constructor(fds: ReadonlyMap<number, number>, placed: readonly Placed[]) {
    for (const { target, kind } of placed) {
      const fd = fds.get(target);
      if (fd === undefined) continue;
      const isInput = target === 0;
      this.#ends.set(target, {
        isSocket: kind === SOCKET,
        reader: isInput ? undefined : new PipeReader(fd),
        writer: isInput ? new PipeWriter(fd) : undefined,
        stream: undefined,
      });
      if (target > 2) this.#define(target);
    }
  }

  /** What the child reads; null where that is nothing of ours. */
  writable(target: number): ChildWritable | null {
    const end = this.#ends.get(target);
    if (!end) return null;
    if (!end.stream) {
      end.stream = writableOf(end.writer!);
      if (this.#isOutputTaken) this.#expectBrokenPipe(end);
    }
    return end.stream as ChildWritable;
  }

  /** What the child writes; null where that is nothing of ours. */
  readable(target: number): ChildReadable | null {
    const end = this.#ends.get(target);
    return end ? (end.stream ??= readableOf(end.reader!)) as ChildReadable : null;
  }

  /** Standard output and error for somebody who reads them all; closes an unused input. */
  takeOutput(): (PipeReader | undefined)[] {
    const ends = [1, 2].map((target) => this.#ends.get(target));
    if (ends.some((end) => end?.stream)) {
      throw new TypeError("Cannot collect output: a stream of it was used already");
    }
    for (const end of ends) if (end) end.stream = end.reader;
    this.#isOutputTaken = true;
    this.#expectBrokenPipe(this.#ends.get(0));
    this.#closeUnusedInput();
    return ends.map((end) => end?.reader);
  }

  /** Whether waiting for them keeps the program alive. */
  setRef(isRef: boolean): void {
    this.#isRef = isRef;
    for (const { reader, writer } of this.#ends.values()) {
      reader?.setRef(isRef);
      writer?.setRef(isRef);
    }
  }

  /** Closes them all. */
  close(): void {
    for (const { reader, writer, stream } of this.#ends.values()) {
      if (stream && "destroy" in stream) (stream as ChildDuplex).destroy();
      reader?.close();
      writer?.close();
    }
  }

  /**
   * Whoever collects the output learns by the status how the child ended; that it did not read all
   * of its input before must not end this program.
   */
  #expectBrokenPipe(input: End | undefined): void {
    if (!input?.stream) return;
    const stream = input.stream as ChildWritable;
    stream.on("error", (error: Error & { code?: string }) => {
      if (error.code !== "EPIPE" && stream.listenerCount("error") === 1) reportUncaught(error);
    });
  }

  /** Whoever asked for the output first writes the input in the same turn. */
  async #closeUnusedInput(): Promise<void> {
    await nextTurn();
    const input = this.#ends.get(0);
    if (input && !input.stream) input.writer!.close();
  }

  #define(target: number): void {
    const get = () =>
      this.#ends.get(target)!.isSocket ? this.#duplex(target) : this.readable(target);
    Object.defineProperty(this.additional, target, { get, enumerable: true });
  }

  #duplex(target: number): ChildDuplex {
    const end = this.#ends.get(target)!;
    if (!end.stream) {
      end.writer = new PipeWriter(duplicate(end.reader!.fd));
      end.writer.setRef(this.#isRef);
      end.stream = duplexOf(end.reader!, end.writer);
    }
    return end.stream as ChildDuplex;
  }
}
