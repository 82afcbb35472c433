/**
 * Writes what the native library needs for one process into one buffer: a record, its descriptors,
 * its groups, room for pointers, and all texts.
 *
 * @module
 */
import { environment } from "../../ffi/spawning.ts";
import { SPAWN_FLAGS } from "../../ffi/symbols.ts";
import { ENOENT } from "../kernel/constants.ts";
import { NativeRecord, sizeOf } from "../kernel/record.ts";
import { ownCgroupFolder } from "../tree/cgroup_folder.ts";
import { SpawnFailedError } from "./failed.ts";
import type { Checked } from "./options.ts";

/** A record with what follows it. */
export type Request = NativeRecord<"SpawnRecord">;

/** Words of a descriptor in the buffer. */
const DESCRIPTOR_WORDS = 4;

/**
 * What zig/src/spawn/role.zig puts in front of the arguments, and the zeros behind both lists.
 */
const MORE_POINTERS = 3 + 2;

/**
 * What a process is to be, in a buffer of its own; `replaces` says that its guard takes the place
 * of this program.
 */
export function makeRequest(
  command: string,
  args: readonly string[],
  checked: Checked,
  replaces = false,
): Request {
  const { cwd, cgroup, fds, groups = [], argv0 = command } = checked;
  const folder = typeof cgroup === "string" ? cgroup : ownFolder(checked);
  const variables = variablesOf(checked);
  const texts = [command, cwd, folder, argv0, ...args, ...(variables ?? given(checked)), ""];
  const bytes = new TextEncoder().encode(texts.join("\0"));
  const variableCount = texts.length - args.length - 5;
  const pointerCount = args.length + 1 + variableCount + MORE_POINTERS;
  const fdsAt = sizeOf("SpawnRecord");
  const groupsAt = fdsAt + fds.length * DESCRIPTOR_WORDS * 4;
  const pointersAt = groupsAt + Math.ceil(groups.length / 2) * 8;
  const textsAt = pointersAt + pointerCount * 8;
  const buffer = new Uint8Array(textsAt + bytes.length);
  buffer.set(bytes, textsAt);
  fds.forEach(({ target, kind, fd }, index) => {
    const at = fdsAt + index * DESCRIPTOR_WORDS * 4;
    new Int32Array(buffer.buffer, at, DESCRIPTOR_WORDS).set([target, kind, fd, -1]);
  });
  new Uint32Array(buffer.buffer, groupsAt, groups.length).set(groups);
  const record = new NativeRecord("SpawnRecord", buffer);
  const inherits = variables === undefined;
  record.set("flags", flagsOf(checked, { inherits_environment: inherits, replaces }));
  record.set("umask", checked.umask ?? 0);
  record.set("uid", checked.uid ?? 0);
  record.set("gid", checked.gid ?? 0);
  record.set("group_count", groups.length);
  record.set("cgroup", typeof cgroup === "number" ? cgroup : -1);
  record.set("fd_count", fds.length);
  record.set("kill_signal", checked.killSignal);
  record.set("grace_ms", graceWord(checked.graceMs));
  record.set("timeout_ms", replaces ? checked.timeoutMs ?? 0 : 0);
  record.set("pointer_count", pointerCount);
  record.set("argument_count", args.length + 1);
  record.set("variable_count", variableCount);
  setLimits(record, checked);
  return record;
}

/** The cgroup below which that of the command is made, where none is given. */
function ownFolder({ containment, cgroup }: Checked): string {
  if (containment !== "cgroup" || cgroup !== -1) return "";
  const folder = ownCgroupFolder();
  if (folder !== null) return folder;
  const reason = "this program's cgroup (version 2) can't be seen from here";
  throw new SpawnFailedError({ errno: ENOENT, syscall: "cgroup", reason });
}

/** A grace as a guard takes it. */
export const graceWord = (graceMs: number): number => graceMs === Infinity ? -1 : graceMs;

/** Our end of a descriptor that was made for the child; -1 where there is none. */
export function ourEnd(record: Request, index: number): number {
  const at = sizeOf("SpawnRecord") + index * DESCRIPTOR_WORDS * 4;
  return new Int32Array(record.bytes.buffer, at, DESCRIPTOR_WORDS)[2];
}

function flagsOf(
  checked: Checked,
  more: { inherits_environment: boolean; replaces: boolean },
): number {
  const { session, group, umask, uid, gid, groups } = checked;
  const bits: Record<keyof typeof SPAWN_FLAGS, boolean> = {
    session,
    // Who leads a session leads its group.
    group: group && !session,
    no_new_privileges: checked.noNewPrivileges,
    ends_with_parent: checked.lifetime === "parent",
    has_umask: umask !== undefined,
    has_uid: uid !== undefined,
    has_gid: gid !== undefined,
    has_groups: groups !== undefined,
    contained: checked.lifetime === "contained",
    own_cgroup: checked.containment === "cgroup",
    pid_namespace: checked.containment === "pidns",
    ...more,
  };
  let flags = 0;
  for (const [name, isSet] of Object.entries(bits)) {
    if (isSet) flags |= SPAWN_FLAGS[name as keyof typeof SPAWN_FLAGS];
  }
  return flags;
}

function setLimits(record: Request, { limits }: Checked): void {
  if (limits.length === 0) return;
  const { bytes } = record;
  const values = new BigUint64Array(bytes.buffer, record.tail("limits").byteOffset, 32);
  let limited = 0;
  for (const [resource, soft, hard] of limits) {
    values.set([soft, hard], resource * 2);
    limited |= 1 << resource;
  }
  record.set("limited", limited);
}

/**
 * The whole environment of the child; undefined where this program may not read its own: then the
 * library adds what is given to it.
 */
function variablesOf({ variables, clearEnv }: Checked): string[] | undefined {
  const inherited = clearEnv ? {} : environment();
  if (inherited === undefined) return undefined;
  const texts: string[] = [];
  for (const name of Object.keys(inherited)) {
    if (name in variables) continue;
    texts.push(`${name}=${inherited[name]}`);
  }
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined) texts.push(`${name}=${value}`);
  }
  return texts;
}

/** What is set, and the names alone of what is removed. */
function given({ variables }: Checked): string[] {
  return Object.entries(variables).map(([name, value]) =>
    value === undefined ? name : `${name}=${value}`
  );
}
