import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { Pidfd, spawn } from "../../mod.ts";
import { HELPER, runScript, runtimeCommand } from "../support/processes.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

/** A program that starts processes, and the pids that it prints. */
async function starter(lifetime: string) {
  const [command, ...args] = runtimeCommand(fixture("spawn_lifetime.ts"), { args: [lifetime] });
  const program = spawn(command, args, { stdout: "pipe", env: { NODE_NO_WARNINGS: "1" } });
  let printed = "";
  for await (const bytes of program.stdout!) {
    printed += bytes;
    if (printed.endsWith("\n")) break;
  }
  return { program, handles: JSON.parse(printed).map((pid: number) => Pidfd.open(pid)) as Pidfd[] };
}

test("a child with the lifetime of its parent is killed with it, by whatever signal", async () => {
  const { program, handles } = await starter("parent");
  assert.ok(handles.every((handle) => handle.isAlive()));
  program.kill("SIGKILL");
  await Promise.all(handles.map((handle) => handle.wait({ timeoutMs: 10_000, statusMs: 0 })));
  handles.forEach((handle) => handle.close());
  await program.status;
});

test("an independent child outlives it", async () => {
  const { program, handles } = await starter("independent");
  program.kill("SIGKILL");
  await program.status;
  for (const handle of handles) {
    assert.equal(handle.isAlive(), true);
    handle.signal("SIGKILL");
    handle.close();
  }
});

test("a Worker that ends, or is terminated, takes no child with it, and nothing is left of it", async () => {
  const { stdout, stderr } = await runScript("spawn_workers.ts");
  const report = JSON.parse(stdout || "null") ?? assert.fail(stderr);
  assert.equal(report.survivors, report.started, stderr);
  assert.equal(report.zombies, 0, stdout);
  // Deno makes a thread of its own with a pair of sockets when it likes; four Workers have ended.
  assert.ok(report.threads <= 1 && report.descriptors <= 2, stdout);
});

test("a Worker that is terminated while it starts processes leaves nothing open", async () => {
  const { stdout, stderr } = await runScript("spawn_terminated.ts");
  const { children, held } = JSON.parse(stdout || "null") ?? assert.fail(stderr);
  assert.equal(children, 0, stderr);
  // Deno makes a thread of its own with a pair of sockets when it likes.
  assert.ok(held <= 2, stdout);
});

test("the death of the parent is watched from the start", async () => {
  // PR_GET_PDEATHSIG is told to the process itself alone.
  const child = spawn(HELPER, ["pause"], { lifetime: "parent", stdout: "pipe" });
  await once(child.stdout!, "data");
  const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
  const ppid = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  assert.equal(ppid, process.pid);
  await child[Symbol.asyncDispose]();
});
