/**
 * Gives one pid to a thousand strangers on each runtime, by each way that an identity can go, and
 * holds the handle, the stored identity and the pid file to refusing every one of them, whom
 * process.kill() reaches. Needs root. Takes runtimes' names; all of them, if none is given.
 */
import { onEachRuntime } from "../../scripts/runtimes.ts";

const ROUNDS = 1000;
const isX86 = Deno.build.arch === "x86_64";
const FSTATFS = isX86 ? "138" : "44";
const OPEN_BY_HANDLE_AT = isX86 ? "304" : "265";
const helper = new URL("../../zig/zig-out/bin/helper", import.meta.url).pathname;
const script = new URL("../../tests/fixtures/recycle.ts", import.meta.url).pathname;
const WAYS = [
  { name: "by file handle", through: [] },
  { name: "by pid and inode", through: [helper, "deny", OPEN_BY_HANDLE_AT, "95"] },
  { name: "by start time", through: [helper, "deny", FSTATFS, "38"] },
];

let isProven = true;
await onEachRuntime(Deno.args, ({ name, file }) => {
  for (const way of WAYS) {
    const path = Deno.makeTempDirSync();
    const command = [
      ...way.through,
      ...file,
      script,
      String(ROUNDS),
      helper,
      `${path}/service.pid`,
    ];
    const { stdout, stderr } = new Deno.Command(command[0], { args: command.slice(1) })
      .outputSync();
    Deno.removeSync(path, { recursive: true });
    const text = new TextDecoder().decode(stdout);
    const counts: Record<string, number> = text === "" ? {} : JSON.parse(text).counts;
    const isWhole = Object.keys(counts).length > 0 &&
      Object.values(counts).every((count) => count === ROUNDS);
    if (!isWhole) console.log(new TextDecoder().decode(stderr));
    isProven &&= isWhole;
    const shown = Object.entries(counts).map(([what, count]) => `${what} ${count}`).join(", ");
    console.log(`${name.padEnd(8)} ${way.name.padEnd(16)} of ${ROUNDS}: ${shown}`);
  }
});
if (!isProven) Deno.exit(1);
