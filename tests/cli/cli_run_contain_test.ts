import assert from "node:assert/strict";
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { type Child, Pidfd, processes, type SpawnOptions } from "../../mod.ts";
import { lacksKill } from "../support/cgroups.ts";
import { pidfdCommand } from "../support/cli.ts";
import {
  heard,
  marked,
  newMark,
  outputOf,
  startRun,
  survivors,
  sweep,
} from "../support/cli_run.ts";
import { escaping } from "../support/escape.ts";
import { HELPER, run } from "../support/processes.ts";
import { inTerminal, lacksTerminal } from "../support/terminal.ts";
import { childrenOf, needsRoot } from "../support/trees.ts";

/**
 * Leaves sessions and parents of their own, one that ignores what it can, and a storm of forks;
 * each prints "ready". Goes on with the commands of its first argument at the next line.
 */
const ESCAPES = `
"$2" pause &
setsid "$2" pause &
(setsid "$2" pause &)
setsid sh -c '("$0" pause &)' "$2"
(trap "" TERM INT HUP QUIT USR1; exec setsid "$2" pause) &
then=$1; shift
setsid "$@" &
read line
eval "$then"
`;
const noCgroups = await lacksKill();
const ESCAPED = 6;
const STORM = escaping("bomb", 30)(10);

function escapes(mark: string, then: string): string[] {
  return ["--mark", mark, "--grace=300ms", "--", "sh", "-c", ESCAPES, "sh", then, ...STORM];
}

interface Setting {
  /** Further options of pidfd run. */
  options?: string[];
  through?: string[];
  spawn?: SpawnOptions;
}

/** Runs it, has something done once all have escaped, and answers how it ended and who is left. */
async function runEscapes(
  then: string,
  act: (child: Child) => void,
  { options = [], through = [], spawn = {} }: Setting = {},
) {
  const mark = newMark();
  const args = [...options, ...escapes(mark, then)];
  const child = startRun(args, { stdin: "pipe", ...spawn }, through);
  try {
    await heard(child, "ready", ESCAPED);
    assert.ok(marked(mark).length > ESCAPED);
    act(child);
    const status = await child.status;
    return { status, left: status.signal === "SIGKILL" ? await survivors(mark) : marked(mark) };
  } finally {
    await child[Symbol.asyncDispose]();
    await sweep(mark);
  }
}

const goOn = (child: Child) => child.stdin!.write("\n");

/** The same with a limit: longer, where the time was up before all had escaped. */
async function runFor(seconds: number, mode: string[]) {
  const options = [...mode, `--timeout=${seconds}s`];
  try {
    return await runEscapes("exec sleep 100", goOn, { options });
  } catch (error) {
    if (seconds > 30) throw error;
    return runFor(4 * seconds, mode);
  }
}

/** The guard takes the place of JavaScript, but not where that has something left to do. */
const MODES = [[], ["--json"]];

for (const mode of MODES) {
  const title = (what: string) =>
    `pidfd run ${mode.map((word) => `${word} `).join("")}ends all ${what}`;

  test(title("that a command leaves behind when it ends"), async () => {
    const { status, left } = await runEscapes("exit 5", goOn, { options: mode });
    assert.deepEqual([status.code, left], [5, []]);
  });

  test(title("when the time is up"), async () => {
    const { status, left } = await runFor(2, mode);
    assert.deepEqual([status.code, left], [124, []]);
  });

  test(title("when a signal that it is sent ends the command"), async () => {
    for (const [signal, code] of [["SIGTERM", 143], ["SIGHUP", 129], ["SIGINT", null]] as const) {
      const kill = (child: Child) => {
        // A shell forgets a SIGINT that comes right before its read waits.
        const again = setInterval(() => child.kill(signal), 1000);
        void child.status.finally(() => clearInterval(again));
        child.kill(signal);
      };
      const { status, left } = await runEscapes("", kill, { options: mode });
      assert.deepEqual([status.code, left], [code, []], signal);
    }
  });

  test(title("when it is killed"), async () => {
    const kill = (child: Child) => child.kill("SIGKILL");
    assert.deepEqual((await runEscapes("", kill, { options: mode })).left, []);
  });

  test(title("when somebody kills the guard"), async () => {
    const killGuard = (child: Child) => {
      const handle = Pidfd.open(childrenOf(child.pid)[0]);
      assert.equal(handle.info().name, "pidfd-guard");
      handle.signal("SIGKILL");
      handle.close();
    };
    const { status, left } = await runEscapes("", killGuard, { options: mode });
    assert.deepEqual([status.code, left], [137, []]);
  });
}

for (const kind of ["cgroup", "pidns"]) {
  const skip = kind === "cgroup" ? noCgroups : needsRoot;
  test(`pidfd run --contain ${kind} ends all, and says what holds it`, { skip }, async () => {
    const options = ["--contain", kind];
    const { status, left } = await runEscapes("exit 5", goOn, { options });
    assert.deepEqual([status.code, left], [5, []]);
    const kill = (child: Child) => child.kill("SIGKILL");
    assert.deepEqual((await runEscapes("", kill, { options })).left, []);
    const { stderr } = await outputOf(startRun([...options, "--verbose", "--", "true"]));
    assert.match(stderr, /runs, contained by the guard and a (cgroup|pid namespace)\n/);
    const interrupted = startRun([...options, "--", "sh", "-c", "kill -INT $$"]);
    assert.equal((await interrupted.status).signal, "SIGINT");
  });
}

test("pidfd run spares the children of a shell that becomes it", async () => {
  const script = `"$0" pause > /dev/null & echo $!; exec "$@"`;
  const child = startRun(["--", "true"], {}, ["sh", "-c", script, HELPER]);
  const handle = Pidfd.open(Number(await heard(child, "\n")));
  try {
    assert.equal((await child.status).code, 0);
    assert.equal(handle.isAlive(), true);
  } finally {
    handle.signal("SIGKILL");
    handle.close();
    await child[Symbol.asyncDispose]();
  }
});

test("pidfd run ends all when its whole process group is killed", async () => {
  // The group is that of a child which runs; a handle signals one only from Linux 6.9 on.
  const kill = ({ pid }: Child) => process.kill(-pid, "SIGKILL");
  const { left } = await runEscapes("", kill, { spawn: { group: true } });
  assert.deepEqual(left, []);
});

test("pidfd run ends all when its terminal ends", { skip: lacksTerminal }, async () => {
  const mark = newMark();
  try {
    await inTerminal(pidfdCommand("run", ...escapes(mark, "")), async (terminal) => {
      while (terminal.count("ready") < ESCAPED) await terminal.until("ready");
      terminal.child.kill("SIGKILL");
      assert.deepEqual(await survivors(mark), []);
    });
  } finally {
    await sweep(mark);
  }
});

test("pidfd run ends all for a user without privileges", { skip: needsRoot }, async () => {
  const through = [HELPER, "as", "65534"];
  const { status, left } = await runEscapes("exit 5", goOn, { through });
  assert.deepEqual([status.code, left], [5, []]);
});

for (const mode of MODES) {
  test(`pidfd run ${mode} exits with 125 where it may not end what is left`, {
    skip: needsRoot,
  }, async (t) => {
    const folder = mkdtempSync(`${tmpdir()}/pidfd-test-`);
    const mark = newMark();
    try {
      chmodSync(folder, 0o755);
      const setuid = `${folder}/setuid`;
      copyFileSync(HELPER, setuid);
      chmodSync(setuid, 0o4755);
      const script = `"$0" as 0 "$0" pause & read line; exit 0`;
      const options = [...mode, "--mark", mark, "--grace=20ms"];
      const child = startRun([...options, "--", "sh", "-c", script, setuid], { stdin: "pipe" }, [
        HELPER,
        "as",
        "12345",
      ]);
      await heard(child, "ready");
      child.stdin!.write("\n");
      const { code } = await child.status;
      await child[Symbol.asyncDispose]();
      if (code === 0) return t.skip(`${tmpdir()} does not take setuid programs`);
      assert.equal(code, 125);
    } finally {
      await sweep(mark);
      rmSync(folder, { recursive: true });
    }
  });

  test(`pidfd run ${mode} starts nothing without a guard`, async () => {
    const EPERM = "1";
    for (const syscall of ["memfd_create", "execveat", "signalfd4"]) {
      const through = [HELPER, "deny", syscall, EPERM];
      const { status, stdout, stderr } = await outputOf(
        startRun([...mode, "--", "echo", "started"], {}, through),
      );
      assert.deepEqual([status.code, stdout], [125, ""], `${syscall}: ${stderr}`);
      assert.notEqual(stderr, "");
      assert.doesNotMatch(stderr, /echo: (not found|can't be executed)/);
    }
  });
}

for (const mode of MODES) {
  test(`pidfd run ${mode} as pid 1 ends with the command, and reaps the orphans of others`, {
    skip: needsRoot,
  }, async () => {
    const command = [...mode, "--", "sh", "-c", "echo ready; read line; exit 7"];
    const child = startRun(command, { stdin: "pipe" }, [HELPER, "in-own-proc", ""]);
    try {
      await heard(child, "ready");
      const [init] = childrenOf(child.pid);
      // It leaves an orphan.
      const script = "(sleep 100 > /dev/null 2>&1 & echo left)";
      const { stdout, stderr } = await run(HELPER, ["enter", `${init}`, "/bin/sh", "-c", script]);
      assert.equal(stdout, "left\n", stderr);
      const adopted = () =>
        processes().filter(({ ppid, name }) => ppid === init && name === "sleep");
      const [orphan, ...others] = adopted();
      assert.equal(others.length, 0);
      const handle = Pidfd.open(orphan.pid);
      handle.signal("SIGKILL");
      handle.close();
      while (adopted().length > 0) await setTimeout(20);
      const isReplaced = processes().find(({ pid }) => pid === init)!.name === "pidfd-guard";
      assert.equal(isReplaced, mode.length === 0);
      child.stdin!.write("\n");
      assert.equal((await child.status).code, 7);
    } finally {
      await child[Symbol.asyncDispose]();
    }
  });
}
