/**
 * Builds the npm package in npm/, and packs it: `deno task npm [dnt|tsc]`.
 *
 * One package for every CPU, without an install script and without a dependency. The same sources
 * and tools give the same bytes.
 */
import { stop } from "esbuild";
import { LIBRARIES } from "./ffi/library.ts";
import { bundleCommand, bundleImplementation, readApi } from "./scripts/npm/bundle.ts";
import { compile, type Compiler, ENTRIES } from "./scripts/npm/compile.ts";
import { bundleDeclarations, writeDeclarations } from "./scripts/npm/declarations.ts";
import { symbolOf, writeEntries } from "./scripts/npm/entries.ts";
import { manifest } from "./scripts/npm/manifest.ts";

const OUT = `${import.meta.dirname}/npm`;
const COMPILED = `${OUT}/.compiled`;

async function writeLibraries(): Promise<void> {
  Deno.mkdirSync(`${OUT}/lib`);
  for (const [cpu, { sha256, base64 }] of Object.entries(LIBRARIES)) {
    const bytes = Uint8Array.fromBase64(base64);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    if (digest !== sha256) throw new Error(`the library for ${cpu} has the hash ${digest}`);
    Deno.writeFileSync(`${OUT}/lib/pidfd-${cpu}.so`, bytes);
  }
}

/** The CPUs that have no Deno and no Bun; their Node loads the file beside the module. */
const FILE_ONLY = ["riscv64", "ppc64le", "s390x", "loongarch64", "armv7l"];

/**
 * Takes the embedded bytes out that nobody needs: they are a quarter of what everybody would
 * download.
 */
function embedFew(): void {
  const path = `${COMPILED}/ffi/library.js`;
  const text = Deno.readTextFileSync(path);
  let found = 0;
  const few = text.replace(
    new RegExp(`((?:${FILE_ONLY.join("|")}): \\{[^}]*?base64:\\s*)"[^"]*"`, "g"),
    (_, before) => (found++, `${before}""`),
  );
  if (found !== FILE_ONLY.length) throw new Error(`found ${found} libraries to leave out`);
  Deno.writeTextFileSync(path, few);
}

/** npm runs the command by Node, JSR by Deno. */
function nameRuntime(path: string): void {
  const text = Deno.readTextFileSync(path);
  Deno.writeTextFileSync(path, text.replace(/^#!.*/, "#!/usr/bin/env node"));
  Deno.chmodSync(path, 0o755);
}

/**
 * An example as the user of this package writes it: what JSR has as `@x/pidfd` is `pidfd` on npm.
 */
function importByName(text: string): string {
  return text.replace(/from "(?:jsr:)?@x\/pidfd/g, 'from "pidfd');
}

/** The page about the code, whose files the package does not have. */
const ARCHITECTURE = "ARCHITECTURE.md";

/** What stays in the repository: there its links lead, from the package. */
const ELSEWHERE =
  /\]\((?:\.\.\/)?((?:examples|bench|proofs)\/|CONTRIBUTING\.md|(?:docs\/)?ARCHITECTURE\.md)/g;

/** A page as it stands in the package. */
function packedPage(path: string, repository: string): string {
  const page = Deno.readTextFileSync(path).replace(ELSEWHERE, (_, target) => {
    const folder = target === ARCHITECTURE ? "docs/" : "";
    return `](${repository}/blob/main/${folder}${target}`;
  });
  return importByName(page);
}

/**
 * The pages of docs/ too, so that every link of the README leads somewhere wherever the package
 * lies.
 */
function writeDocuments(): void {
  const [repository] = JSON.parse(Deno.readTextFileSync("package.json")).homepage.split("#");
  Deno.writeTextFileSync(`${OUT}/README.md`, packedPage("README.md", repository));
  for (const name of ["CHANGELOG.md", "LICENSE"]) Deno.copyFileSync(name, `${OUT}/${name}`);
  Deno.mkdirSync(`${OUT}/docs`);
  for (const { name, isFile } of Deno.readDirSync("docs")) {
    if (!isFile || name === ARCHITECTURE) continue;
    Deno.writeTextFileSync(`${OUT}/docs/${name}`, packedPage(`docs/${name}`, repository));
  }
  for (const name of ["index", "tree-kill"]) {
    const path = `${OUT}/${name}.d.ts`;
    Deno.writeTextFileSync(path, importByName(Deno.readTextFileSync(path)));
  }
}

/** Packs npm/ into a file; npm sets every time in it to one fixed moment. */
async function pack(): Promise<string> {
  const { success, stdout } = await new Deno.Command("npm", {
    args: ["pack", "--json", "--ignore-scripts", "--pack-destination", OUT],
    cwd: OUT,
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("npm pack failed");
  // A list in some versions of npm, an object by package name in others.
  const [report] = Object.values(JSON.parse(new TextDecoder().decode(stdout))) as {
    filename: string;
    size: number;
    unpackedSize: number;
    entryCount: number;
  }[];
  const { filename, size, unpackedSize, entryCount } = report;
  console.log(
    `${filename}: ${size} bytes packed, ${unpackedSize} unpacked, ${entryCount} files`,
  );
  return `${OUT}/${filename}`;
}

/** Builds the package; answers the tarball's path. */
export async function buildPackage(choice?: Compiler): Promise<string> {
  await Deno.remove(OUT, { recursive: true }).catch(() => {});
  await Deno.mkdir(OUT);
  const compiler = await compile(COMPILED, choice);
  console.log(`compiled by ${compiler}`);
  embedFew();
  const fields = manifest();
  const api = await readApi(COMPILED, symbolOf(fields.version));
  const internal = await bundleCommand(COMPILED, OUT, api);
  await bundleImplementation(COMPILED, OUT, { api, internal });
  await stop();
  writeEntries(OUT, api);
  nameRuntime(`${OUT}/cli.mjs`);
  await bundleDeclarations(COMPILED, `${COMPILED}/types`, ENTRIES);
  writeDeclarations(`${COMPILED}/types`, OUT);
  await writeLibraries();
  await Deno.remove(COMPILED, { recursive: true });
  writeDocuments();
  const text = JSON.stringify(fields, null, 2);
  await Deno.writeTextFile(`${OUT}/package.json`, `${text}\n`);
  return await pack();
}

if (import.meta.main) {
  const [choice] = Deno.args;
  if (choice !== undefined && choice !== "dnt" && choice !== "tsc") {
    console.error("Usage: build_npm.ts [dnt|tsc]");
    Deno.exit(2);
  }
  await buildPackage(choice);
}
