/**
 * What is in the root file system: a base with the runtimes, which is kept, and the project as it
 * is now.
 */
import { stripTypeScriptTypes } from "node:module";
import { RUNTIMES } from "../../../scripts/runtimes.ts";
import { Archive } from "./archive.ts";
import { CACHE } from "./debian.ts";
import { run } from "./run.ts";

const PROJECT = new URL("../../../", import.meta.url).pathname;
/** Where the project lies in the virtual machine. */
export const GUEST = "/pidfd/";

/** Programs besides busybox's that the tests run, where this machine has them. */
const PROGRAMS = ["bash", "dash", "prlimit", "script", "strace"];

/** A path of this project as the virtual machine has it. */
export function inGuest(path: string): string {
  return path.startsWith(PROJECT) ? GUEST + path.slice(PROJECT.length) : path;
}

/** The shared libraries and the loader that a program needs. */
function librariesOf(program: string): string[] {
  const lines = run("ldd", [program], { mayFail: true }).split("\n");
  return lines.flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/** Makes an archive, unless the one of the last time was made from the same. */
export function kept(name: string, stamp: string, fill: (archive: Archive) => void): string {
  const [file, mark] = [`${CACHE}/archives/${name}.cpio`, `${CACHE}/archives/${name}.stamp`];
  if (run("cat", [mark], { mayFail: true }) === stamp) return file;
  run("rm", ["-f", mark]);
  const archive = new Archive(name);
  fill(archive);
  archive.pack();
  Deno.writeTextFileSync(mark, stamp);
  return file;
}

/** Everything that a shell, a C library and a runtime expect to find. */
export function furnish(archive: Archive): void {
  archive.folders("/proc", "/sys", "/dev", "/tmp", "/root", "/usr/bin", "/etc", "/var/tmp");
  // Not busybox's shell: a SIGINT just before its `read` waits is lost.
  archive.link("dash", "/usr/bin/sh");
  archive.link("usr/bin", "/bin");
  archive.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n");
  archive.write("/etc/group", "root:x:0:\nnogroup:x:65534:\n");
  archive.write("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
  const init = Deno.readTextFileSync(new URL("init.sh", import.meta.url));
  archive.write("/init", init, 0o755);
}

/** What an archive of runtimes is made from: package.json, which pins them, and these scripts. */
export function stamp(): string {
  const own = ["init.sh", "root.ts", "foreign.ts"].map((name) =>
    new URL(name, import.meta.url).pathname
  );
  return run("sha256sum", [`${PROJECT}package.json`, ...own]);
}

/** The runtimes of package.json with what they need, for this machine's own CPU. */
export function ownBase(): string {
  return kept("base", stamp(), (archive) => {
    furnish(archive);
    archive.copy("/bin/busybox", "/usr/bin/busybox");
    const found = PROGRAMS.map((name) => run("which", [name], { mayFail: true }).trim());
    const programs = [...RUNTIMES.map(({ file: [program] }) => program), ...found.filter(Boolean)];
    for (const program of programs) archive.copy(program, inGuest(program));
    for (const library of new Set(programs.flatMap(librariesOf))) archive.copy(library, library);
  });
}

/**
 * The project as it stands in the work tree but without types, its helper for a CPU, and the plan
 * of what to run.
 */
export function project(plan: string, cpu = ""): string {
  const archive = new Archive("project");
  const listed = run("git", ["ls-files", "-co", "--exclude-standard"], { cwd: PROJECT });
  const names = listed.split("\n").filter((name) => name && !/^(scripts|tests\/run)\//.test(name));
  archive.folders(GUEST);
  run("cp", ["--parents", "--preserve=mode", ...names, archive.folder + GUEST], { cwd: PROJECT });
  const programs = `${PROJECT}zig/zig-out/bin/${cpu}`;
  archive.copy(`${programs}/helper`, `${GUEST}zig/zig-out/bin/helper`);
  if (cpu) archive.copy(`${programs}/test`, `${GUEST}zig/zig-out/bin/test`);
  strip(archive, names.filter((name) => name.endsWith(".ts")));
  archive.write("/plan.sh", plan);
  return archive.pack();
}

/** What a Node of the virtual machine has to import first. */
export const HOOK = "/typescript.mjs";

/**
 * The files without types under their own names, and a hook for Node to take them as they are. Some
 * Nodes are built without TypeScript; in the others removing types is what an emulated processor
 * would spend most of its time on.
 */
function strip(archive: Archive, names: string[]): void {
  for (const name of names) {
    const path = `${archive.folder}${GUEST}${name}`;
    Deno.writeTextFileSync(path, stripTypeScriptTypes(Deno.readTextFileSync(path)));
  }
  archive.write(
    HOOK,
    `import { readFileSync } from "node:fs";
     import { registerHooks } from "node:module";
     registerHooks({
       load: (url, context, next) => /\\.ts(\\?.*)?$/.test(url)
         ? { format: "module", source: readFileSync(new URL(url)), shortCircuit: true }
         : next(url, context),
     });`,
  );
}
