import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Pidfd } from "../../mod.ts";
import { runtimeCommand } from "../support/processes.ts";

const FILE = fileURLToPath(new URL("../fixtures/end_own_tree.ts", import.meta.url));

const WAYS = {
  treeKill: "SIGTERM",
  treeKillByForce: "SIGKILL",
  signal: "SIGTERM",
  killTree: "SIGTERM",
  killTreeUnfrozen: "SIGTERM",
  killTreeByForce: "SIGKILL",
  killTreeUnheard: "SIGKILL",
};

for (const [way, signal] of Object.entries(WAYS)) {
  test(`a program that ends its own tree ends all of it, itself last: ${way}`, async () => {
    const [program, ...args] = runtimeCommand(FILE, { args: [way] });
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    const exit = once(child, "exit");
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    const own = Pidfd.of(child);
    const handles = (JSON.parse(line) as number[]).map((pid) => Pidfd.open(pid));
    try {
      child.stdin.write("\n");
      await own.wait({ timeoutMs: 30_000 });
      assert.deepEqual(await exit, [null, signal]);
      // All were signalled before; they may still be on their way out.
      const timeUp = setTimeout(5000, undefined, { ref: false });
      await Promise.race([timeUp, Promise.all(handles.map(({ exited }) => exited))]);
      assert.deepEqual(handles.map((handle) => handle.isAlive()), [false, false, false]);
    } finally {
      for (const handle of [own, ...handles]) {
        handle.signal("SIGKILL");
        handle.close();
      }
    }
  });
}
