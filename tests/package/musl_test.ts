import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { after, test } from "node:test";
import { RECORDS } from "../../ffi/symbols.ts";
import { byLoader, fetchMusl, PROGRAMS } from "../run/musl_builds.ts";
import { run } from "../support/processes.ts";
import { install, makeFolder, PRINTED, PROGRAM, runIn, TOP } from "./support.ts";

const { folder, remove } = makeFolder();
after(remove);

const loader = "/lib/ld-musl-x86_64.so.1";
const reason = existsSync(loader) ? false : "musl is not installed (Debian: apt-get install musl)";

test(
  "the same library file works in a program of musl, its watcher thread too",
  { skip: reason },
  async () => {
    const { socket, epoll } = RECORDS.WatcherRecord().fields;
    const program = `${folder}/program`;
    const compile = [
      "sh",
      `${TOP}scripts/zig.sh`,
      "cc",
      "-target",
      "x86_64-linux-musl",
      "-dynamic",
      `-DSOCKET=${socket[0] / 4}`,
      `-DEPOLL=${epoll[0] / 4}`,
      "-o",
      program,
      `${TOP}tests/package/musl.c`,
    ];
    const compiled = await runIn(folder, compile);
    assert.equal(compiled.code, 0, compiled.stderr);
    const { code, stdout, stderr } = await run(loader, [program, `${TOP}npm/lib/pidfd-x86_64.so`]);
    assert.deepEqual([code, stdout], [0, "loaded, opened, told\n"], stderr);
  },
);

/** Why there are no runtimes of musl, or false. */
function lacksRuntimes(): string | false {
  try {
    fetchMusl();
    return false;
  } catch (error) {
    return `builds for musl can't be fetched: ${(error as Error).message.split("\n")[0]}`;
  }
}

test(
  "the installed package works on builds of Bun and Node for musl, from its file and embedded",
  { skip: lacksRuntimes() },
  async () => {
    await install(folder);
    const waits = `
const child = Pidfd.of(spawn("sh", ["-c", "exit 7"]));
console.log((await child.wait()).code);`;
    const imports = `import { spawn } from "node:child_process";
import { features, Pidfd } from "pidfd";`;
    writeFileSync(`${folder}/app.mjs`, imports + PROGRAM + waits);
    for (const from of ["file", "embedded"]) {
      if (from === "embedded") rmSync(`${folder}/node_modules/pidfd/lib`, { recursive: true });
      for (const [name, program] of Object.entries(PROGRAMS)) {
        const { stdout, stderr } = await runIn(folder, [...byLoader(program), "app.mjs"]);
        assert.equal(stdout, `${PRINTED}7\n`, `${name}, ${from}: ${stderr}`);
      }
    }
  },
);
