/** A Worker of guards.ts: kills guards of this program at random moments. */
import { setTimeout } from "node:timers/promises";
import { childrenOf } from "./marked.ts";

while (true) {
  await setTimeout(Math.random() * 6);
  const guards = childrenOf(process.pid);
  for (const guard of guards) {
    // Orphans are children of this program too.
    const isGuard = /^(pidfd-guard|memfd:pidfd)$/.test(guard.info().name ?? "");
    if (isGuard && Math.random() < 0.5) guard.signal("SIGKILL");
    guard.close();
  }
}
