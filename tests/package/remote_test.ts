import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { run } from "../support/processes.ts";
import { DENO, linked, makeFolder, missing, PRINTED, PROGRAM, runIn, TOP } from "./support.ts";

const { folder, remove } = makeFolder();
let server: Server;
let allowed: string[];
let files: Set<string>;

/** The files that would be published, and no other, served as JSR serves them. */
async function published(): Promise<Set<string>> {
  // `deno task check` does this with the check of types.
  const publish = ["publish", "--dry-run", "--allow-dirty", "--no-check"];
  const { stderr, stdout } = await runIn(TOP, [DENO, ...publish], { NO_COLOR: "1" });
  const listed = (stdout + stderr).matchAll(/file:\/\/(\S+) \(/g);
  return new Set([...listed].map(([, path]) => path.slice(TOP.length)));
}

before(async () => {
  files = await published();
  assert.ok(files.has("mod.ts"));
  server = createServer((request, response) => {
    const path = request.url!.slice(1);
    response.writeHead(files.has(path) ? 200 : 404, { "content-type": "application/typescript" });
    response.end(files.has(path) ? readFileSync(`${TOP}${path}`) : "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(
    `${folder}/program.ts`,
    `import { features, Pidfd } from "http://${host}/mod.ts";${PROGRAM}`,
  );
  // From JSR the import needs no flag; another host must be named.
  allowed = ["--no-prompt", "--no-lock", "--no-config", "--allow-ffi", `--allow-import=${host}`];
});
after(() => {
  server.close();
  remove();
});

const program = () => [DENO, "run", ...allowed, `${folder}/program.ts`];

test("every link of the published documents leads to a published file", () => {
  const documents = [...files].filter((path) => path.endsWith(".md"));
  assert.ok(documents.length > 8, `${documents}`);
  for (const document of documents) {
    for (const path of linked(document, readFileSync(`${TOP}${document}`, "utf8"))) {
      assert.ok(files.has(path), `${document} links to ${path}`);
    }
  }
});

test("the module imported by URL needs --allow-ffi alone, and an environment that is empty", async () => {
  const first = await run(program()[0], program().slice(1), { DENO_DIR: `${folder}/cache` });
  assert.equal(first.stdout, PRINTED, first.stderr);
  const empty = await run("env", ["-i", `DENO_DIR=${folder}/cache`, ...program()]);
  assert.equal(empty.stdout, PRINTED, empty.stderr);
});

test(
  "the module imported by URL writes no file",
  { skip: await missing("strace", "-f", "true") },
  async () => {
    const trace = `${folder}/trace`;
    const calls =
      "trace=open,openat,creat,mkdir,mkdirat,rename,renameat2,unlink,unlinkat,memfd_create";
    const { stdout, stderr } = await run("strace", ["-f", "-o", trace, "-e", calls, ...program()], {
      DENO_DIR: `${folder}/cache`,
    });
    assert.equal(stdout, PRINTED, stderr);
    const lines = readFileSync(trace, "utf8").split("\n");
    assert.ok(lines.some((line) => line.includes("memfd_create(")), "the trace shows the loading");
    const writing = lines.filter((line) =>
      /O_WRONLY|O_RDWR|O_CREAT|mkdir|rename|unlink|creat\(/.test(line) &&
      // The end of a call that was told of before, with its path.
      !line.includes(" resumed>") &&
      // Deno's own cache, and devices.
      !line.includes(`${folder}/cache`) && !/"\/dev\//.test(line)
    );
    assert.deepEqual(writing, []);
  },
);

test(
  "the module imported by URL works where every file system is read-only",
  { skip: await missing("unshare", "-m", "mount", "-o", "remount,bind,ro", "/") },
  async () => {
    const readOnly = `for at in / /tmp /dev/shm /run /work; do
  mountpoint -q $at && mount -o remount,bind,ro $at; done
touch ${folder}/x 2>/dev/null && exit 9; exec "$@"`;
    const { code, stdout, stderr } = await run(
      "unshare",
      ["-m", "sh", "-c", readOnly, "sh", ...program()],
      { DENO_DIR: `${folder}/cache` },
    );
    assert.equal(stdout, PRINTED, `${code} ${stderr}`);
  },
);
