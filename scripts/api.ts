/**
 * The public API as declarations without comments, sorted by name: `deno task api` writes it to
 * api.d.ts, `deno task check:api` compares. When it changes, CHANGELOG.md must change too, between
 * the commit that changed the report before and the one that changes it now; git tells, so
 * rewriting the report alone does not help.
 */
const REPORT = "api.d.ts";

async function run(program: string, ...args: string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command(program, { args, stderr: "inherit" }).output();
  const text = new TextDecoder().decode(stdout);
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${text}`);
  return text;
}

/**
 * The statements of a declaration file: each begins at the first column, and ends before the next
 * that does.
 */
function statements(path: string): string[] {
  return Deno.readTextFileSync(path).split(/\n(?=[a-z])/).map((text) => text.trim());
}

async function declarations(folder: string): Promise<string> {
  await run(
    "node_modules/.bin/tsc",
    ...["-p", "scripts/npm/tsconfig.json", "--outDir", folder],
    ...["--removeComments", "--emitDeclarationOnly"],
  );
  const found: string[] = [];
  for (const statement of statements(`${folder}/mod.d.ts`)) {
    const from = /^export (?:type )?\{([^}]*)\} from "\.\/(.*)\.ts";/.exec(statement);
    if (!from) throw new Error(`mod.ts must only export by name: ${statement}`);
    const names = from[1].split(",").map((name) => name.trim().replace(/^type /, "")).filter(
      Boolean,
    );
    const all = statements(`${folder}/${from[2]}.d.ts`);
    for (const name of names) {
      const kind = "(?:declare )?(?:abstract )?(?:class|interface|type|function|const)";
      const pattern = new RegExp(`^export ${kind} ${name}\\b`);
      const own = all.filter((text) => pattern.test(text));
      if (own.length === 0) throw new Error(`${name} is not declared in ${from[2]}.ts`);
      found.push(`// ${name}\n${own.join("\n")}`);
    }
  }
  return `// The public API, made by \`deno task api\`. Do not edit.\n\n${
    found.sort().join("\n\n")
  }\n`;
}

/** Whether the changelog has changed since the report before this one. */
async function isInChangelog(): Promise<boolean> {
  const changed = (await run("git", "status", "--porcelain", "--", REPORT)).trim() !== "";
  const commits = (await run("git", "log", "-2", "--format=%H", "--", REPORT)).trim().split("\n");
  const before = changed ? commits[0] : commits[1];
  // The first report, or a clone that does not reach back to the one before.
  if (!before) return true;
  const until = changed ? [] : [commits[0]];
  return (await run("git", "diff", "--name-only", before, ...until, "--", "CHANGELOG.md")) !== "";
}

const folder = Deno.makeTempDirSync({ prefix: "pidfd-api-" });
try {
  const now = await declarations(folder);
  if (Deno.args[0] === "write") Deno.writeTextFileSync(REPORT, now);
  if (Deno.readTextFileSync(REPORT) !== now) {
    console.error("the public API has changed: run `deno task api`, and say so in CHANGELOG.md");
    Deno.exitCode = 1;
  } else if (!await isInChangelog()) {
    console.error("the public API has changed, and CHANGELOG.md does not say so");
    Deno.exitCode = 1;
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}
