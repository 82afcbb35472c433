/** What the soak does, with this library. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { killTree, Pidfd } from "../../mod.ts";
import { grow } from "../../tests/support/trees.ts";
import { importCopy, spawnChild, type Way } from "./shared.ts";

/** Waits for a child that exits, that is killed, or whose first wait is given up. */
export async function child(way: Way): Promise<void> {
  const started = spawnChild(way);
  const exit = once(started, "exit");
  const handle = Pidfd.of(started);
  if (way === "is given up") {
    const controller = new AbortController();
    const given = handle.wait({ signal: controller.signal }).catch(() => {});
    controller.abort();
    await given;
  }
  if (way !== "exits") handle.signal("SIGKILL");
  await handle.wait();
  handle.close();
  await exit;
}

/** Ends a tree of three. */
export async function tree(): Promise<void> {
  const { helper, root } = await grow("wide", 3);
  await killTree(root, { killSignal: "SIGKILL" });
  await helper.end();
}

/** Terminates a Worker that waits for a process. */
export async function worker(): Promise<void> {
  const started = new Worker(new URL("./library_worker.ts", import.meta.url));
  await once(started, "message");
  await started.terminate();
}

/** Loads the module anew, and waits with it. */
export async function reload(): Promise<void> {
  const { Pidfd } = await importCopy();
  const started = spawnChild("exits");
  const exit = once(started, "exit");
  const handle = Pidfd.of(started);
  await handle.wait();
  handle.close();
  await exit;
}
