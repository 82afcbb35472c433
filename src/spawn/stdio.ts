/**
 * The file descriptors of a child, checked and sorted.
 *
 * @module
 */
import { checkInteger, show } from "../kernel/arguments.ts";

/**
 * What a standard stream of a child is: "null" is /dev/null; "inherit" is ours; "pipe" is a pipe
 * that this program reads or writes; "socket" is a Unix socket for the same; a number is one of
 * this program's file descriptors.
 *
 * On a socket, a child can't open `/dev/stdout` or `/dev/stdin` again (ENXIO); on a pipe it can.
 */
export type Stdio = "null" | "inherit" | "pipe" | "socket" | number;

/** One descriptor of the child; the kinds are those of zig/src/spawn/spawn.zig. */
export interface Placed {
  readonly target: number;
  readonly kind: number;
  /** Ours, for {@linkcode OURS}. */
  readonly fd: number;
}

export const OURS = 0;
export const NULL_DEVICE = 1;
const READ_BY_CHILD = 2;
const WRITTEN_BY_CHILD = 3;
export const SOCKET = 4;

/** More than that no process may have open (fs.nr_open). */
const MAX_TARGET = 2 ** 20 - 1;

const STANDARD = ["stdin", "stdout", "stderr"] as const;

/** What the options say about descriptors. */
interface StdioOptions {
  readonly stdin?: unknown;
  readonly stdout?: unknown;
  readonly stderr?: unknown;
  readonly fds?: unknown;
}

/** All descriptors of the child, sorted by their numbers. */
export function checkStdio(action: string, options: StdioOptions): Placed[] {
  const standard = STANDARD.map((name, target) => {
    const pipe = target === 0 ? READ_BY_CHILD : WRITTEN_BY_CHILD;
    const value = options[name];
    return placed(action, name, target, value === undefined ? "inherit" : value, pipe);
  });
  const { fds = {} } = options;
  if (typeof fds !== "object" || fds === null) {
    throw new TypeError(`Cannot ${action}: "fds" must be an object: ${show(fds)}`);
  }
  const more = Object.entries(fds).filter(([, value]) => value !== undefined).map((entry) =>
    additional(action, ...entry)
  );
  return [...standard, ...more.sort((a, b) => a.target - b.target)];
}

function additional(action: string, key: string, value: unknown): Placed {
  const target = /^[1-9]\d*$/.test(key) ? Number(key) : NaN;
  if (!(target >= 3 && target <= MAX_TARGET)) {
    const wanted = `must have numbers from 3 to ${MAX_TARGET} as names`;
    throw new RangeError(`Cannot ${action}: "fds" ${wanted}: ${show(key)}`);
  }
  const isKnown = typeof value === "number" || value === "pipe" || value === "socket";
  if (isKnown) return placed(action, `fds[${key}]`, target, value, WRITTEN_BY_CHILD);
  const wanted = 'must be a file descriptor, "pipe" or "socket"';
  throw new TypeError(`Cannot ${action}: "fds[${key}]" ${wanted}: ${show(value)}`);
}

function placed(
  action: string,
  name: string,
  target: number,
  value: unknown,
  pipe: number,
): Placed {
  if (value === "inherit") return { target, kind: OURS, fd: target };
  if (value === "null") return { target, kind: NULL_DEVICE, fd: -1 };
  if (value === "pipe") return { target, kind: pipe, fd: -1 };
  if (value === "socket") return { target, kind: SOCKET, fd: -1 };
  if (typeof value === "number") {
    return { target, kind: OURS, fd: checkInteger(action, name, value, 0) };
  }
  const wanted = 'must be "null", "inherit", "pipe", "socket" or a file descriptor';
  throw new TypeError(`Cannot ${action}: "${name}" ${wanted}: ${show(value)}`);
}
