// The public API, made by `deno task api`. Do not edit.

// ChildLike
export interface ChildLike {
    readonly pid?: number;
}

// ExitStatus
export interface ExitStatus {
    readonly known: boolean;
    readonly success: boolean;
    readonly code: number | null;
    readonly signal: SignalName | null;
    readonly coreDumped: boolean;
    readonly resourceUsage?: ResourceUsage;
}

// Feature
export interface Feature {
    readonly available: boolean;
    readonly since: string;
    readonly found: string;
}

// Features
export interface Features {
    readonly pidfd_open: Feature;
    readonly pidfd_send_signal: Feature;
    readonly poll: Feature;
    readonly waitid: Feature;
    readonly pidfs: Feature;
    readonly PIDFD_GET_INFO: Feature;
    readonly PIDFD_INFO_EXIT: Feature;
}

// Pidfd
export declare class Pidfd implements Disposable {
    #private;
    private constructor();
    static get supported(): boolean;
    static open(pid: number): Pidfd;
    static of(child: ChildLike): Pidfd;
    static self(): Pidfd;
    static adopt(fd: number): Pidfd;
    get pid(): number;
    get fd(): number;
    get closed(): boolean;
    isAlive(): boolean;
    state(): ProcessState;
    signal(...given: [signal?: Signal | number]): boolean;
    status(): ExitStatus | null;
    waitSync(timeoutMs?: number): ExitStatus | null;
    get exited(): Promise<void>;
    wait(options?: WaitOptions): Promise<ExitStatus>;
    terminate(options?: TerminateOptions): Promise<Termination>;
    ref(): this;
    unref(): this;
    reap(): ExitStatus | null;
    detach(): number;
    close(): void;
    [Symbol.dispose](): void;
}

// PidfdError
export declare class PidfdError extends Error {
    name: string;
    readonly code: string;
    readonly errno: number;
    readonly syscall: string;
    readonly pid?: number;
    constructor(options: PidfdErrorOptions);
}

// PidfdErrorOptions
export interface PidfdErrorOptions {
    errno: number;
    syscall: string;
    pid?: number;
    reason?: string;
    cause?: unknown;
}

// PidfdOpenFailedError
export declare class PidfdOpenFailedError extends PidfdError {
    name: string;
}

// PidfdSignalFailedError
export declare class PidfdSignalFailedError extends PidfdError {
    name: string;
}

// ProcessState
export type ProcessState = "running" | "exited" | "reaped";

// RealTimeSignal
export type RealTimeSignal = "RTMIN" | "RTMAX" | `RTMIN+${number}` | `RTMAX-${number}` | "32" | "33";

// ResourceUsage
export interface ResourceUsage {
    readonly userMicroseconds: number;
    readonly systemMicroseconds: number;
    readonly maxResidentBytes: number;
    readonly minorPageFaults: number;
    readonly majorPageFaults: number;
    readonly blocksRead: number;
    readonly blocksWritten: number;
    readonly voluntaryContextSwitches: number;
    readonly involuntaryContextSwitches: number;
}

// Signal
export type Signal = SignalName | StandardSignal | Exclude<RealTimeSignal, "32" | "33">;

// SignalName
export type SignalName = `SIG${StandardSignal | RealTimeSignal}`;

// StandardSignal
export type StandardSignal = "HUP" | "INT" | "QUIT" | "ILL" | "TRAP" | "ABRT" | "IOT" | "BUS" | "FPE" | "KILL" | "USR1" | "SEGV" | "USR2" | "PIPE" | "ALRM" | "TERM" | "STKFLT" | "CHLD" | "CLD" | "CONT" | "STOP" | "TSTP" | "TTIN" | "TTOU" | "URG" | "XCPU" | "XFSZ" | "VTALRM" | "PROF" | "WINCH" | "IO" | "POLL" | "PWR" | "SYS";

// SyscallNumbers
export interface SyscallNumbers {
    readonly pidfd_send_signal: number;
    readonly pidfd_open: number;
    readonly waitid: number;
}

// TerminateOptions
export interface TerminateOptions {
    readonly killSignal?: Signal | number;
    readonly graceMs?: number;
    readonly signal?: AbortSignal;
}

// Termination
export interface Termination {
    readonly status: ExitStatus;
    readonly forced: boolean;
    readonly durationMs: number;
}

// WaitOptions
export interface WaitOptions {
    readonly timeoutMs?: number;
    readonly signal?: AbortSignal;
}

// features
export declare function features(): Features;

// loadLibrary
export declare function loadLibrary(path: string): void;

// overrideSyscallNumbers
export declare function overrideSyscallNumbers(numbers: Partial<SyscallNumbers>): Disposable;

// syscallNumbers
export declare function syscallNumbers(): SyscallNumbers;
