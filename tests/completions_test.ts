import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { run, runtimeCommand, type ScriptResult } from "./support/processes.ts";

const CLI = fileURLToPath(new URL("../cli.ts", import.meta.url));

function completions(...args: string[]): Promise<ScriptResult> {
  const options = { permissions: ["--allow-ffi"], args: ["completions", ...args] };
  const [program, ...rest] = runtimeCommand(CLI, options);
  return run(program, rest);
}

async function script(shell: string): Promise<string> {
  const { code, stdout, stderr } = await completions(shell);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** Why a shell can't be tested here, or false. */
async function lacks(shell: string, probe = "exit 0"): Promise<string | false> {
  const isThere = await run(shell, ["-c", probe]).then(({ code }) => code === 0, () => false);
  return isThere ? false : `${shell} is not installed, or not whole`;
}

/** What bash offers for these words, the last of them unfinished. */
async function offered(...words: string[]): Promise<string[]> {
  const array = words.map((word) => `'${word}'`).join(" ");
  const ask = `COMP_WORDS=(${array}); COMP_CWORD=${words.length - 1}; _pidfd
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await run("bash", ["-c", `${await script("bash")}\n${ask}`]);
  assert.equal(stderr, "");
  return stdout.split("\n").filter((word) => word !== "");
}

test("pidfd completions refuses a shell that it does not know", async () => {
  for (const args of [[], ["tcsh"], ["toString"], ["bash", "zsh"]]) {
    assert.equal((await completions(...args)).code, 2, args.join(" "));
  }
});

test("pidfd completions bash offers commands, options and signals", async () => {
  assert.deepEqual(await offered("pidfd", "ch"), ["check"]);
  assert.deepEqual(await offered("pidfd", "wait", "--t"), ["--timeout"]);
  assert.deepEqual(await offered("pidfd", "signal", "-s", "SIGUSR"), ["SIGUSR1", "SIGUSR2"]);
  assert.deepEqual(await offered("pidfd", "completions", "f"), ["fish"]);
  assert.deepEqual(await offered("pidfd", "help", "co"), ["completions"]);
  assert.deepEqual(await offered("pidfd", "--v"), ["--version"]);
  assert.deepEqual(await offered("pidfd", "wait", "--timeout", ""), []);
});

/**
 * What zsh makes of unfinished lines: a shell with its own completion in a terminal, in which Ctrl-] completes the line and
 * writes it to where the outer shell waits for it.
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
        "pidfd completions f",
        "pidfd wait --timeout ",
      ];
      assert.deepEqual((await completedByZsh(folder, ...lines)).split("\n"), [
        "pidfd check",
        "pidfd wait --timeout",
        "pidfd signal -s SIGKILL",
        "pidfd completions fish",
        "pidfd wait --timeout",
        "",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

test(
  "pidfd completions fish offers commands, options and signals",
  { skip: await lacks("fish") },
  async () => {
    const ask = `complete -C 'pidfd ch'; complete -C 'pidfd signal -s SIGUSR'`;
    const { stdout, stderr } = await run("fish", [
      "--no-config",
      "-c",
      `${await script("fish")}\n${ask}`,
    ]);
    assert.equal(stderr, "");
    assert.deepEqual(stdout.match(/^\w+/gm), ["check", "SIGUSR1", "SIGUSR2"]);
  },
);
