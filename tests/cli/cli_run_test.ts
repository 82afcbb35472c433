import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { Pidfd } from "../../mod.ts";
import { pidfdCommand, pidfdEach } from "../support/cli.ts";
import { heard, newMark, outputOf, pidfdRun, startRun } from "../support/cli_run.ts";
import { HELPER, paused, run as runProgram } from "../support/processes.ts";
import { ending, exitedWith, killedBy } from "../support/statuses.ts";
import { needsRoot } from "../support/trees.ts";

/** The code that it ended with; -1 where a signal ended it. */
async function codeOf(...args: string[]): Promise<number> {
  const { status } = await pidfdRun(...args);
  return status.code ?? -1;
}

async function inFolder(action: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/pidfd-test-`);
  try {
    await action(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("pidfd run ends with the command's own exit code", async () => {
  assert.equal(await codeOf("--", "true"), 0);
  assert.equal(await codeOf("--", HELPER, "exit", "7"), 7);
  assert.equal(await codeOf("--", HELPER, "exit", "255"), 255);
});

test("pidfd run ends with 128 and the number of the signal that ended it", async () => {
  assert.equal(await codeOf("--", HELPER, "end", "signal", "15"), 143);
  assert.equal(await codeOf("--", HELPER, "end", "signal", "9"), 137);
  assert.equal(await codeOf("--", HELPER, "end", "signal", "34"), 162);
});

test("pidfd run ends by SIGINT as the command does, so that a shell ends its script too", async () => {
  const { status } = await pidfdRun("--", HELPER, "end", "signal", "2");
  assert.deepEqual(ending(status), killedBy("SIGINT"));
});

test("pidfd run tells a command that is missing, and one that can't be executed", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/text`;
    writeFileSync(file, "no program", { mode: 0o755 });
    assert.equal(await codeOf("--", "pidfd-no-such-command"), 127);
    assert.equal(await codeOf("--", `${folder}/missing`), 127);
    assert.equal(await codeOf("--", file), 126);
    assert.equal(await codeOf("--", folder), 126);
    const { stdout, stderr } = await pidfdRun("--", `${folder}/missing`);
    assert.equal(stdout, "");
    assert.match(stderr, /^pidfd: .*\/missing: not found\n$/);
    const { code, error } = JSON.parse((await pidfdRun("--json", "--", file)).stderr);
    assert.deepEqual([code, error.code, error.syscall], [126, "ENOEXEC", "execve"]);
  });
});

test("pidfd run ends with 124 when the time was up, with 137 when it had to kill", async () => {
  assert.equal(await codeOf("--timeout", "100ms", "--", "sleep", "100"), 124);
  assert.equal(await codeOf("--timeout", "100ms", "-s", "INT", "--", "sleep", "100"), 124);
  const stubborn = ["sh", "-c", 'trap "" TERM; sleep 100 & wait; wait; wait'];
  assert.equal(await codeOf("--timeout=500ms", "--grace=50ms", "--", ...stubborn), 137);
  assert.equal(await codeOf("--timeout", "100ms", "-s", "KILL", "--", "sleep", "100"), 137);
  assert.equal(await codeOf("--timeout", "100ms", "--", HELPER, "exit", "5"), 5);
  assert.equal(await codeOf("--timeout", "0", "--", "sleep", "0.2"), 0);
});

test("pidfd run passes what is behind -- on untouched", async () => {
  const args = ["--json", "--help", "-s", "--", "", "two words", "--timeout=1", "-h", "ä"];
  const { status, stdout, stderr } = await pidfdRun("--", "printf", "%s\n", ...args);
  assert.deepEqual([status.code, stderr], [0, ""]);
  assert.deepEqual(stdout.split("\n").slice(0, -1), args);
});

test("pidfd run refuses wrong usage with 125, and starts nothing", async () => {
  await inFolder(async (folder) => {
    const touch = ["--", "touch", `${folder}/started`];
    const wrong: [string[], RegExp][] = [
      [[], /a command is missing/],
      [["--"], /a command is missing/],
      [["--", ""], /the command is empty/],
      [["touch", `${folder}/started`], /write -- before the command/],
      [["touch", ...touch], /write -- before the command/],
      [["--nonsense", ...touch], /unknown option --nonsense/],
      [["--time", "5s", ...touch], /did you mean --timeout/],
      [["--timeout", ...touch], /--timeout needs a value/],
      [["--timeout", "soon", ...touch], /--timeout takes a time/],
      [["--grace", "-1", ...touch], /--grace needs a value/],
      [["-s", "TREM", ...touch], /TREM/],
      [["-s", "0", ...touch], /0 is none/],
      [["--pidfile=", ...touch], /--pidfile needs a value/],
      [["--contain", "nothing", ...touch], /--contain takes/],
      [["--mark", "NAME", ...touch], /--mark takes KEY=VALUE/],
      [["--mark", "=1", ...touch], /--mark takes KEY=VALUE/],
      [["--verbose=yes", ...touch], /--verbose takes no value/],
    ];
    const said = await pidfdEach(...wrong.map(([args]) => ["run", ...args]));
    for (const [index, [args, words]] of wrong.entries()) {
      const { code, stdout, stderr } = said[index];
      assert.deepEqual([code, stdout], [125, ""], `${args}: ${stderr}`);
      assert.match(stderr, words);
      assert.ok(stderr.endsWith("\nTry: pidfd run --help\n"), stderr);
    }
    assert.equal(existsSync(`${folder}/started`), false);
  });
});

test("pidfd run refuses arguments whose bytes a runtime has changed", async () => {
  const words = pidfdCommand("run", "--", "echo").map(quote).join(" ");
  const script = `bytes=$(printf 'a\\377b'); ${words} "$bytes"`;
  const { code, stdout, stderr } = await runProgram("sh", ["-c", script]);
  assert.deepEqual([code, stdout], [125, ""], stderr);
  assert.match(stderr, /no UTF-8/);
});

test("pidfd run gives the command its own standard input, output and error", async () => {
  const command = ["sh", "-c", "cat; echo problem >&2; exit 3"];
  const child = startRun(["--", ...command], { stdin: "pipe" });
  child.stdin!.end("hi\n");
  const { status, stdout, stderr } = await outputOf(child);
  assert.deepEqual([status.code, stdout, stderr], [3, "hi\n", "problem\n"]);
});

test("pidfd run does not read what the command leaves of standard input", async () => {
  const line = pidfdCommand("run", "--", "sh", "-c", "read line; echo $line").map(quote).join(" ");
  const script = `printf 'one\\ntwo\\n' | { ${line}; cat; }`;
  const { stdout, stderr } = await runProgram("sh", ["-c", script]);
  assert.equal(stdout, "one\ntwo\n", stderr);
});

const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

test("pidfd run --json says on standard error how it ended, on one line", async () => {
  const ended = await pidfdRun("--json", "--", "sh", "-c", "echo output; exit 4");
  assert.deepEqual([ended.status.code, ended.stdout], [4, "output\n"]);
  const { command, pid, code, timedOut, durationMs, status } = JSON.parse(ended.stderr);
  assert.deepEqual({ command, code, timedOut }, {
    command: ["sh", "-c", "echo output; exit 4"],
    code: 4,
    timedOut: false,
  });
  assert.ok(pid > 0 && durationMs > 0);
  assert.deepEqual(ending(status), exitedWith(4));
  assert.equal(ended.stderr.trimEnd().includes("\n"), false);
  const row = /^\| `run` .*$/m.exec(
    readFileSync(new URL("../../docs/command-line.md", import.meta.url), "utf8"),
  )![0];
  const known = [...row.matchAll(/`(\w+)`/g)].map(([, field]) => field);
  const { contained, ...rest } = JSON.parse(ended.stderr);
  for (const field of Object.keys({ ...rest, contained, ...contained })) {
    assert.ok(known.includes(field), field);
  }
  const late = JSON.parse((await pidfdRun("--json", "--timeout=50", "--", "sleep", "9")).stderr);
  assert.deepEqual([late.code, late.timedOut, late.status.signal], [124, true, "SIGTERM"]);
  const missing = JSON.parse((await pidfdRun("--json", "--", "pidfd-no-such-command")).stderr);
  assert.deepEqual([missing.code, missing.error.code, missing.error.syscall], [
    127,
    "ENOENT",
    "execve",
  ]);
});

test("pidfd run --verbose says what holds the command, and how it ended", async () => {
  const { stderr } = await pidfdRun("--verbose", "--timeout=50", "--", "sleep", "9");
  const lines = stderr.trimEnd().split("\n");
  assert.match(lines.shift()!, /^pidfd run: \d+ runs, contained by the guard/);
  assert.deepEqual(lines, [
    "pidfd run: the time is up: sends SIGTERM",
    "pidfd run: killed by SIGTERM",
    "pidfd run: sent the signal to 1, killed 0",
  ]);
});

test("pidfd run --mark sets variables that pidfd orphans goes by, and keeps the others", async () => {
  const mark = newMark();
  const script = 'printf "%s\\n" "$PIDFD_TEST" "$SECOND" "$KEPT"';
  const args = ["--mark", mark, "--mark=SECOND=a=b", "--", "sh", "-c", script];
  const { stdout, stderr } = await outputOf(startRun(args, { env: { KEPT: "kept" } }));
  assert.equal(stdout, `${mark.split("=")[1]}\na=b\nkept\n`, stderr);
});

const WITHOUT_PIDFS = [HELPER, "deny", "fstatfs", "38"];

for (const [when, through] of [["", []], [", before Linux 6.9 too", WITHOUT_PIDFS]] as const) {
  test(`pidfd run --pidfile names the command while it runs${when}`, async () => {
    await inFolder(async (folder) => {
      const path = `${folder}/command.pid`;
      const args = ["--pidfile", path, "--", "sh", "-c", "echo $$; read line"];
      const child = startRun(args, { stdin: "pipe" }, [...through]);
      const pid = Number(await heard(child, "\n"));
      // The command gets the file when it runs: before, it is that of pidfd run.
      for (let owner = 0; owner !== pid;) {
        const handle = Pidfd.fromPidfile(path);
        owner = handle?.pid ?? 0;
        assert.ok([0, pid, child.pid].includes(owner));
        handle?.close();
        await new Promise((resolve) => setImmediate(resolve));
      }
      child.stdin!.end("\n");
      assert.equal((await child.status).code, 0);
      assert.equal(existsSync(path), false);
      await child[Symbol.asyncDispose]();
    });
  });
}

test("pidfd run --pidfile starts nothing where another process holds the file", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/command.pid`;
    const helper = await paused();
    const holder = Pidfd.open(helper.child.pid!);
    holder.writePidfile(path);
    const before = readFileSync(path, "utf8");
    const run = (...command: string[]) => pidfdRun("--pidfile", path, "--", ...command);
    const { status, stderr } = await run("touch", `${folder}/started`);
    assert.equal(status.code, 125);
    assert.match(stderr, /EEXIST: the file belongs to a process that runs/);
    assert.equal(existsSync(`${folder}/started`), false);
    assert.equal(readFileSync(path, "utf8"), before);
    await helper.kill();
    // It is stale now.
    holder.close();
    assert.equal(
      (await run("sh", "-c", `until grep -q "^$$[^0-9]" ${path}; do sleep 0.01; done`)).status.code,
      0,
    );
    assert.equal(existsSync(path), false);
  });
});

test("pidfd run starts nothing where its pid file can't be written", async () => {
  const args = ["--pidfile", "/no/such/folder/command.pid", "--", "echo", "started"];
  const { status, stdout, stderr } = await pidfdRun(...args);
  assert.deepEqual([status.code, stdout], [125, ""]);
  assert.match(stderr, /ENOENT/);
});

test("pidfd run leaves no pid file of a command that can't be started", async () => {
  await inFolder(async (folder) => {
    const { status } = await pidfdRun("--pidfile", `${folder}/a.pid`, "--", "/no/such/program");
    assert.equal(status.code, 127);
    assert.deepEqual(readdirSync(folder), []);
  });
});

test("pidfd run works for a user without privileges", { skip: needsRoot }, async () => {
  const child = startRun(["--", "id", "-u"], {}, [HELPER, "as", "65534"]);
  const { status, stdout, stderr } = await outputOf(child);
  assert.deepEqual([status.code, stdout], [0, "65534\n"], stderr);
});
