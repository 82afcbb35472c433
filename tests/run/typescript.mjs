/**
 * What Node 22 imports first in each process of the suite and of the examples. It keeps compiled
 * modules, as every Node does in NODE_COMPILE_CACHE, but not what it makes of TypeScript: to remove
 * the types takes longer than all else that a process does. So that is kept here, beside them.
 */
import { hash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";

const FOLDER = `${process.env.NODE_COMPILE_CACHE}/without_types`;

function withoutTypes(text) {
  const path = `${FOLDER}/${hash("sha1", text)}`;
  try {
    return readFileSync(path, "utf8");
  } catch {
    const stripped = stripTypeScriptTypes(text);
    keep(path, stripped);
    return stripped;
  }
}

/** Another user may not write there. */
function keep(path, text) {
  try {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(`${path}.${process.pid}`, text);
    renameSync(`${path}.${process.pid}`, path);
  } catch {
    // The next process removes them again.
  }
}

registerHooks({
  load(url, context, next) {
    if (!/^file:.*\.ts(\?.*)?$/.test(url)) return next(url, context);
    const source = withoutTypes(readFileSync(new URL(url), "utf8"));
    return { format: "module", source, shortCircuit: true };
  },
});
