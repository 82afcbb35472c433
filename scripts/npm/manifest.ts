/** The package.json of the npm package, made of deno.json and of the development package.json. */
import { subpath } from "./compile.ts";

interface Manifest {
  name: string;
  bin: Record<string, string>;
  exports: Record<string, unknown>;
  [field: string]: unknown;
}

function readJson(path: string) {
  return JSON.parse(Deno.readTextFileSync(path));
}

/**
 * One file serves all runtimes: it asks which one it runs on when it is used. The conditions are there for tools that
 * want to see their own, and types come first because the first match wins.
 */
function door(name: string): Record<string, string> {
  const file = `./${name}.js`;
  return { types: `./types/${name}.d.ts`, deno: file, bun: file, node: file, default: file };
}

/** The manifest of the package with these modules. No `os` and no `cpu`: npm would refuse a whole install elsewhere. */
export function manifest(entries: string[]): Manifest {
  const { version, license } = readJson("deno.json");
  const { repository, engines, keywords, homepage, bugs } = readJson("package.json");
  const doors = entries.map((name) => [subpath(name), door(name)]);
  return {
    name: "pidfd",
    version,
    description: "Race-free handles of Linux processes, for Deno, Bun and Node",
    keywords,
    homepage,
    bugs,
    repository,
    license,
    type: "module",
    sideEffects: ["./cli.js"],
    files: ["*.js", "*.md", "docs", "lib", "types"],
    engines,
    bin: { pidfd: "cli.js" },
    main: "./mod.js",
    types: "./types/mod.d.ts",
    exports: {
      ...Object.fromEntries(doors),
      // The library's file, for whoever gives Deno no more than --allow-ffi=PATH.
      "./lib/*": "./lib/*",
      "./package.json": "./package.json",
    },
  };
}
