/**
 * The native thread that makes the children of this JavaScript thread where that is a Worker,
 * started for the first one.
 *
 * @module
 */
import { ABI } from "../../ffi/symbols.ts";
import { makeSlot, note } from "../handle/descriptor.ts";
import { EAGAIN, EBADF, ENOSYS } from "../kernel/constants.ts";
import { native } from "../kernel/native.ts";
import { NativeRecord } from "../kernel/record.ts";
import { SpawnFailedError } from "./failed.ts";
import type { Request } from "./request.ts";

/** Plain values, because copies of this module share it. */
interface Spawner {
  readonly socket: number;
  readonly cookie: bigint;
}

const KEY = Symbol.for(`pidfd.spawner.1.${ABI}`);

const world: { [KEY]?: Spawner } = globalThis as never;

/** The step that needs a keeper: the first. */
const START = 0;

const NONE: Spawner = { socket: -1, cookie: 0n };

let current: Spawner | undefined;

/** Starts a process: its pid, or a negated errno. */
export function start(request: Request): number {
  const result = startBy(current ?? world[KEY] ?? NONE, request);
  if (result !== EBADF || request.number("step") !== START) return result;
  // There is none yet, or somebody has closed its socket, whose number may be another's by now.
  return startBy(current = startSpawner(), request);
}

function startBy({ socket, cookie }: Spawner, request: Request): number {
  request.set("socket", socket);
  request.set("cookie", cookie);
  request.set("slot", makeSlot());
  return native().spawn(request.bytes);
}

function startSpawner(): Spawner {
  const record = new NativeRecord("SpawnerRecord");
  record.set("slot", makeSlot());
  const errno = native().spawner_start(record.bytes);
  if (errno < 0) {
    const isThread = errno === EAGAIN || errno === ENOSYS;
    throw new SpawnFailedError({ errno, syscall: isThread ? "pthread_create" : "socketpair" });
  }
  const spawner = { socket: record.number("socket"), cookie: record.bigint("cookie") };
  // The end of this thread closes it.
  note(spawner.socket, true);
  Reflect.defineProperty(world, KEY, { value: spawner, configurable: true });
  return spawner;
}
