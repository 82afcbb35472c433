import assert from "node:assert/strict";
import { readlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { Pidfd } from "../../mod.ts";
import { pidfdCommand } from "../support/cli.ts";
import { heard, outputOf, startRun } from "../support/cli_run.ts";
import { run, runtimeCommand } from "../support/processes.ts";
import { ending, exitedWith } from "../support/statuses.ts";
import { childrenOf, statFields } from "../support/trees.ts";
import { inTerminal, lacksTerminal } from "../support/terminal.ts";

/** Node resets what is ignored when it starts. */
const isNode = !("Deno" in globalThis || "Bun" in globalThis) && "resets what is ignored";

const TELLER = runtimeCommand(
  fileURLToPath(new URL("../fixtures/tell_signals.ts", import.meta.url)),
);

test("pidfd run sends what it is sent on to the command", async () => {
  const child = startRun(["--", ...TELLER]);
  await heard(child, "ready");
  const signals = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH"] as const;
  for (const signal of signals) {
    child.kill(signal);
    assert.equal(await heard(child, "\n"), `<${signal}>\n`);
  }
  child.kill("SIGTERM");
  assert.deepEqual(ending(await child.status), exitedWith(3));
  await child[Symbol.asyncDispose]();
});

test("pidfd run resumes a command that is stopped", async () => {
  const child = startRun(["--", "sh", "-c", "echo $$; kill -STOP $$; echo resumed"]);
  const command = Number(await heard(child, "\n"));
  while (statFields(command)?.[0] !== "T") await new Promise((next) => setImmediate(next));
  child.kill("SIGCONT");
  await heard(child, "resumed");
  assert.equal((await child.status).code, 0);
  await child[Symbol.asyncDispose]();
});

test(
  "pidfd run leaves signals ignored that it was started with ignored",
  { skip: isNode },
  async () => {
    const ask = ["--", "grep", "SigIgn", "/proc/self/status"];
    const child = startRun(ask, {}, ["sh", "-c", 'trap "" HUP INT QUIT USR1; exec "$0" "$@"']);
    const { stdout, stderr } = await outputOf(child);
    assert.equal(parseInt(stdout.split("\t")[1], 16) & 0b1000000111, 0b1000000111, stderr);
  },
);

test("pidfd run waits for a command that ignores a signal", async () => {
  const script = 'trap "echo got" TERM; echo ready; until read line; do :; done; exit 6';
  const child = startRun(["--", "sh", "-c", script], { stdin: "pipe" });
  await heard(child, "ready");
  for (let sent = 0; sent < 2; sent++) {
    child.kill("SIGTERM");
    await heard(child, "got");
  }
  child.stdin!.end("\n");
  assert.equal((await child.status).code, 6);
  await child[Symbol.asyncDispose]();
});

for (const mode of [[], ["--json"]]) {
  const title = (what: string) => `pidfd run ${mode} in a terminal: ${what}`;

  test(title("the command gets what a key sends once"), { skip: lacksTerminal }, async () => {
    await inTerminal(pidfdCommand("run", ...mode, "--", ...TELLER), async (terminal) => {
      await terminal.until("ready");
      for (const [key, signal] of [["\x03", "INT"], ["\x1c", "QUIT"], ["\x03", "INT"]]) {
        terminal.type(key);
        await terminal.until(`<SIG${signal}>`);
      }
      const [guard] = childrenOf(childrenOf(terminal.child.pid)[0]);
      const [pid] = childrenOf(guard);
      await run("stty", ["-F", readlinkSync(`/proc/${pid}/fd/0`), "rows", "41"]);
      await terminal.until("<SIGWINCH>");
      terminal.type("\x1c");
      await terminal.until("<SIGQUIT>");
      const counts = ["INT", "QUIT", "WINCH"].map((name) => terminal.count(`<SIG${name}>`));
      assert.deepEqual(counts, [2, 2, 1], terminal.shown);
      const command = Pidfd.open(pid);
      command.signal("SIGTERM");
      command.close();
      assert.equal((await terminal.child.status).code, 3);
    });
  });

  test(
    title("a shell stops it, resumes it, and ends it as any job"),
    { skip: lacksTerminal },
    async () => {
      const words = pidfdCommand("run", ...mode, "--", ...TELLER);
      const line = words.map((word) => `'${word}'`).join(" ");
      await inTerminal(["bash", "--norc", "--noediting", "-i"], async (terminal) => {
        await terminal.until("$ ");
        terminal.type(`${line}\n`);
        await terminal.until("ready");
        terminal.type("\x1a");
        await terminal.until("Stopped");
        terminal.type("echo she''ll\n");
        await terminal.until("shell");
        terminal.type("fg\n");
        await terminal.until("<SIGCONT>");
        terminal.type("\x03");
        await terminal.until("<SIGINT>");
        terminal.type("\x1a");
        await terminal.until("Stopped");
        terminal.type("bg\n");
        await terminal.until("<SIGCONT>");
        // To it alone: a shell's own kill sends to the whole job.
        terminal.type("env kill -INT $(jobs -p)\n");
        await terminal.until("<SIGINT>");
        terminal.type("kill %1; wait %1; echo code''=$?\n");
        await terminal.until("code=3");
        assert.equal(terminal.count("<SIGCONT>"), 2);
        // A runtime that is stopped before it has handled the key takes it for a kill(1).
        const most = mode.length > 0 ? 3 : 2;
        assert.ok([2, most].includes(terminal.count("<SIGINT>")), terminal.shown);
        terminal.type("exit\n");
        await terminal.child.status;
      });
    },
  );

  test(
    title("the command reads from it, also behind a pipe"),
    { skip: lacksTerminal },
    async () => {
      const words = ["--", "sh", "-c", "read line; echo g''ot=$line"];
      const command = pidfdCommand("run", ...mode, ...words);
      await inTerminal(["sh", "-c", '"$@" | cat', "sh", ...command], async (terminal) => {
        terminal.type("typed\n");
        await terminal.until("got=typed");
        await terminal.child.status;
      });
    },
  );
}

for (
  const [what, before, interrupt] of [
    ["what kill(1) sends to it", [], (_: Typing, handle: Pidfd) => handle.signal("SIGINT")],
    ["a key, where the command has left the group", ["setsid"], (type: Typing) => type("\x03")],
  ] as const
) {
  test(`pidfd run in a terminal sends on ${what}`, { skip: lacksTerminal }, async () => {
    await inTerminal(pidfdCommand("run", "--", ...before, ...TELLER), async (terminal) => {
      await terminal.until("ready");
      const handle = Pidfd.open(childrenOf(terminal.child.pid)[0]);
      interrupt((text) => terminal.type(text), handle);
      await terminal.until("<SIGINT>");
      handle.signal("SIGTERM");
      handle.close();
      assert.equal((await terminal.child.status).code, 3);
      assert.equal(terminal.count("<SIGINT>"), 1);
    });
  });
}

type Typing = (text: string) => void;
