/** The helper that makes processes, reaps them and gives their pids to strangers, to order. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { HELPER } from "../../tests/support/processes.ts";

export class World {
  readonly child: ChildProcess = spawn(HELPER, ["model"], { stdio: ["pipe", "pipe", "inherit"] });
  /** How many pids were given to strangers, and how many signals reached those. */
  strangers = 0;
  hits = 0;
  #text = "";
  #waiting: ((answer: number[]) => void)[] = [];

  constructor() {
    this.child.stdout!.on("data", (chunk) => this.#hear(String(chunk)));
  }

  /** Sends a command, and resolves with the numbers of the answer. */
  ask(command: string): Promise<number[]> {
    this.child.stdin!.write(`${command}\n`);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Ends it and all that it has made. */
  async end(): Promise<void> {
    const exit = once(this.child, "exit");
    this.child.stdin!.end();
    await exit;
  }

  #hear(chunk: string): void {
    const lines = (this.#text + chunk).split("\n");
    this.#text = lines.pop()!;
    for (const line of lines) this.#waiting.shift()!(line.split(" ").map(Number));
  }
}
