/** A command that leaves processes in every way, for tests of what contains it. */
import { setTimeout } from "node:timers/promises";
import type { ChildReadable, Containment } from "../../mod.ts";
import { HELPER } from "./processes.ts";

/**
 * A session of its own, a double fork, one that ignores signals, and a chain of forks in sessions
 * of their own whose parents exit at once. All of them have its standard output. It prints "ready"
 * when they are there, and then does what `last` says.
 */
export function leaving(last = "exec sleep 100"): [command: string, args: string[]] {
  const script = [
    "setsid sleep 100 &",
    "(sleep 100 &)",
    `(trap "" TERM INT HUP; sleep 100) &`,
    `"$0" escape chain 100000 20 200 setsid exit &`,
    last,
  ];
  return ["sh", ["-c", script.join("\n"), HELPER]];
}

/** What became of one, without what it had used up. */
export function counts(
  contained: Containment | null | undefined,
): Omit<Containment, "resourceUsage"> {
  const { asked, killed, settled } = contained!;
  return { asked, killed, settled };
}

/** Resolves once it has been printed. */
export async function untilPrinted(stream: ChildReadable, text = "ready"): Promise<void> {
  let printed = "";
  for await (const bytes of stream.iterator({ destroyOnReturn: false })) {
    printed += bytes;
    if (printed.includes(text)) return;
  }
  throw new Error(`it has ended without "${text}": ${printed}`);
}

/**
 * Whether nobody holds the other end of a stream any more, within the time: each process that has
 * inherited it has ended then, whatever its pid, its name and its parent.
 */
export async function isOver(stream: ChildReadable, limitMs = 10_000): Promise<boolean> {
  const stop = new AbortController();
  const end = (async () => {
    for await (const _ of stream.iterator({ destroyOnReturn: false }));
    return true;
  })();
  const late = setTimeout(limitMs, false, { signal: stop.signal }).catch(() => false);
  const first = await Promise.race([end, late]);
  stop.abort();
  if (!first) stream.destroy();
  return first;
}
