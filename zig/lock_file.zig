//! A file that is locked, flock(2), for as long as one of the descriptors of its open file is open.
//!
//! Whoever waits for the lock learns of its release by inotify(7): a file that is closed is an
//! event. But the kernel reports that before it gives the lock up. So whoever has the lock keeps two
//! more open files, whose descriptors stand below and above it: when a process exits, the kernel
//! closes its descriptors one after the other, in one direction or the other, and the last of the
//! three events comes after the release.
const std = @import("std");
const kernel = @import("kernel.zig");
const pidfile = @import("pidfile.zig");
const proc_file = @import("proc_file.zig");
const syscall = @import("syscall.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

const LOCK_EX: u32 = 2;
const LOCK_NB: u32 = 4;
const LOCK_UN: u32 = 8;

/// The descriptors of a lock; -1 where there is none.
pub const LockRecord = extern struct { below: i32, file: i32, above: i32, watch: i32 };

/// Opens the file, which is made where there is none. ELOOP: a symbolic link. EACCES and the like,
/// open(2).
pub fn open(path: *const pidfile.PathRecord, record: *LockRecord) i32 {
    record.* = .{ .below = -1, .file = -1, .above = -1, .watch = -1 };
    for ([_]*i32{ &record.below, &record.file, &record.above }) |fd| {
        fd.* = open_one(path);
        if (fd.* < 0) {
            const failure = fd.*;
            fd.* = -1;
            close(record);
            return failure;
        }
    }
    const ordered = order(record);
    if (ordered < 0) close(record);
    return ordered;
}

fn open_one(path: *const pidfile.PathRecord) i32 {
    const flags: u32 = @bitCast(linux.O{
        .ACCMODE = .RDWR,
        .CREAT = true,
        .CLOEXEC = true,
        .NOFOLLOW = true,
        .NONBLOCK = true,
        .NOCTTY = true,
    });
    return call(named(.openat), .{ proc_file.nowhere, text(path), flags, @as(u32, 0o644) });
}

/// Another thread may have closed a descriptor of a smaller number between two of ours.
fn order(record: *LockRecord) i32 {
    const file = move_above(&record.file, record.below);
    return if (file < 0) file else move_above(&record.above, record.file);
}

fn move_above(fd: *i32, least: i32) i32 {
    if (fd.* > least) return 0;
    const moved = call(named(.fcntl), .{ fd.*, kernel.F_DUPFD_CLOEXEC, least + 1 });
    if (moved < 0) return moved;
    proc_file.close(fd.*);
    fd.* = moved;
    return 0;
}

/// 1: it is locked, and still has its name. 0: its name is another file's, or nobody's. EAGAIN:
/// somebody else has the lock. EINVAL: not a regular file.
pub fn try_lock(path: *const pidfile.PathRecord, record: *const LockRecord) i32 {
    const before = has_name(path, record);
    if (before != 1) return before;
    const locked = call(named(.flock), .{ record.file, LOCK_EX | LOCK_NB });
    return if (locked < 0) locked else has_name(path, record);
}

fn has_name(path: *const pidfile.PathRecord, record: *const LockRecord) i32 {
    const now = look(proc_file.nowhere, text(path), linux.AT.SYMLINK_NOFOLLOW) orelse return 0;
    if (now.mode & linux.S.IFMT != linux.S.IFREG) return negated(.INVAL);
    for ([_]i32{ record.below, record.file, record.above }) |fd| {
        const own = look(fd, "", kernel.AT_EMPTY_PATH) orelse return negated(.NOSYS);
        const is_same = own.ino == now.ino and own.dev_major == now.dev_major and
            own.dev_minor == now.dev_minor;
        if (!is_same) return 0;
    }
    return 1;
}

/// Writes who has the lock. The first line is whole at any moment.
pub fn write(record: *const LockRecord, content: *pidfile.TextRecord) i32 {
    content.step = 0;
    const length = @min(content.length, content.bytes.len);
    const written = call(named(.pwrite64), .{ record.file, &content.bytes, length, 0, 0, 0 });
    if (written < 0) return written;
    if (written != length) return negated(.NOSPC);
    content.step = 1;
    return truncate(record.file, length);
}

/// On CPUs with 32 bits ftruncate(2) takes a length of 32 bits.
fn truncate(file: i32, length: u32) i32 {
    return call(named(.ftruncate), .{ file, length });
}

/// A descriptor of inotify(7) that becomes readable when somebody closes the file, or takes its name
/// away. EMFILE: /proc/sys/fs/inotify/max_user_instances. ENOSPC: max_user_watches.
pub fn watch(path: *const pidfile.PathRecord, record: *LockRecord) i32 {
    const flags: u32 = linux.IN.NONBLOCK | linux.IN.CLOEXEC;
    const fd = call(named(.inotify_init1), .{flags});
    if (fd < 0) return fd;
    const events: u32 = linux.IN.CLOSE_WRITE | linux.IN.CLOSE_NOWRITE | linux.IN.ATTRIB |
        linux.IN.MOVE_SELF | linux.IN.DELETE_SELF | linux.IN.DONT_FOLLOW;
    const added = call(named(.inotify_add_watch), .{ fd, text(path), events });
    if (added < 0) {
        proc_file.close(fd);
        return added;
    }
    record.watch = fd;
    return 0;
}

/// Takes what has come, so that the next event wakes whoever waits: equal ones are one.
pub fn drain(record: *const LockRecord) i32 {
    var events: [1024]u8 align(8) = undefined;
    while (true) {
        const length = call(named(.read), .{ record.watch, &events, events.len });
        if (length <= 0) return if (length == negated(.AGAIN)) 0 else length;
    }
}

/// Gives the lock up, and then closes all, so that each event comes after the release. Where the
/// lock was taken the file is empty from then on.
pub fn close(record: *LockRecord) void {
    if (record.file >= 0) _ = call(named(.flock), .{ record.file, LOCK_UN });
    for ([_]*i32{ &record.below, &record.file, &record.above, &record.watch }) |fd| {
        if (fd.* >= 0) proc_file.close(fd.*);
        fd.* = -1;
    }
}

/// Empties the file and gives the lock up.
pub fn release(record: *LockRecord) i32 {
    _ = truncate(record.file, 0);
    close(record);
    return 0;
}

fn look(parent: i32, path: [*:0]const u8, flags: u32) ?linux.Statx {
    var attributes = std.mem.zeroes(linux.Statx);
    const wanted = linux.STATX_BASIC_STATS;
    const result = call(named(.statx), .{ parent, path, flags, wanted, &attributes });
    return if (result < 0) null else attributes;
}

fn text(path: *const pidfile.PathRecord) [*:0]const u8 {
    return @ptrCast(&path.bytes);
}
