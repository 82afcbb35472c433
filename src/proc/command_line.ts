/**
 * The arguments that processes have, as they show them.
 *
 * @module
 */
import type { Handle } from "../handle/handle.ts";
import { E2BIG } from "../kernel/constants.ts";
import { check } from "../kernel/errors.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord, sizeOf } from "../kernel/record.ts";
import { checkShortage } from "./description.ts";
import { type Proc, processAt, type ProcessRecord } from "./scan.ts";

/** At first; a longer command line, up to some megabytes, gets more. */
const ROOM = 65536;

/** Shows every process once, by ascending pid, with its arguments where it has any. */
export function passWithCommandLines(
  proc: Proc,
  visit: (process: ProcessRecord, commandLine: readonly string[] | undefined) => void,
): void {
  let record = withRoom("CommandLinesRecord", ROOM);
  for (let result = 1; result !== 0;) {
    const chunk = new NativeRecord("ScanRecord", record.tail("scan"));
    chunk.set("with_uid", 1);
    result = native().proc_scan_command_lines(proc.fd, record.bytes);
    const count = chunk.number("count");
    const lengths = record.numbers("lengths", count);
    let start = sizeOf("CommandLinesRecord");
    for (let index = 0; index < count; index++) {
      const end = start + lengths[index];
      visit(processAt(chunk, index), argumentsIn(record.bytes.subarray(start, end)));
      start = end;
    }
    if (result === E2BIG) {
      record = withRoom("CommandLinesRecord", 2 * record.number("capacity"), record);
    } else check(result, "getdents64");
  }
}

/** The arguments of the process behind a handle; undefined where it has none, or /proc hides them. */
export function commandLineOf(
  handle: Pick<Handle, "fd" | "knownPid">,
): readonly string[] | undefined {
  for (let room = ROOM;; room *= 2) {
    const record = withRoom("CommandLineRecord", room);
    const result = checkShortage(handle, native().command_line(handle.fd, record.bytes));
    if (result === E2BIG) continue;
    const start = sizeOf("CommandLineRecord");
    return argumentsIn(record.bytes.subarray(start, start + record.number("length")));
  }
}

/** A record with room behind it, filled as far as the one before. */
function withRoom<N extends "CommandLineRecord" | "CommandLinesRecord">(
  name: N,
  room: number,
  before?: NativeRecord<N>,
): NativeRecord<N> {
  const bytes = new Uint8Array(sizeOf(name) + room);
  if (before) bytes.set(before.bytes.subarray(0, sizeOf(name)));
  const record: NativeRecord<N> = new NativeRecord(name, bytes);
  record.set("capacity", room);
  return record;
}

let madeDecoder: TextDecoder | undefined;

/** Each has a zero behind it, unless the program has written something else over them. */
function argumentsIn(bytes: Uint8Array): readonly string[] | undefined {
  if (bytes.length === 0) return undefined;
  const text = (madeDecoder ??= new TextDecoder("utf-8", { ignoreBOM: true })).decode(bytes);
  return (text.endsWith("\0") ? text.slice(0, -1) : text).split("\0");
}
