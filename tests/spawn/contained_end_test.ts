import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Child, Pidfd, type Signal, spawn } from "../../mod.ts";
import { isOver, untilPrinted } from "../support/contained.ts";
import { HELPER, runtimeCommand } from "../support/processes.ts";

const file = fileURLToPath(new URL("../fixtures/contained_starter.ts", import.meta.url));

/** A program that has started contained commands, whose output is its own. */
async function starter(mode: string, through: string[] = []): Promise<Child> {
  const [command, ...args] = runtimeCommand(file, { args: [mode], through });
  const program = spawn(command, args, { stdout: "pipe", env: { NODE_NO_WARNINGS: "1" } });
  await untilPrinted(program.stdout!);
  return program;
}

/** Handles of the children of a process: guards among them. */
function childrenOf(pid: number): Pidfd[] {
  const lists = readdirSync(`/proc/${pid}/task`).map((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1")
  );
  return lists.join(" ").split(" ").filter(Boolean).map((child) => Pidfd.open(Number(child)));
}

const isGuard = ({ pid }: Pidfd) => readFileSync(`/proc/${pid}/comm`, "utf8") === "pidfd-guard\n";

for (const signal of ["SIGKILL", "SIGTERM", "SIGINT"] as const) {
  test(`nothing survives a program that ${signal} ends, not even the guard`, async () => {
    const program = await starter("once");
    const guards = childrenOf(program.pid).filter(isGuard);
    assert.equal(guards.length, 1);
    program.kill(signal);
    assert.ok(await isOver(program.stdout!));
    for (const guard of guards) {
      await guard.wait({ timeoutMs: 10_000, statusMs: 0 });
      guard.close();
    }
    assert.equal((await program.status).signal, signal);
  });
}

test("nothing survives a program that is killed while it starts and ends processes", async () => {
  for (let round = 0; round < 5; round++) {
    const program = await starter("on and on");
    await setTimeout(round * 7);
    program.kill("SIGKILL");
    assert.ok(await isOver(program.stdout!), `round ${round}`);
    await program.status;
  }
});

test("nothing survives the program of a user without rights", {
  skip: process.getuid!() === 0 ? false : "it needs root",
}, async () => {
  const program = await starter("once", [HELPER, "as", "12345"]);
  program.kill("SIGKILL");
  assert.ok(await isOver(program.stdout!));
  await program.status;
});

test("the signals of a terminal, and of whoever ends services, do not end the guard", async () => {
  const program = await starter("once");
  const [guard] = childrenOf(program.pid).filter(isGuard);
  const signals: Signal[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGALRM", "SIGUSR1"];
  for (const signal of signals) guard.signal(signal);
  const mask = /^SigBlk:\t(\w+)$/m.exec(readFileSync(`/proc/${guard.pid}/status`, "utf8"))![1];
  // All but SIGKILL and SIGSTOP.
  assert.equal(mask, "fffffffffffbfeff");
  assert.equal(guard.isAlive(), true);
  guard.close();
  program.kill("SIGKILL");
  assert.ok(await isOver(program.stdout!));
  await program.status;
});

test("a guard that ends just when it is told to has reported that nothing is left", async () => {
  for (let count = 0; count < 400; count++) {
    const child = spawn("true", [], { lifetime: "contained" });
    await setTimeout(count % 4);
    assert.equal((await child.terminate()).contained!.settled, true);
  }
});
