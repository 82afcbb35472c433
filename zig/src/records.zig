//! What crosses to JavaScript as bytes: fixed layouts in the CPU's byte order, the same on every
//! CPU.
const std = @import("std");
const builtin = @import("builtin");
const file_handle = @import("sys/file_handle.zig");
const kernel = @import("sys/kernel.zig");
const syscall = @import("sys/syscall.zig");
const linux = std.os.linux;

/// How a child changed, and what it had used. See waitid(2) and getrusage(2).
pub const WaitRecord = extern struct {
    user_us: u64,
    system_us: u64,
    max_rss_bytes: u64,
    minor_faults: u64,
    major_faults: u64,
    block_reads: u64,
    block_writes: u64,
    voluntary_switches: u64,
    involuntary_switches: u64,
    code: i32,
    status: i32,
    pid: i32,
    uid: u32,

    pub fn from(info: *const kernel.WaitSiginfo, usage: *const kernel.Rusage) WaitRecord {
        return .{
            .user_us = microseconds(usage.user_sec, usage.user_usec),
            .system_us = microseconds(usage.system_sec, usage.system_usec),
            .max_rss_bytes = @as(u64, @intCast(usage.max_rss_kib)) * 1024,
            .minor_faults = @intCast(usage.minor_faults),
            .major_faults = @intCast(usage.major_faults),
            .block_reads = @intCast(usage.block_reads),
            .block_writes = @intCast(usage.block_writes),
            .voluntary_switches = @intCast(usage.voluntary_switches),
            .involuntary_switches = @intCast(usage.involuntary_switches),
            .code = info.code,
            .status = info.child.status,
            .pid = info.child.pid,
            .uid = info.child.uid,
        };
    }
};

fn microseconds(seconds: isize, rest: isize) u64 {
    return @as(u64, @intCast(seconds)) * std.time.us_per_s + @as(u64, @intCast(rest));
}

/// What kind of file a descriptor is.
pub const FileRecord = extern struct {
    inode: u64,
    file_system: u64,
    mode: u32,
    unused: u32,

    pub fn read(fd: i32, record: *FileRecord) i32 {
        var attributes = std.mem.zeroes(linux.Statx);
        const wanted = linux.STATX_INO | linux.STATX_TYPE | linux.STATX_MODE;
        const number = syscall.named(.statx);
        const result = syscall.call(number, .{ fd, "", kernel.AT_EMPTY_PATH, wanted, &attributes });
        if (result < 0) return result;
        const kind = file_system_of(fd);
        if (kind < 0) return @intCast(kind);
        var inode: u64 = attributes.ino;
        // statx(2) cuts the number on 32-bit CPUs. Without file handles (before 6.14) its low half
        // must do.
        const is_cut = @sizeOf(usize) == 4 and kind == kernel.PIDFS_MAGIC;
        if (is_cut) _ = file_handle.inode_of(fd, &inode);
        record.* = .{
            .inode = inode,
            .file_system = @intCast(kind),
            .mode = attributes.mode,
            .unused = 0,
        };
        return 0;
    }
};

/// Whether an open file is of the kernel's own /proc.
pub fn is_proc(fd: i32) bool {
    return file_system_of(fd) == kernel.PROC_SUPER_MAGIC;
}

/// `f_type` of fstatfs(2), or a negated errno. It is the first word of the struct: a C long, but an
/// unsigned int on s390x and on 32-bit CPUs, where the call with 64-bit sizes takes the packed size
/// of 84 bytes.
fn file_system_of(fd: i32) i64 {
    var buffer: [256]u8 align(8) = undefined;
    if (@sizeOf(usize) == 4) {
        const result = syscall.call(syscall.named(.fstatfs64), .{ fd, 84, &buffer });
        return if (result < 0) result else std.mem.bytesToValue(u32, buffer[0..4]);
    }
    const result = syscall.call(syscall.named(.fstatfs), .{ fd, &buffer });
    if (result < 0) return result;
    // Some CPUs' kernels sign-extend a kind whose highest bit is set; only 32 bits count.
    if (builtin.cpu.arch == .s390x) return std.mem.bytesToValue(u32, buffer[0..4]);
    return @as(u32, @truncate(std.mem.bytesToValue(u64, buffer[0..8])));
}

/// The syscall numbers that can be read and replaced.
pub const NumbersRecord = extern struct {
    pidfd_send_signal: u32,
    pidfd_open: u32,
    waitid: u32,
    pidfd_getfd: u32,
    process_madvise: u32,
    process_mrelease: u32,
};

/// A signal with a value, as sigqueue(3) sends it.
pub const QueueRecord = extern struct { number: i32, flags: i32, value: i32 };

/// A range of another process's memory, and what is advised about it.
pub const AdviceRecord = extern struct { start: u64, length: u64, advice: i32, unused: u32 };

/// Two descriptors of sockets that are connected with each other.
pub const PairRecord = extern struct { first: i32, second: i32 };

/// struct ucred: who a process is to a Unix socket. Without a peer, the user is -1.
pub const Credentials = extern struct { pid: i32, uid: u32, gid: u32 };

/// Who was at the other end of a Unix socket when it was connected.
pub const PeerRecord = extern struct {
    who: Credentials,
    /// On the way in, how many groups there is room for; then how many there are, maybe more than
    /// that, or a negated errno.
    group_count: i32,
    /// Whoever has room for more has them behind these.
    groups: [256]u32,
};

/// A message over a Unix socket, on its way out or in.
pub const MessageRecord = extern struct {
    /// How many bytes of `data` there are.
    length: u32,
    /// The kernel's MSG_TRUNC and MSG_CTRUNC, on the way in.
    flags: u32,
    /// A pidfd of the sender; below zero, why there is none: -ENODATA if the kernel sends none.
    sender: i32,
    descriptor_count: u32,
    /// 1 where the kernel says who the sender was when it sent this.
    has_credentials: u32,
    who: Credentials,
    /// The kernel's SCM_MAX_FD.
    descriptors: [253]i32,
    data: [4096]u8,
};

/// JavaScript's two descriptors of a watcher, and the slot in which the library keeps the rest (0:
/// none). `step` says which call failed where it can't be started.
pub const WatcherRecord = extern struct {
    socket: i32,
    epoll: i32,
    step: i32,
    slot: i32,
    /// Those of the library and of its thread, which nobody else may close.
    inner: [3]i32,
};

/// What the watcher writes when a process has exited. The size is fixed, because a stream may split
/// and merge records.
pub const WatchRecord = extern struct {
    token: u32,
    reaped: u32,
    /// One of `WatchTold`; or why waitid(2) failed, a negated errno.
    told: i32,
    /// The descriptor that is watched.
    fd: i32,
    status: WaitRecord,
};

/// What a WatchRecord has: nothing; `status`, as waitid(2) fills it; or, in `status.status`, a wait
/// status as wait(2) has it.
pub const WatchTold = enum(i32) { nothing, wait_record, wait_status };

comptime {
    std.debug.assert(@sizeOf(WatchRecord) == 104);
    std.debug.assert(@sizeOf(WaitRecord) == 88);
    std.debug.assert(@sizeOf(FileRecord) == 24);
    std.debug.assert(@sizeOf(NumbersRecord) == 4 * syscall.defaults.len);
}
