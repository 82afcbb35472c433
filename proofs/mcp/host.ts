/**
 * A host with one server: `host.ts SDK WAY COMMAND…`, where SDK is a folder in which the MCP SDK is
 * installed. Prints "connected"; at a line of stdin it closes the client, and prints how many
 * milliseconds that took.
 */
import { once } from "node:events";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { ContainedTransport } from "../../examples/mcp_transport.ts";
import { killTree, Pidfd } from "../../mod.ts";

const [sdk, way, command, ...args] = process.argv.slice(2);
const load = (path: string) =>
  import(`${pathToFileURL(sdk)}/node_modules/@modelcontextprotocol/sdk/dist/esm/client/${path}.js`);
const { Client } = await load("index");
const { StdioClientTransport } = await load("stdio");

const client = new Client({ name: "proof", version: "1.0.0" });
const env = process.env as Record<string, string>;
const transport = way === "contained"
  ? new ContainedTransport(command, args)
  : new StdioClientTransport({ command, args, env });
await client.connect(transport);
// The server has just answered: the pid is its own.
const server = way === "tree" ? Pidfd.open(transport.pid) : null;
console.log("connected");

await once(process.stdin, "data");
const start = performance.now();
if (server) await killTree(server, { graceMs: 2000 });
await client.close();
console.log(Math.round(performance.now() - start));
process.exit();
