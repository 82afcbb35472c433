/**
 * A stdio transport for the client of the MCP SDK, whose server ends with this program, however
 * that ends, and whose close() leaves nothing of it:
 * `await client.connect(new ContainedTransport("node", ["server.js"]))`.
 */
import { once } from "node:events";
import { createInterface } from "node:readline";
import { type Child, spawn, type SpawnOptions } from "../mod.ts";

/** A `Transport` of @modelcontextprotocol/sdk. */
export class ContainedTransport {
  onmessage?: (message: object) => void;
  onerror?: (error: Error) => void;
  onclose?: () => void;
  readonly #start: () => Child;
  #child: Child | undefined;

  /** The server gets the environment of this program, unless `options` has `clearEnv`. */
  constructor(command: string, args: readonly string[] = [], options: SpawnOptions = {}) {
    const streams = { stdin: "pipe", stdout: "pipe" } as const;
    const contained = { lifetime: "contained", session: true, graceMs: 2000 } as const;
    this.#start = () => spawn(command, args, { ...contained, ...options, ...streams });
  }

  /** Rejects if the server can't be started. */
  // deno-lint-ignore require-await
  async start(): Promise<void> {
    if (this.#child) throw new Error("already started");
    const { stdin, stdout } = this.#child = this.#start();
    // It may end before it has read all.
    stdin!.on("error", (error) => this.onerror?.(error));
    createInterface({ input: stdout! })
      .on("line", (line) => this.#onLine(line))
      .on("close", () => this.onclose?.());
  }

  async send(message: object): Promise<void> {
    if (!this.#child) throw new Error("not started");
    const { stdin } = this.#child;
    if (!stdin!.write(`${JSON.stringify(message)}\n`)) await once(stdin!, "drain");
  }

  /** Closes its input, then sends SIGTERM, then SIGKILL; resolves when nothing is left. */
  async close(): Promise<void> {
    if (!this.#child) return;
    this.#child.stdin!.end();
    // Two seconds to end by itself; a timeout is expected.
    await this.#child.wait({ timeoutMs: 2000 }).catch(() => {});
    await this.#child.terminate();
  }

  #onLine(line: string): void {
    try {
      this.onmessage?.(JSON.parse(line));
    } catch (error) {
      this.onerror?.(error as Error);
    }
  }
}
