import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { pidfd, pidfdEach } from "../support/cli.ts";
import { Helper, run, type ScriptResult } from "../support/processes.ts";

const scripts = new Map<string, Promise<ScriptResult>>();

/** What the command prints for a shell. */
async function script(shell: string): Promise<string> {
  if (!scripts.has(shell)) scripts.set(shell, pidfd("completions", shell));
  const { code, stdout, stderr } = await scripts.get(shell)!;
  assert.equal(code, 0, stderr);
  return stdout;
}

/** Why a shell can't be tested here, or false. */
async function lacks(shell: string, probe = "exit 0"): Promise<string | false> {
  const isThere = await run(shell, ["-c", probe]).then(({ code }) => code === 0, () => false);
  return isThere ? false : `${shell} is not installed, or not whole`;
}

/**
 * What bash offers for these words, the last of them unfinished: at a first Tab, or at the second,
 * which lists it.
 */
async function offered(...words: string[]): Promise<string[]> {
  return await offeredAt(FIRST_TAB, ...words);
}

const [FIRST_TAB, SECOND_TAB] = [9, 63];

async function offeredAt(tab: number, ...words: string[]): Promise<string[]> {
  const array = words.map((word) => `'${word}'`).join(" ");
  const ask = `COMP_WORDS=(${array}); COMP_CWORD=${words.length - 1}; COMP_TYPE=${tab}; _pidfd
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await run("bash", ["-c", `${await script("bash")}\n${ask}`]);
  assert.equal(stderr, "");
  return stdout.split("\n").filter((word) => word !== "");
}

test("pidfd completions refuses a shell that it does not know", async () => {
  const wrong = [[], ["tcsh"], ["toString"], ["bash", "zsh"]];
  const said = await pidfdEach(...wrong.map((args) => ["completions", ...args]));
  assert.deepEqual(said.map(({ code }) => code), [2, 2, 2, 2]);
});

test("pidfd completions bash offers commands, options and signals", async () => {
  assert.deepEqual(await offered("pidfd", "ch"), ["check"]);
  assert.deepEqual(await offered("pidfd", "wait", "--t"), ["--timeout"]);
  assert.deepEqual(await offered("pidfd", "signal", "-s", "USR"), ["USR1", "USR2"]);
  assert.deepEqual(await offered("pidfd", "signal", "-s", "SIGUSR"), ["SIGUSR1", "SIGUSR2"]);
  assert.deepEqual((await offered("pidfd", "stop", "-s", "")).slice(0, 2), ["HUP", "INT"]);
  assert.deepEqual(await offered("pidfd", "completions", "f"), ["fish"]);
  assert.deepEqual(await offered("pidfd", "help", "co"), ["completions"]);
  assert.deepEqual(await offered("pidfd", "--v"), ["--version"]);
  assert.deepEqual(await offered("pidfd", "wait", "--timeout", ""), []);
  assert.deepEqual(await offered("pidfd", "run", "--pidf"), ["--pidfile"]);
  assert.ok((await offered("pidfd", "run", "--timeout", "5s", "--", "mkf")).includes("mkfifo"));
  assert.deepEqual(await offered("pidfd", "run", "--", "ls", "--pidf"), []);
});

/** A process whose command line shows that it is the test's, with what would harm a terminal. */
async function odd(): Promise<Helper> {
  const helper = new Helper("pause", "odd\x1b[31m\nname");
  await helper.line();
  return helper;
}

test("pidfd completions bash offers pids, and their command lines where it lists them", async () => {
  const helper = await odd();
  const pid = String(helper.child.pid);
  for (const command of ["stop", "check", "info"]) {
    const all = await offered("pidfd", command, "");
    assert.ok(all.includes(pid) && all.includes("1") && all.every((word) => /^\d+$/.test(word)));
  }
  assert.deepEqual(await offered("pidfd", "stop", "--grace", "5s", pid), [pid]);
  const listed = await offeredAt(SECOND_TAB, "pidfd", "stop", pid);
  assert.deepEqual(listed, [`${pid} (helper pause odd?[31m?name)`]);
  // Most often a kernel thread.
  const hasCommandLine = existsSync("/proc/2") && readFileSync("/proc/2/cmdline", "latin1") !== "";
  assert.equal((await offered("pidfd", "stop", "2")).includes("2"), hasCommandLine);
  assert.deepEqual(await offered("pidfd", "orphans", ""), []);
  assert.ok((await offered("pidfd", "stop", "-")).includes("--grace"));
  await helper.kill();
});

/**
 * What zsh makes of unfinished lines: a shell with its own completion in a terminal, in which
 * Ctrl-] completes the line and writes it to where the outer shell waits for it.
 */
async function completedByZsh(folder: string, ...lines: string[]): Promise<string> {
  writeFileSync(`${folder}/_pidfd.zsh`, await script("zsh"));
  writeFileSync(
    `${folder}/setup`,
    `autoload -Uz compinit && compinit -D -u
source ${folder}/_pidfd.zsh
setopt no_beep no_list_ambiguous
complete-and-tell() { zle complete-word; print -r -- "$BUFFER" > ${folder}/told; BUFFER= }
zle -N complete-and-tell
bindkey '^]' complete-and-tell
print ready > ${folder}/told`,
  );
  const typed = lines.map((line) => `zpty -w -n shell $'${line}\\x1d'; hear`).join("\n");
  const { stdout, stderr } = await run("zsh", [
    "-f",
    "-c",
    `zmodload zsh/zpty; mkfifo ${folder}/told; exec 3<>${folder}/told
hear() { read -r -t 60 -u 3 line && [[ $line == ready ]] || print -r -- "$line" }
zpty -b shell "HOME=${folder} TERM=dumb zsh -f -i"
zpty -w shell "source ${folder}/setup"; hear
${typed}
zpty -d shell`,
  ]);
  assert.equal(stderr, "");
  return stdout;
}

test(
  "pidfd completions zsh completes commands, options and signals",
  { skip: await lacks("zsh", "zmodload zsh/zpty") },
  async () => {
    const folder = mkdtempSync(`${tmpdir()}/pidfd-zsh-`);
    try {
      const lines = [
        "pidfd ch",
        "pidfd wait --t",
        "pidfd signal -s SIGKI",
        "pidfd signal -s KI",
        `pidfd stop ${process.pid}`,
        "pidfd completions f",
        "pidfd wait --timeout ",
        "pidfd run --timeout 5s -- mkfif",
        "pidfd run --pidf",
      ];
      assert.deepEqual((await completedByZsh(folder, ...lines)).split("\n"), [
        "pidfd check",
        "pidfd wait --timeout",
        "pidfd signal -s SIGKILL",
        "pidfd signal -s KILL",
        `pidfd stop ${process.pid}`,
        "pidfd completions fish",
        "pidfd wait --timeout",
        "pidfd run --timeout 5s -- mkfifo",
        "pidfd run --pidfile",
        "",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test(
  "pidfd completions zsh lists pids with their command lines",
  { skip: await lacks("zsh") },
  async () => {
    const helper = await odd();
    const ask = `compdef() { : }
${await script("zsh")}
compadd() { print -rl -- $pids $shown }
words=(pidfd stop ''); CURRENT=3 PREFIX=; _pidfd`;
    const { stdout, stderr } = await run("zsh", ["-f", "-c", ask]);
    await helper.kill();
    assert.equal(stderr, "");
    const lines = stdout.split("\n");
    const { pid } = helper.child;
    assert.ok(lines.includes(String(pid)));
    assert.ok(lines.includes(`${pid} (helper pause odd^[[31m\\nname)`), stdout);
  },
);

test(
  "pidfd completions fish offers commands, options and signals",
  { skip: await lacks("fish") },
  async () => {
    const helper = await odd();
    const { pid } = helper.child;
    const lines = ["ch", "signal -s SIGUSR", "signal -s USR", "run -- mkfif", `stop ${pid}`];
    const ask = lines.map((line) => `complete -C 'pidfd ${line}'`).join("; ");
    const { stdout, stderr } = await run("fish", [
      "--no-config",
      "-c",
      `${await script("fish")}\n${ask}`,
    ]);
    assert.equal(stderr, "");
    await helper.kill();
    const words = stdout.match(/^\w+/gm);
    assert.deepEqual(words, [
      "check",
      "SIGUSR1",
      "SIGUSR2",
      "USR1",
      "USR2",
      "mkfifo",
      String(pid),
    ]);
    assert.ok(stdout.endsWith(`${pid}\thelper pause odd?[31m?name\n`), stdout);
  },
);
