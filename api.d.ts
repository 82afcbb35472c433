// The public API, made by `deno task api`. Do not edit.

// AdoptOrphansOptions
export interface AdoptOrphansOptions {
    readonly reap?: boolean | undefined;
    readonly onOrphan?: OnOrphan | undefined;
}

// Child
export declare class Child implements AsyncDisposable {
    #private;
    private constructor();
    get pid(): number;
    get handle(): Pidfd;
    get stdin(): ChildWritable | null;
    get stdout(): ChildReadable | null;
    get stderr(): ChildReadable | null;
    get fds(): Readonly<Record<number, ChildReadable | ChildDuplex>>;
    get status(): Promise<ExitStatus>;
    get contained(): Promise<Containment> | null;
    wait(options?: WaitOptions): Promise<ExitStatus>;
    terminate(options?: TerminateOptions): Promise<ChildTermination>;
    kill(signal?: Signal | number): boolean;
    output(options?: OutputOptions): Promise<ChildOutput>;
    ref(): this;
    unref(): this;
    [Symbol.asyncDispose](): Promise<void>;
}

// ChildDuplex
export type ChildDuplex = Duplex;

// ChildLike
export interface ChildLike {
    readonly pid?: number | undefined;
}

// ChildOutput
export interface ChildOutput {
    readonly status: ExitStatus;
    readonly stdout: Uint8Array;
    readonly stderr: Uint8Array;
    readonly truncated: boolean;
}

// ChildReadable
export type ChildReadable = Readable & {
    readonly web: ReadableStream<Uint8Array>;
};

// ChildTermination
export interface ChildTermination extends Termination {
    readonly contained?: Containment;
}

// ChildWritable
export type ChildWritable = Writable & {
    readonly web: WritableStream<Uint8Array>;
};

// Containment
export interface Containment {
    readonly asked: number;
    readonly killed: number;
    readonly settled: boolean;
    readonly resourceUsage?: ResourceUsage;
}

// ContainmentKind
export type ContainmentKind = "guard" | "cgroup" | "pidns";

// CoreDump
export interface CoreDump {
    readonly dumped: boolean;
    readonly skipped: boolean;
    readonly owner?: "user" | "root";
    readonly signal?: SignalName;
    readonly code?: number;
}

// Credentials
export interface Credentials {
    readonly ruid: number;
    readonly rgid: number;
    readonly euid: number;
    readonly egid: number;
    readonly suid: number;
    readonly sgid: number;
    readonly fsuid: number;
    readonly fsgid: number;
}

// DetailOptions
export interface DetailOptions {
    readonly commandLine?: boolean | undefined;
    readonly usage?: boolean | undefined;
}

// ExitStatus
export type ExitStatus = KnownStatus | UnknownStatus;

// ExitWithParentOptions
export interface ExitWithParentOptions {
    readonly code?: number | undefined;
    readonly parent?: ProcessIdentity | string | undefined;
}

// ExitedStatus
export interface ExitedStatus {
    readonly known: true;
    readonly success: boolean;
    readonly code: number;
    readonly signal: null;
    readonly coreDumped: false;
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
    readonly pidfd_getfd: Feature;
    readonly process_madvise: Feature;
    readonly process_mrelease: Feature;
    readonly SO_PEERPIDFD: Feature;
    readonly SO_PASSPIDFD: Feature;
    readonly PIDFD_THREAD: Feature;
    readonly PIDFD_SIGNAL_THREAD_GROUP: Feature;
    readonly pidfs: Feature;
    readonly PIDFD_GET_NET_NAMESPACE: Feature;
    readonly PIDFD_GET_INFO: Feature;
    readonly file_handles: Feature;
    readonly PIDFD_INFO_EXIT: Feature;
    readonly PIDFD_INFO_COREDUMP: Feature;
    readonly PIDFD_INFO_COREDUMP_SIGNAL: Feature;
    readonly PIDFD_INFO_COREDUMP_CODE: Feature;
}

// FileLock
export interface FileLock extends Disposable {
    readonly path: string;
    readonly isHeld: boolean;
    release(): void;
}

// KillTreeOptions
export interface KillTreeOptions extends TerminateTreeOptions, TreeOptions {
}

// KillTreePromise
export interface KillTreePromise extends Promise<TreeReport> {
    report(): TreeReport;
}

// KilledStatus
export interface KilledStatus {
    readonly known: true;
    readonly success: false;
    readonly code: null;
    readonly signal: SignalName;
    readonly coreDumped: boolean;
    readonly resourceUsage?: ResourceUsage;
}

// KnownStatus
export type KnownStatus = ExitedStatus | KilledStatus;

// Lifetime
export type Lifetime = "independent" | "parent" | "contained";

// LockOptions
export interface LockOptions {
    readonly waitMs?: number | undefined;
    readonly signal?: AbortSignal | undefined;
}

// MemoryAdvice
export type MemoryAdvice = "COLD" | "PAGEOUT" | "WILLNEED" | "COLLAPSE";

// MemoryRange
export interface MemoryRange {
    readonly start: number | bigint;
    readonly length: number | bigint;
}

// NamespaceKind
export type NamespaceKind = "cgroup" | "ipc" | "mnt" | "net" | "pid" | "pid_for_children" | "time" | "time_for_children" | "user" | "uts";

// OnOrphan
export type OnOrphan = (orphan: ReapedOrphan) => void;

// OpenOptions
export interface OpenOptions {
    readonly thread?: boolean | undefined;
}

// Orphan
export interface Orphan {
    readonly handle: Pidfd;
    readonly process: ProcessEntry;
    readonly relation: "environment" | "cgroup" | "predicate";
}

// OrphanMark
export interface OrphanMark {
    readonly environment?: Readonly<Record<string, string>> | undefined;
    readonly cgroup?: string | undefined;
}

// OrphanPredicate
export type OrphanPredicate = (process: ProcessEntry) => boolean;

// Orphans
export declare class Orphans implements Disposable, Iterable<Orphan> {
    #private;
    readonly hidden: number;
    readonly unreadable: number;
    constructor(found: readonly Orphan[], hidden: number, key: typeof PRIVATE, unreadable?: number);
    get size(): number;
    get closed(): boolean;
    [Symbol.iterator](): IterableIterator<Orphan>;
    close(): void;
    [Symbol.dispose](): void;
}

// OutgoingMessage
export interface OutgoingMessage {
    readonly data?: Uint8Array | undefined;
    readonly descriptors?: readonly number[] | undefined;
}

// OutputOptions
export interface OutputOptions {
    readonly maxBytes?: number | undefined;
    readonly drainMs?: number | undefined;
}

// Pidfd
export declare class Pidfd implements Disposable {
    #private;
    private constructor();
    static get supported(): boolean;
    static open(pid: number, options?: OpenOptions): Pidfd;
    static of(child: ChildLike): Pidfd;
    static self(): Pidfd;
    static peer(socketFd: number): Pidfd;
    static fromFd(fd: number): Pidfd;
    static reopen(identity: ProcessIdentity | string): Pidfd | null;
    static fromPidfile(path: string): Pidfd | null;
    get pid(): number;
    get fd(): number;
    get closed(): boolean;
    isAlive(): boolean;
    state(): ProcessState;
    info(options?: DetailOptions): ProcessInfo;
    identity(): ProcessIdentity;
    equals(other: Pidfd): boolean;
    writePidfile(path: string): void;
    removePidfile(path: string): boolean;
    signal(signal: Signal | number, options?: SignalOptions): boolean;
    signal(): boolean;
    status(): ExitStatus | null;
    waitSync(timeoutMs?: number): ExitStatus | null;
    get exited(): Promise<void>;
    wait(options?: WaitOptions): Promise<ExitStatus>;
    terminate(options?: TerminateOptions): Promise<Termination>;
    ref(): this;
    unref(): this;
    reap(): ExitStatus | null;
    getFd(fd: number): number;
    namespace(kind: NamespaceKind): number;
    releaseMemory(): boolean;
    adviseMemory(advice: MemoryAdvice, ranges: MemoryRange | readonly MemoryRange[]): number;
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
    pid?: number | undefined;
    reason?: string | undefined;
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

// ProcessEntry
export interface ProcessEntry {
    readonly pid: number;
    readonly ppid: number;
    readonly processGroup: number;
    readonly session: number;
    readonly startTicks: number;
    readonly state: string;
    readonly threads: number;
    readonly uid: number;
    readonly name: string;
    readonly isKernelThread: boolean;
    readonly commandLine?: readonly string[];
    readonly usage?: ProcessUsage;
}

// ProcessIdentity
export interface ProcessIdentity {
    readonly pid: number;
    readonly inode?: string | undefined;
    readonly startTicks?: number | undefined;
    readonly pidNamespace?: number | undefined;
    readonly boot?: string | undefined;
}

// ProcessInfo
export interface ProcessInfo {
    readonly state: ProcessState;
    readonly pid?: number;
    readonly tgid?: number;
    readonly ppid?: number;
    readonly credentials?: Credentials;
    readonly cgroupId?: string;
    readonly cgroupPath?: string;
    readonly startTicks?: number;
    readonly startTime?: Date;
    readonly name?: string;
    readonly executable?: string;
    readonly isKernelThread?: boolean;
    readonly commandLine?: readonly string[];
    readonly usage?: ProcessUsage;
    readonly threads?: number;
    readonly namespaces?: Readonly<Partial<Record<NamespaceKind, number>>>;
    readonly exit?: ExitStatus;
    readonly coreDump?: CoreDump;
}

// ProcessState
export type ProcessState = "running" | "exited" | "reaped";

// ProcessTree
export declare class ProcessTree implements Disposable, Iterable<TreeMember> {
    #private;
    private constructor();
    static of(root: number | Pidfd | ChildLike, options?: TreeOptions): ProcessTree;
    get root(): TreeMember;
    get size(): number;
    get settled(): boolean;
    get hidden(): number;
    get closed(): boolean;
    [Symbol.iterator](): IterableIterator<TreeMember>;
    refresh(): TreeMember[];
    signal(signal: Signal | number, options?: SignalTreeOptions): number;
    signal(): number;
    wait(options?: WaitOptions): Promise<ExitStatus[]>;
    terminate(options?: TerminateTreeOptions): KillTreePromise;
    close(): void;
    [Symbol.dispose](): void;
}

// ProcessUsage
export interface ProcessUsage {
    readonly userMicroseconds: number;
    readonly systemMicroseconds: number;
    readonly residentBytes: number;
}

// RealTimeSignal
export type RealTimeSignal = "RTMIN" | "RTMAX" | `RTMIN+${number}` | `RTMAX-${number}` | "32" | "33";

// ReapedOrphan
export interface ReapedOrphan {
    readonly pid: number;
    readonly status: ExitStatus;
}

// ReceivedMessage
export interface ReceivedMessage {
    readonly data: Uint8Array;
    readonly descriptors: readonly number[];
    readonly sender: Pidfd | null;
    readonly senderError: PidfdError | null;
    readonly credentials: SocketCredentials | null;
    readonly dataTruncated: boolean;
    readonly controlTruncated: boolean;
}

// ResourceLimit
export type ResourceLimit = "cpu" | "fsize" | "data" | "stack" | "core" | "rss" | "nproc" | "nofile" | "memlock" | "as" | "locks" | "sigpending" | "msgqueue" | "nice" | "rtprio" | "rttime";

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
export type Signal = SignalName | StandardSignal | Exclude<RealTimeSignal, "32" | "33"> | "SIGBREAK" | "SIGINFO" | "SIGLOST" | "SIGUNUSED";

// SignalName
export type SignalName = `SIG${StandardSignal | RealTimeSignal}`;

// SignalOptions
export interface SignalOptions {
    readonly scope?: SignalScope | undefined;
    readonly value?: number | undefined;
}

// SignalScope
export type SignalScope = "thread" | "process" | "process-group";

// SignalTreeOptions
export interface SignalTreeOptions {
    readonly includeSelf?: boolean | undefined;
}

// SocketCredentials
export interface SocketCredentials {
    readonly pid?: number;
    readonly uid: number;
    readonly gid: number;
    readonly groups?: readonly number[];
}

// SocketKind
export type SocketKind = "stream" | "datagram" | "seqpacket";

// SpawnFailedError
export declare class SpawnFailedError extends PidfdError {
    name: string;
    readonly path?: string;
    constructor(options: SpawnFailedErrorOptions);
}

// SpawnFailedErrorOptions
export interface SpawnFailedErrorOptions extends PidfdErrorOptions {
    path?: string | undefined;
}

// SpawnOptions
export interface SpawnOptions {
    readonly cwd?: string | URL | undefined;
    readonly env?: Readonly<Record<string, string | undefined>> | undefined;
    readonly clearEnv?: boolean | undefined;
    readonly argv0?: string | undefined;
    readonly umask?: number | undefined;
    readonly stdin?: Stdio | undefined;
    readonly stdout?: Stdio | undefined;
    readonly stderr?: Stdio | undefined;
    readonly fds?: Readonly<Record<number, number | "pipe" | "socket">> | undefined;
    readonly session?: boolean | undefined;
    readonly group?: boolean | undefined;
    readonly lifetime?: Lifetime | undefined;
    readonly containment?: ContainmentKind | undefined;
    readonly cgroup?: string | number | undefined;
    readonly limits?: Readonly<Partial<Record<ResourceLimit, number | readonly [soft: number, hard: number]>>> | undefined;
    readonly uid?: number | undefined;
    readonly gid?: number | undefined;
    readonly groups?: readonly number[] | undefined;
    readonly noNewPrivileges?: boolean | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly timeoutMs?: number | undefined;
    readonly killSignal?: Signal | number | undefined;
    readonly graceMs?: number | undefined;
}

// StandardSignal
export type StandardSignal = "HUP" | "INT" | "QUIT" | "ILL" | "TRAP" | "ABRT" | "IOT" | "BUS" | "FPE" | "KILL" | "USR1" | "SEGV" | "USR2" | "PIPE" | "ALRM" | "TERM" | "STKFLT" | "CHLD" | "CLD" | "CONT" | "STOP" | "TSTP" | "TTIN" | "TTOU" | "URG" | "XCPU" | "XFSZ" | "VTALRM" | "PROF" | "WINCH" | "IO" | "POLL" | "PWR" | "SYS";

// Stdio
export type Stdio = "null" | "inherit" | "pipe" | "socket" | number;

// SyscallNumbers
export interface SyscallNumbers {
    readonly pidfd_send_signal: number;
    readonly pidfd_open: number;
    readonly waitid: number;
    readonly pidfd_getfd: number;
    readonly process_madvise: number;
    readonly process_mrelease: number;
}

// TerminateOptions
export interface TerminateOptions {
    readonly killSignal?: Signal | number | undefined;
    readonly graceMs?: number | undefined;
    readonly statusMs?: number | undefined;
    readonly signal?: AbortSignal | undefined;
}

// TerminateTreeOptions
export interface TerminateTreeOptions {
    readonly killSignal?: Signal | number | undefined;
    readonly graceMs?: number | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly freeze?: boolean | undefined;
    readonly includeRoot?: boolean | undefined;
    readonly includeSelf?: boolean | undefined;
    readonly reapAdopted?: boolean | undefined;
    readonly statusMs?: number | undefined;
    readonly onEnd?: ((end: TreeEnd) => void) | undefined;
}

// Termination
export interface Termination {
    readonly status: ExitStatus;
    readonly forced: boolean;
    readonly durationMs: number;
}

// TreeEnd
export interface TreeEnd {
    readonly pid: number;
    readonly name: string;
    readonly depth: number;
    readonly status: ExitStatus;
    readonly forced: boolean;
    readonly afterMs: number;
}

// TreeEscape
export interface TreeEscape {
    readonly pid: number;
    readonly name: string;
    readonly depth: number;
    readonly reason: "spared" | "refused" | "running";
    readonly error?: PidfdError;
}

// TreeMember
export interface TreeMember {
    readonly handle: Pidfd;
    readonly pid: number;
    readonly name: string;
    readonly depth: number;
    readonly parent: TreeMember | null;
    readonly relation: TreeRelation;
}

// TreeOptions
export interface TreeOptions {
    readonly session?: boolean | undefined;
    readonly group?: boolean | undefined;
    readonly cgroup?: boolean | undefined;
}

// TreeOrphan
export interface TreeOrphan {
    readonly pid: number;
    readonly name: string;
}

// TreeRelation
export type TreeRelation = "root" | "parent" | "session" | "group" | "cgroup";

// TreeReport
export interface TreeReport {
    readonly ended: readonly TreeEnd[];
    readonly escaped: readonly TreeEscape[];
    readonly settled: boolean;
    readonly orphans: readonly TreeOrphan[];
    readonly hidden: number;
    readonly durationMs: number;
}

// UnknownStatus
export interface UnknownStatus {
    readonly known: false;
    readonly success: false;
    readonly code: null;
    readonly signal: null;
    readonly coreDumped: false;
    readonly resourceUsage?: undefined;
}

// WaitLimits
export interface WaitLimits {
    readonly timeoutMs?: number | undefined;
    readonly signal?: AbortSignal | undefined;
}

// WaitOptions
export interface WaitOptions extends WaitLimits {
    readonly statusMs?: number | undefined;
}

// adoptOrphans
export declare function adoptOrphans(options?: AdoptOrphansOptions): Disposable;

// closeFd
export declare function closeFd(fd: number): void;

// exitCodeOf
export declare function exitCodeOf(status: ExitStatus): number | null;

// exitWithParent
export declare function exitWithParent(options?: ExitWithParentOptions): Disposable;

// features
export declare function features(): Features;

// findOrphans
export declare function findOrphans(wanted: OrphanMark | OrphanPredicate): Orphans;

// formatIdentity
export declare function formatIdentity(identity: ProcessIdentity): string;

// killTree
export declare function killTree(root: number | Pidfd | ChildLike, options?: KillTreeOptions): KillTreePromise;

// loadLibrary
export declare function loadLibrary(path: string): void;

// lockFile
export declare function lockFile(path: string, options?: LockOptions): Promise<FileLock>;

// overrideSyscallNumbers
export declare function overrideSyscallNumbers(numbers: Partial<SyscallNumbers>): Disposable;

// parseIdentity
export declare function parseIdentity(text: string): ProcessIdentity;

// passCredentials
export declare function passCredentials(socketFd: number, isWanted?: boolean): void;

// passSender
export declare function passSender(socketFd: number, isWanted?: boolean): void;

// peerCredentials
export declare function peerCredentials(socketFd: number): SocketCredentials;

// processes
export declare function processes(options?: DetailOptions): ProcessEntry[];

// receiveMessage
export declare function receiveMessage(socketFd: number, timeoutMs?: number): ReceivedMessage | null;

// sendMessage
export declare function sendMessage(socketFd: number, message: OutgoingMessage): number;

// socketFd
export declare function socketFd(socket: object): number;

// socketPair
export declare function socketPair(kind?: SocketKind): [number, number];

// spawn
export declare function spawn(command: string, args?: readonly string[], options?: SpawnOptions): Child;

// syscallNumbers
export declare function syscallNumbers(): SyscallNumbers;

// waitForMessage
export declare function waitForMessage(socketFd: number, options?: WaitLimits): Promise<ReceivedMessage>;
