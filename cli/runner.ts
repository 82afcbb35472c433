/** Runs a command to its end, and ends what it has left. */
import {
  type Child,
  type Containment,
  type ContainmentKind,
  exitCodeOf,
  type ExitStatus,
  Pidfd,
  PidfdError,
  SpawnFailedError,
} from "../mod.ts";
import { isNoSuchProcess } from "../src/kernel/errors.ts";
import { signalName } from "../src/kernel/signals.ts";
import { becomeGuard, Contained, GUARANTEES, mayBecomeGuard } from "./contain.ts";
import { EXIT_NOT_EXECUTABLE, EXIT_NOT_FOUND, EXIT_NOT_RUN, EXIT_TIMEOUT } from "./exit.ts";
import { SignalForwarder } from "./forward_signals.ts";
import { rounded } from "./outcome.ts";
import { complain } from "./output.ts";
import { describeStatus } from "./status.ts";

/** What is to be run, and how. */
export interface Plan {
  command: string[];
  containment: ContainmentKind;
  env: Record<string, string>;
  /** 0: never. */
  timeoutMs: number;
  graceMs: number;
  killSignal: number;
  pidfile: string | undefined;
  isVerbose: boolean;
  /** Whether its report is printed. */
  isReported: boolean;
}

/** How it went. */
export interface Report {
  command: string[];
  pid?: number;
  code: number;
  timedOut?: boolean;
  durationMs?: number;
  status?: ExitStatus;
  contained?: Containment;
  error?: { code: string | undefined; errno: number; syscall: string; message: string };
}

/** Runs it; a failure is a report too. */
export async function runPlan(plan: Plan): Promise<Report> {
  try {
    const { pidfile } = plan;
    if (isPlain(plan) && mayBecomeGuard()) becomeGuard(plan.command, plan);
    if (pidfile !== undefined) reserve(pidfile);
    return await new Run(plan).end();
  } catch (error) {
    if (!(error instanceof PidfdError)) throw error;
    const { code, errno, syscall, message } = error;
    return { command: plan.command, code: codeOf(error), error: { code, errno, syscall, message } };
  }
}

/** Whether there is nothing to do here but to run it. */
function isPlain({ pidfile, isVerbose, isReported }: Plan): boolean {
  return pidfile === undefined && !isVerbose && !isReported;
}

/** The command can't hold the file before it runs; so this program does. */
function reserve(pidfile: string): void {
  withSelf((self) => self.writePidfile(pidfile));
}

function release(pidfile: string): void {
  withSelf((self) => self.removePidfile(pidfile));
}

function withSelf(act: (self: Pidfd) => void): void {
  const self = Pidfd.open(process.pid);
  try {
    act(self);
  } finally {
    self.close();
  }
}

function codeOf(error: PidfdError): number {
  if (!(error instanceof SpawnFailedError) || error.syscall !== "execve") return EXIT_NOT_RUN;
  return error.code === "ENOENT" ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/** A command that runs. */
class Run {
  readonly #plan: Plan;
  readonly #startedAt = performance.now();
  readonly #forwarder = new SignalForwarder((signal) => this.#forward(signal));
  readonly #contained: Contained;
  readonly #child: Child;
  #timedOut = false;

  constructor(plan: Plan) {
    this.#plan = plan;
    try {
      this.#contained = new Contained(plan.command, plan);
    } catch (error) {
      this.#forwarder.stop();
      if (plan.pidfile !== undefined) complainIfThrown(() => release(plan.pidfile!));
      throw error;
    }
    this.#child = this.#contained.child;
    this.#forwarder.begin(this.#child.pid);
  }

  /** To its end, and that of all that it has started. */
  async end(): Promise<Report> {
    const { timeoutMs } = this.#plan;
    const timer = timeoutMs > 0 ? setTimeout(() => this.#timeOut(), timeoutMs) : undefined;
    this.#say(`${this.#child.pid} runs, ${GUARANTEES[this.#plan.containment]}`);
    try {
      await this.#writePidfile();
      const status = await this.#child.status;
      clearTimeout(timer);
      this.#say(describeStatus(status));
      const contained = await this.#contained.end();
      return this.#report(status, contained);
    } finally {
      clearTimeout(timer);
      this.#removePidfile();
      this.#forwarder.stop();
    }
  }

  #forward(signal: NodeJS.Signals): void {
    this.#say(`sends ${signal} on`);
    complainIfThrown(() => this.#child.kill(signal));
  }

  #timeOut(): void {
    this.#timedOut = true;
    this.#say(`the time is up: sends ${signalName(this.#plan.killSignal)}`);
    // What is refused is said, and the command is waited for.
    this.#child.terminate().catch(complainOf);
  }

  async #writePidfile(): Promise<void> {
    const { pidfile } = this.#plan;
    if (pidfile === undefined) return;
    try {
      release(pidfile);
      this.#child.handle.writePidfile(pidfile);
    } catch (error) {
      // It has ended already: nobody looks for it.
      if (isNoSuchProcess(error)) return;
      await this.#child.terminate();
      throw error;
    }
  }

  #removePidfile(): void {
    const { pidfile } = this.#plan;
    if (pidfile !== undefined) complainIfThrown(() => this.#child.handle.removePidfile(pidfile));
  }

  #report(status: ExitStatus, contained: Containment): Report {
    const { command } = this.#plan;
    const { pid } = this.#child;
    const durationMs = rounded(performance.now() - this.#startedAt);
    const { asked, killed, settled } = contained;
    if (asked > 0) this.#say(`sent the signal to ${asked}, killed ${killed}`);
    if (!settled) {
      complain("pidfd: processes that it has started may be left");
      // The guard goes on with them.
      this.#child.unref();
    }
    const code = settled ? this.#codeOf(status) : EXIT_NOT_RUN;
    return { command, pid, code, timedOut: this.#timedOut, durationMs, status, contained };
  }

  /** As timeout(1): what had to be killed is told apart. */
  #codeOf(status: ExitStatus): number {
    if (this.#timedOut && status.signal !== "SIGKILL") return EXIT_TIMEOUT;
    return exitCodeOf(status) ?? EXIT_NOT_RUN;
  }

  #say(text: string): void {
    if (this.#plan.isVerbose) complain(`pidfd run: ${text}`);
  }
}

/** Where there is something else to go on with, or an error to be thrown. */
function complainIfThrown(act: () => void): void {
  try {
    act();
  } catch (error) {
    complainOf(error);
  }
}

function complainOf(error: unknown): void {
  if (!(error instanceof PidfdError)) throw error;
  complain(`pidfd: ${error.message}`);
}
