/**
 * How a process ended, from whoever tells: the zombie where it is our child, the kernel's exit record otherwise.
 *
 * @module
 */
import type { Native } from "../../ffi/native.ts";
import { WATCH_TOLD } from "../../ffi/symbols.ts";
import {
  CLD_DUMPED,
  CLD_EXITED,
  EBADF,
  PIDFD_INFO_EXIT,
  WALL,
  WEXITED,
  WNOHANG,
  WNOWAIT,
} from "./constants.ts";
import { check } from "./errors.ts";
import { NativeRecord } from "./record.ts";
import { type SignalName, signalName } from "./signals.ts";
import { type ResourceUsage, usageOf } from "./usage.ts";

/** How a process ended: by itself, by a signal, or nobody told. `known` and then `signal` tell which. */
export type ExitStatus = KnownStatus | UnknownStatus;

/** Somebody told how it ended. */
export type KnownStatus = ExitedStatus | KilledStatus;

/** It ended by itself. */
export interface ExitedStatus {
  /** Somebody told how it ended. */
  readonly known: true;
  /** Whether the code is 0. */
  readonly success: boolean;
  /** The code it ended with, 0 to 255. */
  readonly code: number;
  /** No signal ended it. */
  readonly signal: null;
  /** It dumped no core. */
  readonly coreDumped: false;
  /**
   * What it had used up. Only there for a child of this process that was looked at between its end and its reaping: nobody
   * else is told, and a runtime often reaps its own children first.
   */
  readonly resourceUsage?: ResourceUsage;
}

/** A signal ended it. */
export interface KilledStatus {
  /** Somebody told how it ended. */
  readonly known: true;
  /** It did not end by itself with code 0. */
  readonly success: false;
  /** It has no code. */
  readonly code: null;
  /** The signal that ended it. */
  readonly signal: SignalName;
  /** Whether the signal made it dump its core. */
  readonly coreDumped: boolean;
  /** What it had used up, as in {@linkcode ExitedStatus}. */
  readonly resourceUsage?: ResourceUsage;
}

/** Nobody told how it ended. Every other field says nothing: it is never guessed. */
export interface UnknownStatus {
  /** Nobody told: it may have ended well or not. */
  readonly known: false;
  /** Not known, so never true. */
  readonly success: false;
  /** Not known. */
  readonly code: null;
  /** Not known. */
  readonly signal: null;
  /** Not known, so never true. */
  readonly coreDumped: false;
  /** Not known. */
  readonly resourceUsage?: undefined;
}

/** Nobody told. */
export const UNKNOWN: UnknownStatus = Object.freeze({
  known: false,
  success: false,
  code: null,
  signal: null,
  coreDumped: false,
});

/** It ended by itself. */
export function exited(code: number): ExitedStatus {
  return Object.freeze({ known: true, success: code === 0, code, signal: null, coreDumped: false });
}

/** A signal ended it. */
export function killed(signal: number, coreDumped: boolean): KilledStatus {
  const name = signalName(signal);
  return Object.freeze({ known: true, success: false, code: null, signal: name, coreDumped });
}

const waited = new NativeRecord("WaitRecord");

/**
 * How a process ended, from the bytes of the `WaitRecord` that the watcher took the moment it ended, and what it says of them:
 * 1 of our child, 2 of anybody who was reaped. Null for everything else.
 */
export function fromWatcher(told: number, bytes: Uint8Array): ExitStatus | null {
  if (told !== WATCH_TOLD.wait_record && told !== WATCH_TOLD.wait_status) return null;
  waited.bytes.set(bytes);
  return told === WATCH_TOLD.wait_record
    ? fromWaitRecord()
    : fromWaitStatus(waited.number("status"));
}

function fromWaitRecord(): ExitStatus {
  const code = waited.number("code");
  const status = waited.number("status");
  const told = code === CLD_EXITED ? exited(status) : killed(status, code === CLD_DUMPED);
  return Object.freeze({ ...told, resourceUsage: usageOf(waited) });
}

/** A wait status as wait(2) describes it: the code in the second byte, or a signal and the core flag in the first. */
function fromWaitStatus(status: number): ExitStatus {
  const signal = status & 0x7f;
  return signal === 0 ? exited((status >> 8) & 0xff) : killed(signal, (status & 0x80) !== 0);
}

const PEEK = WEXITED | WNOHANG | WNOWAIT | WALL;
const info = new NativeRecord("PidfdInfo");

/** How a process that has ended did so, without reaping it. `known` is false where nobody tells, or not yet. */
export function peekExit(library: Native, fd: number): ExitStatus {
  // A failure of either question means that this one does not tell: not our child, an older kernel, a profile.
  if (library.wait(fd, PEEK, waited.bytes) === 1) return fromWaitRecord();
  info.set("mask", PIDFD_INFO_EXIT);
  const isFilled = library.info(fd, info.bytes) === 0;
  if (isFilled && (info.bigint("mask") & BigInt(PIDFD_INFO_EXIT)) !== 0n) {
    return fromWaitStatus(info.number("exit_code"));
  }
  return UNKNOWN;
}

/** Reaps a child that has ended, and says how it did; null while it runs. */
export function reapExit(library: Native, fd: number, pid?: number): ExitStatus | null {
  const result = library.wait(fd, WEXITED | WNOHANG | WALL, waited.bytes);
  return check(result, "waitid", pid) === 0 ? null : fromWaitRecord();
}

/** Reaps a zombie of the calling thread's own children by its pid; null where it is none. */
export function reapedStatus(library: Native, pid: number): ExitStatus | null {
  return library.zombies_reap(pid, waited.bytes) === 1 ? fromWaitRecord() : null;
}

/** Whether the process behind a pidfd is an unreaped child of this process: only then does waitid(2) take it. */
export function isOwnChild(library: Native, fd: number): boolean {
  return library.wait(fd, PEEK, waited.bytes) >= 0;
}

/**
 * Whether a descriptor is a pidfd. waitid(2) looks at what kind of file it is, while an ioctl is answered by whoever serves the
 * file: on FUSE by a program, which may name any process, or never answer.
 */
export function isPidfd(library: Native, fd: number): boolean {
  return library.wait(fd, PEEK, waited.bytes) !== EBADF;
}
