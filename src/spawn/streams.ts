/**
 * The streams of a child, as `node:stream` has them on every runtime.
 *
 * @module
 */
import type { Duplex, Readable, Writable } from "node:stream";
import { streams } from "../../ffi/spawning.ts";
import { F_DUPFD_CLOEXEC } from "../kernel/constants.ts";
import { check } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import type { PipeReader, PipeWriter, Sink } from "./pipe.ts";

/** What a child writes: a `Readable` of `node:stream`, and the same as a Web stream. */
export type ChildReadable = Readable & {
  /** The same bytes as a Web stream, which takes the place of this one. */
  readonly web: ReadableStream<Uint8Array>;
};

/** What a child reads: a `Writable` of `node:stream`, and the same as a Web stream. */
export type ChildWritable = Writable & {
  /** The same stream as a Web stream, which takes the place of this one. */
  readonly web: WritableStream<Uint8Array>;
};

/** A socket to a child: a `Duplex` of `node:stream`. */
export type ChildDuplex = Duplex;

type Callback = (error?: Error | null) => void;

/** As much as a full pipe has. */
const highWaterMark = 65_536;

/** A stream of what a pipe brings. */
export function readableOf(reader: PipeReader): ChildReadable {
  const { Readable } = streams();
  const stream = new Readable({ highWaterMark, ...reading(reader, () => stream) }) as Readable;
  return withWeb(stream, () => Readable.toWeb(stream)) as never;
}

/** A stream that fills a pipe. */
export function writableOf(writer: PipeWriter): ChildWritable {
  const { Writable } = streams();
  const stream = new Writable({
    highWaterMark,
    ...writing(writer),
    final: (done: Callback) => done(void writer.close()),
    destroy: (error: Error | null, done: Callback) => done(writer.close() ?? error),
  }) as Writable;
  return withWeb(stream, () => Writable.toWeb(stream)) as never;
}

/** A stream of both directions; the writer has a descriptor of its own. */
export function duplexOf(reader: PipeReader, writer: PipeWriter): ChildDuplex {
  const { Duplex } = streams();
  const stream = new Duplex({
    readableHighWaterMark: highWaterMark,
    writableHighWaterMark: highWaterMark,
    ...reading(reader, () => stream),
    ...writing(writer),
    final: (done: Callback) => done(void writer.end()),
    destroy(error: Error | null, done: Callback) {
      reader.close();
      writer.close();
      done(error);
    },
  }) as Duplex;
  return stream;
}

/** A second descriptor of a socket, because the watcher knows one wait for each. */
export function duplicate(fd: number): number {
  return check(native().fcntl(fd, F_DUPFD_CLOEXEC, 0), "fcntl");
}

function reading(reader: PipeReader, stream: () => Readable) {
  const sink: Sink = {
    onBytes: (bytes) => stream().push(bytes),
    onEnd(error) {
      if (error) stream().destroy(error);
      else stream().push(null);
    },
  };
  return {
    read: () => reader.read(sink),
    destroy(error: Error | null, done: Callback) {
      reader.close();
      done(error);
    },
  };
}

function writing(writer: PipeWriter) {
  return {
    write: (bytes: Uint8Array, _: string, done: Callback) => writer.write(bytes, done),
  };
}

function withWeb(stream: object, make: () => unknown): object {
  let made: unknown;
  return Object.defineProperty(stream, "web", { get: () => made ??= make() });
}
