/**
 * A host of tool servers, such as MCP servers: `agent_host.ts FOLDER`, where servers.json has their
 * commands, as `{ "files": ["node", "files.js"] }`. A line of stdin, as `files tools/list`, is a
 * request. At the end of stdin, SIGTERM or Ctrl-C the servers are closed; whatever ends this
 * program, they end with it.
 */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { type Child, findOrphans, killTree, lockFile, spawn } from "../mod.ts";

/** A server that is asked by lines of JSON, and all that it has started. */
class Server {
  readonly #child: Child;
  readonly #requests = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #hasEnded = false;

  /** In a session of its own: Ctrl-C reaches the host alone, which closes the server politely. */
  constructor([command, ...args]: string[], env: Record<string, string>) {
    const streams = { stdin: "pipe", stdout: "pipe" } as const;
    const contained = { lifetime: "contained", session: true, graceMs: 2000 } as const;
    this.#child = spawn(command, args, { ...streams, ...contained, env });
    // It may end before it has read all: the end of its output says so.
    this.#child.stdin!.on("error", () => {});
    createInterface({ input: this.#child.stdout! })
      .on("line", (line) => this.#onLine(line))
      .on("close", () => this.#onEnd());
  }

  async request(method: string): Promise<unknown> {
    if (this.#hasEnded) throw new Error("the server has ended");
    const id = ++this.#lastId;
    const request = Promise.withResolvers<unknown>();
    this.#requests.set(id, request);
    this.#child.stdin!.write(`${JSON.stringify({ jsonrpc: "2.0", id, method })}\n`);
    return await request.promise;
  }

  /** Closes its input, then sends SIGTERM, then SIGKILL, and says what became of it. */
  async close(): Promise<string> {
    this.#child.stdin!.end();
    // A second to end by itself; a timeout is expected.
    await this.#child.wait({ timeoutMs: 1000 }).catch(() => {});
    const { asked, killed, settled } = (await this.#child.terminate()).contained!;
    return `closed, ${asked} asked, ${killed} killed, ${settled ? "none" : "some may be"} left`;
  }

  #onLine(line: string): void {
    try {
      const { id, result, error } = JSON.parse(line);
      const request = this.#requests.get(id);
      this.#requests.delete(id);
      if (error) request?.reject(new Error(error.message));
      else request?.resolve(result);
    } catch {
      console.error(`not JSON: ${line}`);
    }
  }

  #onEnd(): void {
    this.#hasEnded = true;
    for (const { reject } of this.#requests.values()) reject(new Error("the server has ended"));
  }
}

const [folder] = process.argv.slice(2);
// One host a folder: so whoever has the mark when it starts was left by an earlier one. Throws
// EAGAIN if another host is running.
await lockFile(`${folder}/host.lock`);

/** A random value that stays the same for this folder. */
function readMark(): string {
  const path = `${folder}/mark`;
  if (!existsSync(path)) {
    writeFileSync(`${path}.new`, randomUUID());
    renameSync(`${path}.new`, path);
  }
  return readFileSync(path, "utf8");
}

/** Ends what an earlier host has left, which is possible if its guards were killed. */
async function sweep(environment: Record<string, string>): Promise<void> {
  const orphans = findOrphans({ environment });
  try {
    for (const { process } of orphans) console.log(`left by an earlier host: ${process.name}`);
    await Promise.all([...orphans].map(({ handle }) => killTree(handle, { graceMs: 2000 })));
  } finally {
    orphans.close();
  }
}

const mark = { AGENT_HOST: readMark() };
await sweep(mark);
const commands: Record<string, string[]> = JSON.parse(
  readFileSync(`${folder}/servers.json`, "utf8"),
);
const servers = new Map<string, Server>();
for (const [name, command] of Object.entries(commands)) {
  try {
    servers.set(name, new Server(command, mark));
  } catch (error) {
    // The others are of use without it.
    console.log(`${name}: ${(error as Error).message}`);
  }
}

const input = createInterface({ input: process.stdin });
input.on("line", async (line) => {
  const [name, method] = line.split(" ");
  const server = servers.get(name);
  if (!server) return console.log(`${name}: no such server`);
  try {
    console.log(`${name}: ${JSON.stringify(await server.request(method))}`);
  } catch (error) {
    console.log(`${name}: ${(error as Error).message}`);
  }
});
input.once("close", async () => {
  await Promise.all([...servers].map(async ([name, server]) => {
    console.log(`${name}: ${await server.close()}`);
  }));
  process.exit();
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => input.close());
