//! A file that is locked, flock(2), for as long as one of the descriptors of its open file is open.
//!
//! Whoever waits for the lock learns of its release by inotify(7): a file that is closed is an
//! event. But the kernel reports that before it gives the lock up. So whoever has the lock keeps
//! two more open files, whose descriptors stand below and above it: when a process exits, the
//! kernel closes its descriptors one after the other, in one direction or the other, and the last
//! of the three events comes after the release.
const std = @import("std");
const kernel = @import("../sys/kernel.zig");
const pidfile = @import("pidfile.zig");
const proc_file = @import("../proc/file.zig");
const syscall = @import("../sys/syscall.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

const LOCK_EX: u32 = 2;
const LOCK_NB: u32 = 4;
const LOCK_UN: u32 = 8;

/// The descriptors of a lock, -1 where there is none, and what the file is to say.
pub const LockRecord = extern struct {
    below: i32,
    file: i32,
    above: i32,
    watch: i32,
    length: u32,
    content: [124]u8,
};

/// What is done with a lock, in the order of a lock's life.
pub const Step = enum(u32) { open, take, write, watch, drain, close, release };

pub fn do(step: u32, path: *const pidfile.PathRecord, record: *LockRecord) i32 {
    return switch (@as(Step, @enumFromInt(step))) {
        .open => open(path, record),
        .take => take(path, record),
        .write => write(record),
        .watch => watch(path, record),
        .drain => drain(record),
        .close => close(record),
        .release => release(record),
    };
}

pub fn descriptors(record: *const LockRecord) [4]i32 {
    return .{ record.below, record.file, record.above, record.watch };
}

/// Opens the file, which is made where there is none. ELOOP: a symbolic link. EACCES and the like,
/// open(2).
fn open(path: *const pidfile.PathRecord, record: *LockRecord) i32 {
    for ([_]*i32{ &record.below, &record.file, &record.above }) |fd| {
        fd.* = open_one(path);
        if (fd.* < 0) {
            const failure = fd.*;
            fd.* = -1;
            _ = close(record);
            return failure;
        }
    }
    const ordered = order(record);
    if (ordered < 0) _ = close(record);
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
fn take(path: *const pidfile.PathRecord, record: *const LockRecord) i32 {
    const before = has_name(path, record);
    if (before != 1) return before;
    const locked = call(named(.flock), .{ record.file, LOCK_EX | LOCK_NB });
    return if (locked < 0) locked else has_name(path, record);
}

fn has_name(path: *const pidfile.PathRecord, record: *const LockRecord) i32 {
    const flags = linux.AT.SYMLINK_NOFOLLOW;
    const now = pidfile.look(proc_file.nowhere, text(path), flags) orelse return 0;
    if (now.mode & linux.S.IFMT != linux.S.IFREG) return negated(.INVAL);
    for ([_]i32{ record.below, record.file, record.above }) |fd| {
        const own = pidfile.look(fd, "", kernel.AT_EMPTY_PATH) orelse return negated(.NOSYS);
        const is_same = own.ino == now.ino and own.dev_major == now.dev_major and
            own.dev_minor == now.dev_minor;
        if (!is_same) return 0;
    }
    return 1;
}

/// Writes who has the lock. The first line is whole at any moment.
fn write(record: *const LockRecord) i32 {
    const length = @min(record.length, record.content.len);
    const written = call(named(.pwrite64), .{ record.file, &record.content, length, 0, 0, 0 });
    if (written < 0) return written;
    return if (written == length) truncate(record.file, length) else negated(.NOSPC);
}

/// On CPUs with 32 bits ftruncate(2) takes a length of 32 bits.
fn truncate(file: i32, length: u32) i32 {
    return call(named(.ftruncate), .{ file, length });
}

/// A descriptor of inotify(7) that becomes readable when somebody closes the file, or takes its
/// name away. EMFILE: /proc/sys/fs/inotify/max_user_instances. ENOSPC: max_user_watches.
fn watch(path: *const pidfile.PathRecord, record: *LockRecord) i32 {
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
fn drain(record: *const LockRecord) i32 {
    var events: [1024]u8 align(8) = undefined;
    while (true) {
        const length = call(named(.read), .{ record.watch, &events, events.len });
        if (length <= 0) return if (length == negated(.AGAIN)) 0 else length;
    }
}

/// Gives the lock up, and then closes all, so that each event comes after the release. Where the
/// lock was taken the file is empty from then on.
fn close(record: *LockRecord) i32 {
    if (record.file >= 0) _ = call(named(.flock), .{ record.file, LOCK_UN });
    for ([_]*i32{ &record.below, &record.file, &record.above, &record.watch }) |fd| {
        if (fd.* >= 0) proc_file.close(fd.*);
        fd.* = -1;
    }
    return 0;
}

/// Empties the file and gives the lock up.
fn release(record: *LockRecord) i32 {
    _ = truncate(record.file, 0);
    return close(record);
}

fn text(path: *const pidfile.PathRecord) [*:0]const u8 {
    return @ptrCast(&path.bytes);
}
