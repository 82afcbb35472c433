/**
 * Runs the suite against the installed npm package: a copy of the repository whose mod.ts and
 * cli.ts are the package's. What a test asks the inside for (ffi/, src/) comes from the sources
 * still. It runs on one line of Node, or on the runtimes whose names are the arguments: every
 * runtime loads the same files, and tests/package has each of them load the package.
 */
import { manifest } from "../../scripts/npm/manifest.ts";

const TOP = new URL("../../", import.meta.url).pathname;
const deno = Deno.execPath();
const wanted = Deno.args.length > 0 ? Deno.args : ["Node 24"];

async function run(command: string[], cwd: string): Promise<Uint8Array> {
  const [program, ...args] = command;
  const { success, stdout } = await new Deno.Command(program, { args, cwd, stderr: "inherit" })
    .output();
  if (!success) throw new Error(command.join(" "));
  return stdout;
}

async function copyInto(folder: string): Promise<void> {
  const listed = await run(["git", "ls-files", "-z", "-co", "--exclude-standard"], TOP);
  for (const path of new TextDecoder().decode(listed).split("\0")) {
    const isReplaced = path === "" || path.startsWith("cli/") || path.startsWith("package");
    if (isReplaced) continue;
    await Deno.mkdir(`${folder}/${path.slice(0, path.lastIndexOf("/") + 1)}`, { recursive: true });
    // A file that is deleted and not committed yet is listed too.
    await Deno.copyFile(`${TOP}${path}`, `${folder}/${path}`).catch(() => {});
  }
  await Deno.mkdir(`${folder}/zig/zig-out/bin`, { recursive: true });
  await Deno.copyFile(`${TOP}zig/zig-out/bin/helper`, `${folder}/zig/zig-out/bin/helper`);
}

async function replaceDoors(folder: string): Promise<void> {
  const { version } = manifest();
  await Deno.writeTextFile(`${folder}/package.json`, '{ "private": true, "type": "module" }\n');
  const tarball = `${TOP}npm/pidfd-${version}.tgz`;
  await run(["npm", "install", "--offline", "--no-audit", "--no-fund", tarball], folder);
  await Deno.writeTextFile(`${folder}/mod.ts`, 'export * from "pidfd";\n');
  // A test that runs it again under another name runs that of the package again; Bun does so by a
  // path, not by a URL.
  const path = 'new URL(import.meta.resolve("pidfd/cli")).pathname';
  const again = `await import(${path} + new URL(import.meta.url).search);\n`;
  await Deno.writeTextFile(`${folder}/cli.ts`, again);
  const treeKill = 'export * from "pidfd/tree-kill";\nexport { default } from "pidfd/tree-kill";\n';
  await Deno.writeTextFile(`${folder}/tree_kill.ts`, treeKill);
}

// Another user must be able to enter it: some tests become one.
const folder = await Deno.makeTempDir({ prefix: "pidfd-installed-" });
await Deno.chmod(folder, 0o755);
let isGood = false;
try {
  await copyInto(folder);
  await replaceDoors(folder);
  const args = ["run", "-A", "--no-lock", `${TOP}tests/run/runtimes.ts`, ...wanted];
  const { success } = await new Deno.Command(deno, { args, cwd: folder }).spawn().status;
  isGood = success;
} finally {
  await Deno.remove(folder, { recursive: true });
}
if (!isGood) Deno.exit(1);
