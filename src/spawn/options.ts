/**
 * What a new process is to be, checked before any native call.
 *
 * @module
 */
import {
  checkAbortSignal,
  checkBoolean,
  checkGrace,
  checkInteger,
  checkOneOf,
  checkTimeout,
  readOptions,
  show,
} from "../kernel/arguments.ts";
import { checkLimits, type Limit, type ResourceLimit } from "./limits.ts";
import { killSignalNumber, type Signal } from "../kernel/signals.ts";
import { checkStdio, type Placed, type Stdio } from "./stdio.ts";

/** How long a started process may live. */
export type Lifetime = "independent" | "parent" | "contained";

/** What holds a contained process, besides its guard. */
export type ContainmentKind = "guard" | "cgroup" | "pidns";

/** How to start a process, and what it is to have. */
export interface SpawnOptions {
  /** Its working directory, as a path or a `file:` URL; this program's if left out. */
  readonly cwd?: string | URL | undefined;
  /** Variables to set, or to remove (`undefined`), in the environment that it inherits. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Whether it gets the variables of `env` alone. */
  readonly clearEnv?: boolean | undefined;
  /** Its name for itself; `command` if left out. */
  readonly argv0?: string | undefined;
  /** Its umask(2), from 0 to 0o777; this program's if left out. */
  readonly umask?: number | undefined;
  /** Its standard input; "inherit" if left out. */
  readonly stdin?: Stdio | undefined;
  /** Its standard output; "inherit" if left out. */
  readonly stdout?: Stdio | undefined;
  /** Its standard error; "inherit" if left out. */
  readonly stderr?: Stdio | undefined;
  /**
   * More file descriptors, by their numbers in the child, from 3 to 1048575: one of this program's,
   * a pipe that the child writes, or a socket for both directions. Nothing else is inherited.
   */
  readonly fds?: Readonly<Record<number, number | "pipe" | "socket">> | undefined;
  /** Whether it leads a new session, without a terminal: setsid(2). */
  readonly session?: boolean | undefined;
  /** Whether it leads a new process group: setpgid(2). */
  readonly group?: boolean | undefined;
  /**
   * How long it may live. "independent", if left out: as long as it likes. "parent": the kernel
   * kills it (SIGKILL) when this program ends, however that ends, but not what it has started
   * itself; a program that changes its user when it is executed (setuid) escapes. "contained": a
   * guard, a process between this program and that one, ends it and everything that it has started
   * when this program ends, when the process itself ends, and when it is terminated: it sends
   * `killSignal` to all, and after `graceMs` SIGKILL until nothing is left. Needs /proc.
   */
  readonly lifetime?: Lifetime | undefined;
  /**
   * What holds a contained one. "guard", if left out: its guard alone. "cgroup": also a new cgroup
   * below `cgroup`, or below ours, which the guard removes in the end: cgroup.kill ends also what
   * the guard may not signal (Linux 5.14, a version 2 cgroup that may be written). "pidns": also a
   * pid namespace whose first process is the guard: if somebody kills that, the kernel ends all
   * (CAP_SYS_ADMIN, or user namespaces); the command has other pids then, and a /proc of its own.
   */
  readonly containment?: ContainmentKind | undefined;
  /**
   * The cgroup that it is born in, as its directory's path or file descriptor; ours if left out.
   */
  readonly cgroup?: string | number | undefined;
  /** Its resource limits: a number for both, or the soft and the hard one. */
  readonly limits?:
    | Readonly<Partial<Record<ResourceLimit, number | readonly [soft: number, hard: number]>>>
    | undefined;
  /** Its user, from 0 to 4294967294. Supplementary groups go, unless `groups` names them. */
  readonly uid?: number | undefined;
  /** Its group, from 0 to 4294967294. Supplementary groups go, unless `groups` names them. */
  readonly gid?: number | undefined;
  /** Its supplementary groups, at most 1024. */
  readonly groups?: readonly number[] | undefined;
  /** Whether execve(2) can give it no more privileges: PR_SET_NO_NEW_PRIVS. */
  readonly noNewPrivileges?: boolean | undefined;
  /** Terminates it when it is aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Terminates it after so many milliseconds, from 0 to 2147483647, or `Infinity`: never. */
  readonly timeoutMs?: number | undefined;
  /**
   * The polite signal, where `signal`, `timeoutMs`, `terminate()`, the end of an `await using`
   * block or the guard ends it; SIGTERM if left out. SIGCONT follows it.
   */
  readonly killSignal?: Signal | number | undefined;
  /**
   * How long that signal has before SIGKILL: milliseconds from 0 to 2147483647, or `Infinity`; 5000
   * if left out.
   */
  readonly graceMs?: number | undefined;
}

/** The options, each read once and checked. */
export interface Checked {
  readonly cwd: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly clearEnv: boolean;
  readonly argv0: string | undefined;
  readonly umask: number | undefined;
  readonly fds: readonly Placed[];
  readonly session: boolean;
  readonly group: boolean;
  readonly lifetime: Lifetime;
  readonly containment: ContainmentKind;
  readonly cgroup: string | number;
  readonly limits: readonly Limit[];
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly groups: readonly number[] | undefined;
  readonly noNewPrivileges: boolean;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
  readonly killSignal: number;
  readonly graceMs: number;
}

const CONTAINMENTS: readonly ContainmentKind[] = ["guard", "cgroup", "pidns"];

const LIFETIMES: readonly Lifetime[] = ["independent", "parent", "contained"];

const ACTION = "spawn";

const DEFAULTS = {
  cwd: undefined,
  env: undefined,
  clearEnv: undefined,
  argv0: undefined,
  umask: undefined,
  stdin: undefined,
  stdout: undefined,
  stderr: undefined,
  fds: undefined,
  session: undefined,
  group: undefined,
  lifetime: "independent",
  containment: undefined,
  cgroup: undefined,
  limits: undefined,
  uid: undefined,
  gid: undefined,
  groups: undefined,
  noNewPrivileges: undefined,
  signal: undefined,
  timeoutMs: undefined,
  killSignal: "SIGTERM",
  graceMs: undefined,
};

/** Checks the options. */
export function checkSpawnOptions(options: SpawnOptions): Checked {
  const read = readOptions(ACTION, options, DEFAULTS);
  const { cwd, env, clearEnv, argv0, umask, session, group, lifetime } = read;
  const { cgroup, limits, uid, gid, groups, noNewPrivileges, signal, timeoutMs } = read;
  const { killSignal, graceMs } = read;
  checkAbortSignal(ACTION, signal);
  return {
    cwd: cwd === undefined ? "" : checkDirectory("cwd", cwd),
    variables: checkVariables(env),
    clearEnv: flag("clearEnv", clearEnv),
    argv0: argv0 === undefined ? undefined : checkText("argv0", argv0),
    umask: optional("umask", umask, 0o777),
    fds: checkStdio(ACTION, read),
    session: flag("session", session),
    group: flag("group", group),
    lifetime: checkOneOf(ACTION, "lifetime", lifetime, LIFETIMES),
    containment: checkContainment(read.containment, lifetime),
    cgroup: checkCgroup(cgroup),
    limits: checkLimits(ACTION, limits),
    uid: optional("uid", uid, MAX_ID),
    gid: optional("gid", gid, MAX_ID),
    groups: checkGroups(groups),
    noNewPrivileges: flag("noNewPrivileges", noNewPrivileges),
    signal,
    timeoutMs: checkTimeout(ACTION, timeoutMs),
    killSignal: killSignalNumber(ACTION, killSignal),
    graceMs: graceMs === undefined ? 5000 : checkGrace(ACTION, graceMs),
  };
}

/** 4294967295 means "no change" to the kernel. */
const MAX_ID = 2 ** 32 - 2;

/** The program that changes the groups takes no more. */
const MAX_GROUPS = 1024;

/** A text as the kernel takes it: half of a surrogate pair has no bytes of its own. */
function checkText(name: string, value: unknown): string {
  if (typeof value === "string" && !value.includes("\0") && value.isWellFormed()) return value;
  const wanted = typeof value === "string"
    ? "must have no zero, and no half of a surrogate pair, in it"
    : "must be a string";
  throw new TypeError(`Cannot ${ACTION}: "${name}" ${wanted}: ${show(value)}`);
}

/** The same, and not empty. */
export function checkFilled(name: string, value: unknown): string {
  if (value !== "") return checkText(name, value);
  throw new TypeError(`Cannot ${ACTION}: "${name}" must not be empty`);
}

/** The arguments of the command. */
export function checkArguments(value: unknown): readonly string[] {
  if (!Array.isArray(value)) {
    throw new TypeError(`Cannot ${ACTION}: "args" must be an array: ${show(value)}`);
  }
  return value.map((argument, index) => checkText(`args[${index}]`, argument));
}

function flag(name: string, value: unknown): boolean {
  return value === undefined ? false : checkBoolean(ACTION, name, value);
}

function optional(name: string, value: unknown, most?: number): number | undefined {
  return value === undefined ? undefined : checkInteger(ACTION, name, value, 0, most);
}

function checkDirectory(name: string, value: unknown): string {
  if (!(value instanceof URL)) return checkFilled(name, value);
  if (value.protocol !== "file:" || value.host !== "" || /%2f/i.test(value.pathname)) {
    throw new TypeError(`Cannot ${ACTION}: "${name}" must be a path or a file: URL: ${value.href}`);
  }
  return checkFilled(name, decodeURIComponent(value.pathname));
}

function checkVariables(env: unknown): Checked["variables"] {
  if (env === undefined) return {};
  if (typeof env !== "object" || env === null) {
    throw new TypeError(`Cannot ${ACTION}: "env" must be an object: ${show(env)}`);
  }
  const variables: Record<string, string | undefined> = Object.create(null);
  for (const [name, value] of Object.entries(env)) {
    if (checkFilled("env", name).includes("=")) {
      const wanted = 'must have no "=" in the name of a variable';
      throw new TypeError(`Cannot ${ACTION}: "env" ${wanted}: ${show(name)}`);
    }
    variables[name] = value === undefined ? undefined : checkText(`env.${name}`, value);
  }
  return variables;
}

function checkContainment(value: unknown, lifetime: unknown): ContainmentKind {
  if (value === undefined) return "guard";
  const kind = checkOneOf(ACTION, "containment", value, CONTAINMENTS);
  if (lifetime === "contained") return kind;
  throw new TypeError(`Cannot ${ACTION}: "containment" needs the lifetime "contained"`);
}

function checkCgroup(value: unknown): string | number {
  if (value === undefined) return -1;
  return typeof value === "number"
    ? checkInteger(ACTION, "cgroup", value, 0)
    : checkDirectory("cgroup", value);
}

function checkGroups(value: unknown): readonly number[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) {
    throw new TypeError(`Cannot ${ACTION}: "groups" must be an array: ${show(value)}`);
  }
  if (value.length > MAX_GROUPS) {
    const wanted = `must have at most ${MAX_GROUPS} elements`;
    throw new RangeError(`Cannot ${ACTION}: "groups" ${wanted}: ${value.length}`);
  }
  return value.map((id, index) => checkInteger(ACTION, `groups[${index}]`, id, 0, MAX_ID));
}
