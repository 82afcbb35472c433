import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { LIBRARIES } from "../../ffi/library.ts";
import { load } from "../../ffi/load.ts";
import { ABI } from "../../ffi/symbols.ts";
import { loadLibrary } from "../../mod.ts";
import { CPU } from "../support/cpu.ts";
import { HELPER, run, runScript } from "../support/processes.ts";

/** Runs `test` with a folder that is removed afterwards. */
async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/pidfd-test-`);
  try {
    await test(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeLibrary(folder: string, name = CPU): string {
  const path = `${folder}/library.so`;
  writeFileSync(path, Buffer.from(LIBRARIES[name].base64, "base64"));
  return path;
}

const isDeno = "Deno" in globalThis;
/** Only Deno asks for permissions; the others run the same script with nothing to refuse. */
const permissions = (...flags: string[]) => (isDeno ? flags : []);

test("the library answers the ABI number of the generated table", () => {
  assert.equal(load().abi(), ABI);
});

test("the embedded library needs --allow-ffi alone, and leaves no file behind", async () => {
  await inFolder(async (folder) => {
    const result = await runScript("load.ts", {
      permissions: permissions("--allow-ffi"),
      env: { TMPDIR: folder },
    });
    assert.equal(result.stdout.trim(), "true true", result.stderr);
    assert.deepEqual(readdirSync(folder), []);
  });
});

test("PIDFD_LIBRARY names the library", async () => {
  await inFolder(async (folder) => {
    const path = writeLibrary(folder);
    const env = { PIDFD_LIBRARY: path };
    const allowed = permissions(`--allow-ffi=${path}`, "--allow-env=PIDFD_LIBRARY");
    const result = await runScript("load.ts", { env, permissions: allowed });
    assert.equal(result.stdout.trim(), "true true", result.stderr);
  });
});

test("PIDFD_LIBRARY that can't be loaded is an error that names it, not a reason to take another", async () => {
  const env = { PIDFD_LIBRARY: "/nonexistent/library.so" };
  const result = await runScript("load.ts", { env });
  assert.match(result.stdout, /^false ENOSYS/, result.stderr);
  assert.match(result.stdout, /asked for can't be loaded: \/nonexistent\/library\.so/);
});

test("loadLibrary() with the path needs --allow-ffi=PATH alone", async () => {
  await inFolder(async (folder) => {
    const path = writeLibrary(folder);
    const result = await runScript("load.ts", {
      permissions: permissions(`--allow-ffi=${path}`),
      args: [path],
    });
    assert.equal(result.stdout.trim(), "true true", result.stderr);
  });
});

test("a library of another CPU, a truncated one and one that is none give clear errors", async () => {
  await inFolder(async (folder) => {
    const path = writeLibrary(folder, CPU === "s390x" ? "x86_64" : "s390x");
    const foreign = await runScript("load.ts", { args: [path] });
    assert.match(foreign.stdout, /asked for can't be loaded: .*library\.so/, foreign.stderr);
    writeLibrary(folder);
    truncateSync(path, LIBRARIES[CPU].size / 2);
    const truncated = await runScript("load.ts", { args: [path] });
    assert.match(
      truncated.stdout,
      /can't be loaded: .*library\.so: it is truncated/,
      truncated.stderr,
    );
    writeFileSync(path, "not a library");
    const none = await runScript("load.ts", { args: [path] });
    assert.match(none.stdout, /asked for can't be loaded: .*library\.so/, none.stderr);
  });
});

/**
 * The library with another ABI number and without one of its functions, as another version of this
 * package would bring it; null where it can't be made.
 */
function otherVersion(): Uint8Array | null {
  const bytes = new Uint8Array(Buffer.from(LIBRARIES[CPU].base64, "base64"));
  const number = Buffer.alloc(4);
  number.writeInt32LE(ABI);
  let found = 0;
  // Each door may carry the number.
  for (let at = 0; (at = Buffer.from(bytes.buffer).indexOf(number, at)) >= 0; found++) {
    bytes[at] ^= 1;
  }
  const name = Buffer.from(bytes.buffer).indexOf("pfd_watcher_remove\0");
  bytes[name] ^= 1;
  return found > 0 && name >= 0 ? bytes : null;
}

const notPatchable = otherVersion() ? false : "the ABI number is not one word of this CPU's code";

test("two versions in one program each get their own library", { skip: notPatchable }, async () => {
  const bytes = Buffer.from(otherVersion()!).toString("base64");
  const result = await runScript("two_versions.ts", { env: { OTHER: bytes } });
  assert.equal(result.stdout.trim(), `${ABI ^ 1} ${ABI} ${ABI ^ 1}`, result.stderr);
});

test("another package that loads from memory later gets its own library, not ours", {
  skip: "Deno" in globalThis || "Bun" in globalThis ? notPatchable : "Node loads from files only",
}, async () => {
  const bytes = Buffer.from(otherVersion()!).toString("base64");
  const result = await runScript("memory_name.ts", { env: { OTHER: bytes } });
  assert.equal(result.stdout.trim(), `${ABI} ${`${ABI ^ 1} `.repeat(8).trim()}`, result.stderr);
});

/** CAP_DAC_READ_SEARCH, with which it may read the kernel's file about itself, and CAP_SETPCAP. */
const CAPABILITIES = [2, 8];

/** Whether every user may enter the folder of the tests: the second capability does not help. */
function mayAllEnter(): boolean {
  let folder = fileURLToPath(new URL(".", import.meta.url));
  for (; folder !== "/"; folder = dirname(folder)) {
    if ((statSync(folder).mode & 1) === 0) return false;
  }
  return true;
}

test("PIDFD_LIBRARY is ignored by a program that has more rights than who started it", {
  skip: process.getuid!() === 0 ? false : "it needs root",
}, async (t) => {
  await inFolder(async (folder) => {
    chmodSync(folder, 0o755);
    const program = `${folder}/runtime`;
    copyFileSync(process.execPath, program);
    chmodSync(program, 0o755);
    const planted = { PIDFD_LIBRARY: "/nonexistent/library.so" };
    const nobody = [HELPER, "as", "65534"];
    const honoured = await runScript("load.ts", { env: planted, through: nobody });
    assert.match(honoured.stdout, /asked for can't be loaded/, "without more rights it counts");
    for (const capability of mayAllEnter() ? CAPABILITIES : CAPABILITIES.slice(0, 1)) {
      const { code } = await run(HELPER, ["set-capability", program, String(capability)]);
      if (code === 77) return t.skip(`${folder} takes no capabilities`);
      const through = [...nobody, program];
      const { stdout, stderr } = await runScript("load.ts", { env: planted, through, own: true });
      // Node, where the library is in no file, does not write one that its user could replace.
      assert.match(stdout, /^true true|embedded library .*more rights/, `${capability} ${stderr}`);
    }
  });
});

test("loadLibrary() refuses wrong paths, and a second library", () => {
  for (const value of [undefined, null, "", 7, {}]) {
    assert.throws(() => loadLibrary(value as string), { name: "TypeError" });
  }
});

test("importing the module loads nothing, and the first open takes a few milliseconds", async () => {
  const result = await runScript("import_only.ts", { permissions: permissions("--no-prompt") });
  assert.equal(result.stdout.trim(), "function", result.stderr);
});
