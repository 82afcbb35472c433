//! Starts processes: what crosses to JavaScript, and the way to the thread that does it.
//!
//! The first thread of this program clones its children itself: it ends with the program. For every
//! other, which may end before (a Worker's), a library thread does it, the keeper: so the end of
//! the Worker neither sends the child its PR_SET_PDEATHSIG nor leaves a zombie.
const std = @import("std");
const sys_process = @import("../sys/process.zig");
const channel = @import("../pidfd/watcher_channel.zig");
const keeper = @import("keeper.zig");
const making = @import("making.zig");
const syscall = @import("../sys/syscall.zig");
const thread_fds = @import("../sys/thread_fds.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// The calling thread's end of a socket pair whose other end the keeper reads.
pub const SpawnerRecord = extern struct {
    /// What no other socket of this boot has.
    cookie: u64,
    socket: i32,
    /// As in SpawnRecord.
    slot: i32,
};

/// A new process. Behind it, in the same buffer: `fd_count` times `Descriptor`; `group_count`
/// groups of 32 bits, filled up to 8 bytes; room for `pointer_count` pointers of 8 bytes; texts
/// that end with a zero: the command, the folder and the cgroup's folder (both may be empty), the
/// arguments, the environment.
pub const SpawnRecord = extern struct {
    cookie: u64,
    /// Of the resources 0 to 15 whose bit is in `limited`: soft and hard.
    limits: [16][2]u64,
    socket: i32,
    limited: u32,
    flags: u32,
    umask: u32,
    uid: u32,
    gid: u32,
    group_count: u32,
    /// A descriptor of the cgroup's folder, or -1.
    cgroup: i32,
    fd_count: u32,
    pointer_count: u32,
    argument_count: u32,
    variable_count: u32,
    /// Where it went well: the pid and a pidfd; else which call failed.
    pid: i32,
    pidfd: i32,
    step: i32,
    /// Which of the descriptors it was, where the failed call was about one.
    failed_fd: i32,
    /// For the guard (../guard/guard.zig): the polite signal, and how long it has; -1 is no limit.
    kill_signal: u32,
    grace_ms: i32,
    /// When it ends the command; 0 is never.
    timeout_ms: u32,
    /// A pidfd of the guard, and our end of the channel to it.
    guard: i32,
    channel: i32,
    /// Where what is opened for the calling thread is tracked (../sys/thread_fds.zig): a Worker may
    /// be terminated in this very call. 0: nowhere.
    slot: i32,
};

/// A descriptor of the child. They are sorted by `target`.
pub const Descriptor = extern struct {
    /// Its number in the child.
    target: i32,
    kind: Kind,
    /// A descriptor of ours for `ours`; where the kind makes a pair, our end of it is put here.
    ours: i32,
    /// What the child is to have, while it is being made; -1 where there is nothing to close.
    theirs: i32,
};

pub const Kind = enum(u32) { ours, null_device, read_by_child, written_by_child, socket };

/// The bits of `SpawnRecord.flags`.
pub const Options = packed struct(u32) {
    session: bool,
    group: bool,
    no_new_privileges: bool,
    ends_with_parent: bool,
    has_umask: bool,
    has_uid: bool,
    has_gid: bool,
    has_groups: bool,
    /// The environment of this process as the C library has it, instead of that of the record.
    inherits_environment: bool,
    /// With a guard between us and the process, which ends all that it leaves.
    contained: bool,
    /// The guard is to be this process itself.
    replaces: bool,
    /// The command is to have a cgroup of its own, below the given one (own_cgroup.zig).
    own_cgroup: bool,
    /// The guard is to be the first process of a pid namespace (pid_namespace.zig).
    pid_namespace: bool,
    unused: u19 = 0,

    pub fn changes_user(options: Options) bool {
        return options.has_uid or options.has_gid or options.has_groups;
    }
};

/// The calls that may fail, in their order in src/spawn/steps.ts.
pub const Step = enum(i32) {
    start,
    openat,
    pipe2,
    socketpair,
    fcntl,
    memfd_create,
    write,
    clone,
    setsid,
    setpgid,
    dup3,
    close_range,
    cgroup,
    chdir,
    prlimit,
    prctl,
    setgroups,
    setresgid,
    setresuid,
    execve,
    execveat,
    pidfd_open,
    recvmsg,
    signalfd4,
    waitid,
    uid_map,
    mount,
};

/// Starts the keeper of the calling thread; it ends when `socket` is closed and no child is left.
pub fn start(record: *SpawnerRecord) i32 {
    const result = keeper.start(record);
    if (result >= 0) track(record.slot, record.socket);
    return result;
}

/// Starts a process, and waits until that runs its program: the pid. EBADF, of the step `start`:
/// this thread needs a keeper, and `socket` is none.
pub fn spawn(record: *SpawnRecord) i32 {
    record.step = @intFromEnum(Step.start);
    record.failed_fd = -1;
    if (sys_process.is_first_thread()) return making.make(record);
    // Somebody who closes descriptors that it knows nothing of may have closed this one.
    if (channel.cookie(record.socket) != record.cookie) return negated(.BADF);
    const request = keeper.Request{ .record = @intFromPtr(record) };
    const flags: u32 = linux.MSG.NOSIGNAL;
    const size: usize = @sizeOf(keeper.Request);
    const sent = call(named(.sendto), .{ record.socket, &request, size, flags, null, 0 });
    if (sent < 0) return sent;
    var answer: i32 = 0;
    const got = call(named(.recvfrom), .{ record.socket, &answer, @as(usize, 4), 0, null, null });
    if (got < 0) return got;
    if (got != 4) return negated(.PIPE);
    if (answer >= 0) track_all(record);
    return answer;
}

fn track_all(record: *const SpawnRecord) void {
    const options: Options = @bitCast(record.flags);
    track(record.slot, record.pidfd);
    if (options.contained) {
        track(record.slot, record.guard);
        track(record.slot, record.channel);
    }
    const fds: [*]const Descriptor = @ptrCast(@as([*]const SpawnRecord, @ptrCast(record)) + 1);
    for (fds[0..record.fd_count]) |*fd| {
        if (fd.kind != .ours and fd.ours >= 0) track(record.slot, fd.ours);
    }
}

fn track(slot: i32, fd: i32) void {
    if (slot > 0) _ = thread_fds.track(slot, fd, 1);
}

/// Replaces this program by the guard of the process: returns only where that fails.
pub fn replace(record: *SpawnRecord) i32 {
    record.step = @intFromEnum(Step.start);
    record.failed_fd = -1;
    return making.make(record);
}

comptime {
    std.debug.assert(@sizeOf(Descriptor) == 16);
    std.debug.assert(@sizeOf(SpawnRecord) % 8 == 0);
}
