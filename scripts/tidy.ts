/**
 * Whether the sources keep to their measures: `deno task check:tidy` fails where a line is too
 * long, where a file or function is too long without a reason that stands here, where a page or a
 * comment uses a word for which there is a better one, and where a name is exported that no other
 * file imports.
 */

const [MOST_COLUMNS, MOST_LINES, MOST_FUNCTION_LINES] = [100, 300, 70];

/** Why these are longer: a file by its path, a function by `path name`. */
const LONG: Record<string, string> = {
  "src/pidfd.ts": "the public class: three quarters are the documentation of its members",
  "src/orphans/orphans.ts": "a quarter is the documentation of two public functions",
  "zig/src/calls.zig": "the one declaration of what the library exports",
  "zig/src/proc/scan.zig": "one pass over /proc",
  "zig/helper/helper.zig": "the tests' own program, a row for each state that it makes",
  "zig/helper/tree.zig": "the trees that the tests' own program makes",
};

/** A title, message or pattern alone on its line stays whole, so that it can be searched for. */
const WHOLE = /^\s*(?:test\()?(?:["`/]|\\\\)(?![/*])/;

/** A list of cases: it is read one at a time. */
const isCases = (path: string) => path.endsWith("_test.ts");

/** What is made by a program. */
const GENERATED = ["ffi/symbols.ts", "ffi/library.ts", "api.d.ts"];

/** Words of our own for which the field has one, and names that have changed. */
const WORDS: Record<string, string> = {
  "nobody tells|tells nobody|told by nobody": "not available, not reported",
  "nobody's|given away": "reused (of a pid), not owned",
  "given back": "reaped, closed",
  "lent": "borrowed",
  "thaw(?:s|ed)?": "resume",
  "has to be forced": "kill",
  "is one still": "zombie",
  "on offer": "supported",
  "through its \\S+ door": "entry point",
  "closeDescriptor|socketDescriptor": "closeFd, socketFd",
  "Pidfd\\.adopt": "Pidfd.fromFd",
};

const list = await new Deno.Command("git", { args: ["ls-files", "-co", "--exclude-standard"] })
  .output();
const files = new Map<string, string>();
for (const path of new TextDecoder().decode(list.stdout).trim().split("\n")) {
  if (!/\.(ts|zig|md)$/.test(path) || GENERATED.includes(path)) continue;
  // One that is deleted and not committed yet is listed too.
  const text = await Deno.readTextFile(path).catch(() => "");
  if (text !== "") files.set(path, text);
}

function* longLines(path: string, lines: string[]): Generator<string> {
  if (lines.length > MOST_LINES && !(path in LONG) && !isCases(path)) {
    yield `${path}: ${lines.length} lines; say why in scripts/tidy.ts, or divide it`;
  }
  for (const [index, line] of lines.entries()) {
    const columns = [...line].length;
    if (columns > MOST_COLUMNS && !WHOLE.test(line)) {
      yield `${path}:${index + 1}: ${columns} columns`;
    }
  }
}

/** By their indent: from a line that opens a block to the brace below its first character. */
function* longFunctions(path: string, lines: string[]): Generator<string> {
  if (isCases(path)) return;
  for (const [index, line] of lines.entries()) {
    const head = /^( *)(?:[a-z]+ )*(?:fn |function\*? ?)?[#*]?(\w+)(?:<.*>)?\(.*[({]$/.exec(line);
    if (!head) continue;
    const [, indent, name] = head;
    const end = lines.findIndex((line, at) => at > index && line.startsWith(`${indent}}`));
    const count = end - index + 1;
    if (count <= MOST_FUNCTION_LINES || `${path} ${name}` in LONG) continue;
    yield `${path}:${index + 1}: ${name} has ${count} lines`;
  }
}

function* words(path: string, lines: string[]): Generator<string> {
  for (const [pattern, better] of Object.entries(WORDS)) {
    const word = new RegExp(`\\b(?:${pattern})\\b`, "i");
    for (const [index, line] of lines.entries()) {
      const [found] = word.exec(line) ?? [];
      if (found) yield `${path}:${index + 1}: "${found}": ${better}`;
    }
  }
}

const imported = new Set<string>();
for (const text of files.values()) {
  for (const [, names] of text.matchAll(/\b(?:import|export)(?: type)? \{([^}]*)\} from/g)) {
    for (const name of names.split(",")) imported.add(name.trim().split(" ").at(-1)!);
    for (const [, name] of names.matchAll(/(\w+) as /g)) imported.add(name);
  }
  for (const [, name] of text.matchAll(/await import\([^)]*\)\)\.(\w+)/g)) imported.add(name);
}

const EXPORT =
  /^export (?:declare |abstract |async )*(?:function\*?|class|interface|type|const) (\w+)/gm;

function* deadExports(path: string, text: string): Generator<string> {
  for (const [, name] of text.matchAll(EXPORT)) {
    if (!imported.has(name)) yield `${path}: nobody imports ${name}`;
  }
}

let count = 0;
for (const [path, text] of files) {
  const lines = text.trimEnd().split("\n");
  const found = path.endsWith(".md")
    ? []
    : [...longLines(path, lines), ...longFunctions(path, lines)];
  if (/^(README|docs\/|src\/|cli|ffi\/|mod|tree_kill)/.test(path)) {
    found.push(...words(path, lines));
  }
  if (/^(src|ffi)\//.test(path)) found.push(...deadExports(path, text));
  for (const line of found) console.error(line);
  count += found.length;
}
if (count > 0 || files.size === 0) Deno.exit(1);
