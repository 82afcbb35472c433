/** The model: what a process is, and what each signal makes of it. */
import type { ChildProcess } from "node:child_process";
import type { ExitStatus, ProcessIdentity } from "../../mod.ts";
import { statFields } from "../../tests/support/trees.ts";

/**
 * "foreign": a child of the helper, which reaps it to order; "root": one with two children, the
 * "leaf" processes, which nobody reaps to order; "own": a child of this process, which the runtime
 * reaps; "self": this process.
 */
export type Kind = "foreign" | "root" | "leaf" | "own" | "self";

export type SignalOfModel = 0 | "SIGSTOP" | "SIGCONT" | "SIGTERM" | "SIGKILL";

const START_TIME = 19;

/** One process, from its start to its reaping and beyond. */
export class Life {
  readonly kind: Kind;
  readonly pid: number;
  state: "running" | "stopped" | "exited" | "reaped" = "running";
  ignoresTerm = false;
  isTermPending = false;
  /** Whether the system may not be there yet where the model is. */
  isMoving = false;
  /** Whether another process has its pid. */
  hasStranger = false;
  /** How it may have ended, in words as {@linkcode wordOf} has them. */
  endings: string[] = [];
  leaves: Life[] = [];
  child: ChildProcess | undefined;
  identity: ProcessIdentity | undefined;
  readonly #startTime: string | undefined;

  constructor(kind: Kind, pid: number) {
    this.kind = kind;
    this.pid = pid;
    this.#startTime = statFields(pid)?.[START_TIME];
  }

  get isAlive(): boolean {
    return this.state === "running" || this.state === "stopped";
  }

  /** Whether only the helper reaps it, and the model knows when. */
  get isReapedToOrder(): boolean {
    return this.kind === "foreign" || this.kind === "root";
  }

  /** What state() may answer. */
  get states(): string[] {
    if (this.isAlive) return ["running"];
    return this.isReapedToOrder ? [this.state] : ["exited", "reaped"];
  }

  /** It has ended, in one of these ways. */
  end(...endings: string[]): void {
    this.state = "exited";
    this.endings = endings;
  }

  /** What a signal does to it. */
  receive(signal: SignalOfModel): void {
    if (!this.isAlive || signal === 0) return;
    if (signal === "SIGKILL") return this.end("SIGKILL");
    if (signal === "SIGSTOP") this.state = "stopped";
    if (signal === "SIGTERM" && !this.ignoresTerm) this.isTermPending = true;
    if (signal === "SIGCONT") this.state = "running";
    if (this.state === "running" && this.isTermPending) this.end("SIGTERM");
  }

  /** Resolves once the system shows the process as the model has it. */
  async settled(): Promise<void> {
    // Its pid may be a stranger's, which was started in the same hundredth of a second.
    if (this.state === "reaped") {
      this.isMoving = false;
      return;
    }
    this.isMoving = true;
    const end = performance.now() + 20_000;
    for (let round = 1; !this.#isShown(); round++) {
      if (performance.now() > end) throw new Error(`${this.pid} is not ${this.state}`);
      if (round % 10 === 0) await tick();
    }
    if (!this.isAlive) await this.#heard();
    this.isMoving = false;
  }

  /** Resolves once the runtime has reaped its child. */
  async #heard(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise((resolve) => child.once("exit", resolve));
  }

  #isShown(): boolean {
    const fields = statFields(this.pid);
    const isThere = fields?.[START_TIME] === this.#startTime && !/[XZ]/.test(fields![0]);
    if (this.isAlive !== isThere) return false;
    return !isThere || (this.state === "stopped") === (fields![0] === "T");
  }
}

/** A turn of the event loop. */
export function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A status in a word: a signal, a code, that it is unknown, or that there is none. */
export function wordOf(status: ExitStatus | null): string {
  return status === null ? "null" : String(status.signal ?? status.code ?? "unknown");
}
