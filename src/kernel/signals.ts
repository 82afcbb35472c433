/**
 * Signal names and numbers, as Linux has them on every CPU that this library is built for (signal(7)).
 *
 * @module
 */
import { show } from "./arguments.ts";
import { nearest } from "./nearest.ts";

/** A standard signal without its prefix. */
export type StandardSignal =
  | "HUP"
  | "INT"
  | "QUIT"
  | "ILL"
  | "TRAP"
  | "ABRT"
  | "IOT"
  | "BUS"
  | "FPE"
  | "KILL"
  | "USR1"
  | "SEGV"
  | "USR2"
  | "PIPE"
  | "ALRM"
  | "TERM"
  | "STKFLT"
  | "CHLD"
  | "CLD"
  | "CONT"
  | "STOP"
  | "TSTP"
  | "TTIN"
  | "TTOU"
  | "URG"
  | "XCPU"
  | "XFSZ"
  | "VTALRM"
  | "PROF"
  | "WINCH"
  | "IO"
  | "POLL"
  | "PWR"
  | "SYS";

/**
 * A real-time signal without its prefix: "RTMIN+3", "RTMAX-1". RTMIN is 34 and RTMAX is 64, as in glibc and musl; the
 * kernel's 32 and 33, which C libraries keep for themselves, are "32" and "33".
 */
export type RealTimeSignal =
  | "RTMIN"
  | "RTMAX"
  | `RTMIN+${number}`
  | `RTMAX-${number}`
  | "32"
  | "33";

/** A signal's name, with the prefix as everybody writes it: "SIGTERM", "SIGRTMIN+3". */
export type SignalName = `SIG${StandardSignal | RealTimeSignal}`;

/**
 * A signal as it may be given: with the prefix or without, "SIGTERM" or "TERM". Every `NodeJS.Signals` is one, so that
 * what `process.on()` hands over fits; the four of other systems, which Linux does not have, are refused when they are sent.
 */
export type Signal =
  | SignalName
  | StandardSignal
  | Exclude<RealTimeSignal, "32" | "33">
  | "SIGBREAK"
  | "SIGINFO"
  | "SIGLOST"
  | "SIGUNUSED";

/** A later line of the same number is another name for it. */
const NUMBERS: Readonly<Record<StandardSignal, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  IOT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  POLL: 29,
  PWR: 30,
  SYS: 31,
};

const SIGRTMIN = 34;
const SIGRTMAX = 64;

/** The name of a signal's number: "SIGKILL" for 9, "SIGRTMIN+1" for 35. */
export function signalName(number: number): SignalName {
  if (number === SIGRTMIN) return "SIGRTMIN";
  if (number > SIGRTMIN) return `SIGRTMIN+${number - SIGRTMIN}`;
  const names = Object.keys(NUMBERS) as StandardSignal[];
  const name = names.find((name) => NUMBERS[name] === number);
  return `SIG${name ?? (String(number) as "32" | "33")}`;
}

/** The number of a signal: an integer from 0 to 64 stays itself, a name is looked up. 0 only asks. */
export function signalNumber(signal: unknown): number {
  if (typeof signal === "string") return namedNumber(signal);
  if (typeof signal !== "number") {
    throw new TypeError(`Cannot signal: "signal" must be a name or a number: ${show(signal)}`);
  }
  if (Number.isInteger(signal) && signal >= 0 && signal <= SIGRTMAX) return signal;
  throw new RangeError(
    `Cannot signal: "signal" must be an integer from 0 to ${SIGRTMAX}: ${show(signal)}`,
  );
}

/**
 * The number of the first argument; SIGTERM where there is none. One that was given as undefined is a mistake of the caller, and
 * no wish for SIGTERM.
 */
export function givenSignal(given: readonly unknown[]): number {
  return signalNumber(given.length === 0 ? "SIGTERM" : given[0]);
}

/** The number of a signal that is to end something: not 0, which is none. */
export function killSignalNumber(action: string, signal: unknown): number {
  const number = signalNumber(signal);
  if (number > 0) return number;
  throw new RangeError(`Cannot ${action}: "killSignal" must be a signal: 0 is none`);
}

function namedNumber(name: string): number {
  const hasPrefix = name.startsWith("SIG");
  const number = lookUp(hasPrefix ? name.slice(3) : name, hasPrefix);
  if (number !== undefined) return number;
  const near = suggestion(name);
  const hint = near === undefined ? "" : ` (did you mean ${show(near)}?)`;
  throw new TypeError(`Cannot signal: no signal has this name: ${show(name)}${hint}`);
}

/** Without the prefix, digits are a number that somebody forgot to convert, not the signal "SIG32". */
function lookUp(suffix: string, hasPrefix: boolean): number | undefined {
  if (Object.hasOwn(NUMBERS, suffix)) return NUMBERS[suffix as StandardSignal];
  if (hasPrefix && (suffix === "32" || suffix === "33")) return Number(suffix);
  const realTime = /^RT(MIN(?:\+(\d{1,2}))?|MAX(?:-(\d{1,2}))?)$/.exec(suffix);
  if (!realTime) return undefined;
  const [, base, above = 0, below = 0] = realTime;
  const number = base.startsWith("MIN") ? SIGRTMIN + Number(above) : SIGRTMAX - Number(below);
  return number >= SIGRTMIN && number <= SIGRTMAX ? number : undefined;
}

/** The name that differs by the case or by the fewest letters. */
function suggestion(name: string): SignalName | undefined {
  const given = name.trim().toUpperCase().replace(/^SIG/, "");
  if (lookUp(given, true) !== undefined) return `SIG${given as StandardSignal}`;
  const near = nearest(given, Object.keys(NUMBERS) as StandardSignal[]);
  return near && `SIG${near}`;
}
