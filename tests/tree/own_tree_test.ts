import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Pidfd } from "../../mod.ts";
import { canNotChoosePids, chooseNextPid } from "../support/pids.ts";
import { runScript, runtimeCommand } from "../support/processes.ts";

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

// Natively, the pids of those who are spared are bits of 512 words, which many pids share.
for (const pid of [300, 16_400, 20_000, 32_000]) {
  test(`a program that ends its parent's tree is spared, whatever its pid: ${pid} and on`, {
    skip: canNotChoosePids,
  }, async () => {
    chooseNextPid(pid);
    const through = ["timeout", "-s", "KILL", "30", "sh", "-c", '"$@"; echo "$?"', "sh"];
    const { stdout, stderr } = await runScript("end_parents_tree.ts", { through });
    assert.equal(stdout, "spared spared\n0\n", stderr);
  });
}
