/** The packed npm package, installed as a user would, for the tests of what is published. They run on Deno alone. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { run, type ScriptResult } from "../support/processes.ts";

/** The repository. */
export const TOP: string = fileURLToPath(new URL("../../", import.meta.url));
export const DENO = `${TOP}node_modules/deno-bin/deno`;
export const BUN = `${TOP}node_modules/.bin/bun`;
export const NODES: string[] = [22, 24, 26].map((line) =>
  `${TOP}node_modules/node-${line}/bin/node`
);
/** How each runtime runs a file that needs nothing but the library. */
export const RUNTIMES: string[][] = [
  [DENO, "run", "--no-prompt", "--no-lock", "--no-check", "--allow-ffi"],
  [BUN],
  ...NODES.map((node) => [node]),
];
/** The oldest of each that is promised. */
export const OLDEST_RUNTIMES = {
  Deno: [`${TOP}node_modules/deno-oldest/deno`],
  Bun: [`${TOP}node_modules/bun-oldest/bin/bun`],
  Node: [`${TOP}node_modules/node-oldest/bin/node`],
};

/** Each with every permission, the oldest ones too. */
export const ALL_ALLOWED: string[][] = [
  [DENO, "run", "-A", "--no-lock", "--no-check"],
  ...RUNTIMES.slice(1),
  [...OLDEST_RUNTIMES.Deno, "run", "-A", "--no-lock", "--no-check"],
  OLDEST_RUNTIMES.Bun,
  OLDEST_RUNTIMES.Node,
];

const { version } = JSON.parse(readFileSync(`${TOP}deno.json`, "utf8"));
/** What `deno task npm` has packed. */
export const TARBALL = `${TOP}npm/pidfd-${version}.tgz`;

/** A program that shows that the library was found and works. */
export const PROGRAM = `
const handle = Pidfd.self();
console.log(handle.isAlive(), handle.signal(0), Object.keys(features()).length > 0);
handle.close();
`;
/** What it prints. */
export const PRINTED = "true true true\n";

/** A new folder, and how to remove it. */
export function makeFolder(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(`${tmpdir()}/pidfd-package-`);
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // Deno runs no `after` in a file of which it ignores a test.
  globalThis.addEventListener("unload", remove);
  return { folder, remove };
}

/** Makes an empty project in `folder` and installs the tarball there, without a network. */
export async function install(folder: string): Promise<void> {
  writeFileSync(`${folder}/package.json`, JSON.stringify({ private: true, type: "module" }));
  const args = ["--prefix", folder, "--offline", "--no-audit", "--no-fund", TARBALL];
  const { code, stderr } = await run("npm", ["install", ...args]);
  if (code !== 0) throw new Error(`npm install: ${stderr}`);
}

/** Runs a command in a folder. */
export async function runIn(
  folder: string,
  command: string[],
  env: Record<string, string> = {},
): Promise<ScriptResult> {
  return await run("env", ["-C", folder, ...command], env);
}

/** The files that a Markdown file's relative links name, as paths relative to the same folder as its own path. */
export function linked(path: string, markdown: string): string[] {
  const links = [...markdown.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, link]) => link);
  return links
    .filter((link) => !/^\w+:/.test(link))
    .map((link) => new URL(link, `file:///${path}`).pathname.slice(1));
}

/** Whether a program can be run here at all; the reason to skip where not. */
export async function missing(program: string, ...args: string[]): Promise<string | false> {
  try {
    const { code } = await run(program, args);
    return code === 0 ? false : `${program} does not work here`;
  } catch {
    return `${program} is not installed`;
  }
}
