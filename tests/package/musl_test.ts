import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, test } from "node:test";
import { RECORDS } from "../../ffi/symbols.ts";
import { run } from "../support/processes.ts";
import { makeFolder, runIn, TOP } from "./support.ts";

const { folder, remove } = makeFolder();
after(remove);

const loader = "/lib/ld-musl-x86_64.so.1";
const reason = existsSync(loader) ? false : "musl is not installed (Debian: apt-get install musl)";

test(
  "the same library file works in a program of musl, its watcher thread too",
  { skip: reason },
  async () => {
    const { socket, epoll } = RECORDS.WatcherRecord.fields;
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
