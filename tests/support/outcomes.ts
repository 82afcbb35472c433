/**
 * How promises come out, and what a program has of the system, for tests of what must not hang or
 * leak.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { type ExitStatus, Pidfd, type PidfdError } from "../../mod.ts";

/** What a wait came to, in a word: a signal, a code, an error's code or name, or that it hangs. */
export async function outcome(
  wait: Promise<ExitStatus | void>,
  limitMs = 10_000,
): Promise<string> {
  const over = new AbortController();
  const pending = setTimeout(limitMs, "pending", { signal: over.signal }).catch(() => "");
  const told = wait.then(
    (status) => status ? String(status.signal ?? status.code ?? "unknown") : "exited",
    nameOf,
  );
  const first = await Promise.race([told, pending]);
  over.abort();
  return first;
}

/** An error in a word: the code of one of ours, the name and message of any other. */
export function nameOf(error: unknown): string {
  const { code, name, message } = error as PidfdError;
  return typeof code === "string" ? code : `${name}: ${message}`;
}

/**
 * How many threads and descriptors this process has. A thread gets the name of the one that makes
 * it: those of Deno's own pools, which come and go, have another.
 */
export function held(): { threads: number; descriptors: number } {
  const name = readFileSync("/proc/self/comm", "utf8");
  const threads = readdirSync("/proc/self/task").filter((thread) => {
    try {
      return readFileSync(`/proc/self/task/${thread}/comm`, "utf8") === name;
    } catch {
      return false; // It ended while they were listed.
    }
  });
  return {
    threads: threads.length,
    descriptors: readdirSync("/proc/self/fd").length,
  };
}

/** What each descriptor of this process is. */
export function descriptors(): Map<number, string> {
  const all = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return [Number(fd), readlinkSync(`/proc/self/fd/${fd}`)] as const;
    } catch {
      return undefined; // The directory itself was open while it was listed.
    }
  });
  return new Map(all.filter((entry) => entry !== undefined));
}

/**
 * The child at the program's side that makes one call fail: see zig/helper/fault.zig. To be called
 * before there are others.
 */
export function faultInjector(): Pidfd {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "latin1").trim();
  return Pidfd.open(Number(children));
}
