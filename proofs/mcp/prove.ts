/**
 * What is left of an MCP server and of the helpers that it starts, when its client is closed and
 * when its host is killed, and how long closing takes; prints a table, and ends with 1 if anything
 * is left of a contained one.
 */
import { spawn } from "../../mod.ts";
import { onEachRuntime } from "../../scripts/runtimes.ts";
import { newMark, survivors, sweep, untilMarked } from "../../tests/support/cli_run.ts";
import { HELPERS, polite, stubborn } from "../../tests/support/tool_server.ts";

const RESULT = '{"protocolVersion":"2025-06-18","capabilities":{},' +
  '"serverInfo":{"name":"proof","version":"1.0.0"}}';
const SERVERS = { "ends with its input": polite(RESULT), "ignores SIGTERM": stubborn(RESULT) };
const WAYS = {
  sdk: "the SDK's `StdioClientTransport`",
  tree: "the same, after `killTree()` of its pid",
  contained: "`ContainedTransport`",
};

/** The SDK has a hundred packages: it is installed for this alone. */
async function install(): Promise<string> {
  const { consumers } = JSON.parse(await Deno.readTextFile("package.json"));
  const name = "@modelcontextprotocol/sdk";
  const folder = await Deno.makeTempDir({ prefix: "pidfd-mcp-" });
  const dependencies = { [name]: consumers[name] };
  await Deno.writeTextFile(
    `${folder}/package.json`,
    JSON.stringify({ private: true, dependencies }),
  );
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
  const { success } = await new Deno.Command("npm", { args, cwd: folder, stdout: "null" }).output();
  if (!success) throw new Error("npm install failed");
  return folder;
}

/** Ends a host that has connected, and answers what it printed, and who is left. */
async function leftOf(host: string[], end: "close" | "kill") {
  const mark = newMark();
  const env = { ...Object.fromEntries([mark.split("=")]), NODE_NO_WARNINGS: "1", NO_COLOR: "1" };
  const [program, ...args] = host;
  const child = spawn(program, args, { stdin: "pipe", stdout: "pipe", env });
  try {
    await untilMarked(mark, (count) => count >= 2 + HELPERS);
    const lines = child.stdout!.iterator({ destroyOnReturn: false });
    for await (const bytes of lines) if (String(bytes).includes("connected")) break;
    if (end === "kill") child.kill("SIGKILL");
    else child.stdin!.write("\n");
    const { status, stdout } = await outputOf(child);
    if (end === "close" && !status.success) throw new Error(`${host}: ${stdout}`);
    const left = (await survivors(mark)).length;
    return { ms: Number(stdout), left };
  } finally {
    await sweep(mark);
    await child[Symbol.asyncDispose]();
  }
}

/** Not `output()`: what is left holds nothing of the host's. */
async function outputOf(child: ReturnType<typeof spawn>) {
  let stdout = "";
  for await (const bytes of child.stdout!) stdout += bytes;
  return { status: await child.status, stdout };
}

const sdk = await install();
let left = 0;
try {
  await onEachRuntime(Deno.args, async ({ name, file }) => {
    console.log(`${name}: of a server and ${HELPERS} helpers`);
    console.log(
      "| the server | closed by | close() | left then | left after SIGKILL of the host |",
    );
    console.log("| --- | --- | --- | --- | --- |");
    for (const [kind, server] of Object.entries(SERVERS)) {
      for (const [way, title] of Object.entries(WAYS)) {
        const host = [...file, "proofs/mcp/host.ts", sdk, way, ...server];
        const closed = await leftOf(host, "close");
        const killed = await leftOf(host, "kill");
        if (way === "contained") left += closed.left + killed.left;
        const cells = [kind, title, `${closed.ms} ms`, closed.left, killed.left];
        console.log(`| ${cells.join(" | ")} |`);
      }
    }
  });
} finally {
  await Deno.remove(sdk, { recursive: true });
}
console.log(left === 0 ? "every proof holds" : "VIOLATED");
if (left > 0) Deno.exit(1);
