import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { Pidfd } from "../../mod.ts";
import { pidfdCommand } from "../support/cli.ts";
import { type Command, command, Running } from "../support/examples.ts";
import { run } from "../support/processes.ts";
import { childrenOf, needsRoot } from "../support/trees.ts";

const page = readFileSync(new URL("../../docs/pid-1.md", import.meta.url), "utf8");

/** What makes a command the first process of a pid namespace, as the page has it. */
const CONTAINER = ["unshare", "-pf", "--mount-proc", "--kill-child"];

/** Why there is no container; false where there is one. */
const skip = needsRoot ||
  ((await run(CONTAINER[0], [...CONTAINER.slice(1), "true"]).then(({ code }) => code, () => 1)) ===
      0
    ? false
    : "unshare(1) can't make a pid namespace");

/** Runs it as pid 1, and gives its handle. */
async function asFirst(
  words: string[],
  action: (running: Running, first: Pidfd) => Promise<void>,
): Promise<void> {
  const [program, ...args] = [...CONTAINER, ...words];
  const running = new Running([program, args] as Command);
  try {
    // It forks once the namespace is there.
    const end = Date.now() + 20_000;
    while (childrenOf(running.child.pid!).length === 0 && Date.now() < end) await setTimeout(10);
    const first = Pidfd.open(childrenOf(running.child.pid!)[0]);
    await action(running, first);
    first.close();
  } finally {
    // The kernel kills all that is in the namespace with its first process.
    running.child.kill("SIGKILL");
    await running.end;
  }
}

test("examples/pid_1.ts reaps what its commands leave, and ends by SIGTERM", { skip }, () => {
  const [program, args] = command("pid_1", ["--allow-run=sh", "--allow-env"]);
  return asFirst([program, ...args], async (running, first) => {
    const job = "(sleep 0.3; exit 7) & exit 3";
    running.child.stdin!.write(`${job}\n`);
    assert.equal(await running.line(), `${job}: exited with code 3`);
    assert.equal(await running.line(), "an orphan exited with code 7");
    assert.deepEqual(childrenOf(first.pid), []);
    first.signal("SIGTERM");
    assert.deepEqual(await running.end, [0, null]);
  });
});

/** Ends politely, although it has left the command's tree. */
const DAEMON = `trap "echo bye; exit" TERM; echo ready; while :; do sleep 0.1; done`;

test("pidfd run as the ENTRYPOINT of the page ends all politely at SIGTERM", { skip }, () => {
  const [, entry] = /^ENTRYPOINT (.*)$/m.exec(page)!;
  const [pidfd, ...words]: string[] = JSON.parse(entry);
  assert.equal(pidfd, "node_modules/.bin/pidfd");
  const script = `(setsid sh -c '${DAEMON}' &); exec sleep 1000`;
  return asFirst([...pidfdCommand(...words), "sh", "-c", script], async (running, first) => {
    assert.equal(await running.line(), "ready");
    first.signal("SIGTERM");
    assert.equal(await running.line(), "bye");
    assert.deepEqual(await running.end, [143, null]);
  });
});

test("the page has the command that these tests run as pid 1", () => {
  assert.ok(page.includes(`${CONTAINER.join(" ")} node_modules/.bin/pidfd run -- `));
});
