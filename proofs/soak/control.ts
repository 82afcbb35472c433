/** What the soak does, with the runtime's own calls. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { grow } from "../../tests/support/trees.ts";
import { importCopy, spawnChild, type Way } from "./shared.ts";

export async function child(way: Way): Promise<void> {
  const started = spawnChild(way);
  const exit = once(started, "exit");
  if (way === "is given up") {
    const controller = new AbortController();
    const given = once(started, "exit", { signal: controller.signal }).catch(() => {});
    controller.abort();
    await given;
  }
  // A child that was not reaped yet: the pid is its own.
  if (way !== "exits") started.kill("SIGKILL");
  await exit;
}

export async function tree(): Promise<void> {
  const { helper } = await grow("wide", 3);
  await helper.end();
}

export async function worker(): Promise<void> {
  const started = new Worker(new URL("./control_worker.ts", import.meta.url));
  await once(started, "message");
  await started.terminate();
}

/** Loads the same modules anew and calls none of them: runtimes keep every module for good. */
export async function reload(): Promise<void> {
  await importCopy();
  await child("exits");
}
