/**
 * Makes a version: `deno task release 1.2.3` writes it to deno.json and cli/version.ts, gives the
 * changelog's unreleased section its name and date, commits and tags. Pushing the tag publishes.
 * With `--dry-run` it only shows what would change, and what would be published.
 */
async function git(...args: string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command("git", { args, stderr: "inherit" }).output();
  if (!success) throw new Error(`git ${args.join(" ")}`);
  return new TextDecoder().decode(stdout).trim();
}

/** The changelog with its unreleased section named, and an empty one before it. */
function named(changelog: string, version: string, date: string): string {
  const heading = "## Unreleased\n";
  const [, body = ""] = changelog.split(heading);
  if (!/^- /m.test(body.split(/^## /m)[0])) throw new Error("the changelog has nothing unreleased");
  return changelog.replace(heading, `${heading}\n## ${version} - ${date}\n`);
}

/** Packs for npm and JSR, and shows what each would publish. */
const PUBLISH = '"$0" task npm && (cd npm && npm publish --dry-run --offline) && ' +
  '"$0" publish --dry-run --allow-dirty';

const isDryRun = Deno.args.includes("--dry-run");
const [version] = Deno.args.filter((arg) => !arg.startsWith("--"));
const config = Deno.readTextFileSync("deno.json");
const current: string = JSON.parse(config).version;
const wanted = version ?? (isDryRun ? current : "");
if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(wanted)) {
  console.error("Usage: deno task release VERSION [--dry-run]");
  Deno.exit(2);
}
const date = new Date().toISOString().slice(0, 10);
const changelog = named(Deno.readTextFileSync("CHANGELOG.md"), wanted, date);
const constant = Deno.readTextFileSync("cli/version.ts");
if (isDryRun) {
  console.log(`version ${current} → ${wanted}, tag v${wanted}\n\n${changelog}`);
  const args = ["-c", PUBLISH, Deno.execPath()];
  const { code } = await new Deno.Command("sh", { args }).spawn().status;
  Deno.exit(code);
} else {
  if (await git("status", "--porcelain")) throw new Error("commit your changes first");
  const replaced = (text: string) => text.replace(`"${current}"`, `"${wanted}"`);
  Deno.writeTextFileSync("deno.json", replaced(config));
  Deno.writeTextFileSync("cli/version.ts", replaced(constant));
  Deno.writeTextFileSync("CHANGELOG.md", changelog);
  await git("commit", "-am", `Release ${wanted}`);
  await git("tag", "-a", `v${wanted}`, "-m", `Version ${wanted}`);
  console.log(`git push --follow-tags publishes ${wanted}`);
}
