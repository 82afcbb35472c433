/** The package.json of the npm package, made of deno.json and of the development package.json. */
interface Manifest {
  name: string;
  version: string;
  bin: Record<string, string>;
  exports: Record<string, unknown>;
  [field: string]: unknown;
}

function readJson(path: string) {
  return JSON.parse(Deno.readTextFileSync(path));
}

/**
 * Types come first, because the first match wins. Each way has its own: TypeScript would else take a
 * script for a module.
 */
function entry(name: string): Record<string, Record<string, string>> {
  return {
    import: { types: `./${name}.d.mts`, default: `./${name}.mjs` },
    require: { types: `./${name}.d.ts`, default: `./${name}.js` },
  };
}

/** The manifest of the package. No `os` and no `cpu`: npm would refuse a whole install elsewhere. */
export function manifest(): Manifest {
  const { version, license } = readJson("deno.json");
  const { repository, engines, keywords, homepage, bugs } = readJson("package.json");
  return {
    name: "pidfd",
    version,
    description: "Race-free handles of Linux processes, for Deno, Bun and Node",
    keywords,
    homepage,
    bugs,
    repository,
    license,
    type: "commonjs",
    // Nothing is imported of the implementation: it is found under its symbol.
    sideEffects: ["./pidfd.mjs", "./cli.mjs"],
    files: ["*.js", "*.mjs", "*.d.ts", "*.d.mts", "*.md", "docs", "lib"],
    engines,
    bin: { pidfd: "cli.mjs" },
    main: "./index.js",
    types: "./index.d.ts",
    exports: {
      ".": entry("index"),
      "./tree-kill": entry("tree-kill"),
      "./cli": { types: "./cli.d.mts", default: "./cli.mjs" },
      // The library's file, for whoever gives Deno no more than --allow-ffi=PATH.
      "./lib/*": "./lib/*",
      "./package.json": "./package.json",
    },
  };
}
