//! Writes a file so that exactly one of two writers wins, and every reader sees either the old file
//! or the new one.
//!
//! The new file is created under a second name, and is the lock at the same time: only who holds
//! the lock may look at the old file, judge it, and replace it. A writer that locks a file which
//! has lost that name starts over. A writer that dies drops its lock; the next one takes over the
//! file that it leaves.
const std = @import("std");
const proc_file = @import("../proc/file.zig");
const syscall = @import("../sys/syscall.zig");
const kernel = @import("../sys/kernel.zig");
const text = @import("../sys/text.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;
const path_max = 4096;
const suffix = ".pidfd-new";
const nowhere = proc_file.nowhere;
const LOCK_EX: u32 = 2;
const LOCK_NB: u32 = 4;

/// A path, ended by a zero, and where descriptors of it are tracked (../sys/thread_fds.zig).
pub const PathRecord = extern struct { slot: i32, bytes: [path_max]u8 };

/// The beginning of a file, and when it was last written.
pub const TextRecord = extern struct {
    modified_ns: u64,
    length: u32,
    /// Where `commit` failed: a `Step`.
    step: u32,
    bytes: [path_max]u8,
};

/// The calls that write a pid file, in their order.
pub const Step = enum(u32) { flock, ftruncate, write, fdatasync, fchmod, rename };

/// ENOENT, EACCES, EISDIR and the like, open(2).
pub fn read(path: *const PathRecord, record: *TextRecord) i32 {
    record.* = std.mem.zeroes(TextRecord);
    // Without blocking: what stands there may be a pipe.
    const file = proc_file.open(nowhere, c_path(path), .{ .NONBLOCK = true, .NOCTTY = true });
    if (file < 0) return file;
    defer proc_file.close(file);
    const attributes = look(file, "", kernel.AT_EMPTY_PATH) orelse return negated(.NOSYS);
    const seconds: u64 = @intCast(@max(0, attributes.mtime.sec));
    // A time that does not fit, after the year 2554, is the last one that does.
    record.modified_ns = seconds *| std.time.ns_per_s +| attributes.mtime.nsec;
    // A pipe or a device names no process, and reading one would take its data from other readers.
    const kind = attributes.mode & linux.S.IFMT;
    if (kind != linux.S.IFREG and kind != linux.S.IFDIR) return 0;
    const length = proc_file.read_open(file, &record.bytes);
    if (length < 0) return length;
    record.length = @intCast(length);
    return 0;
}

/// A locked descriptor of the new file. EAGAIN: another process is writing at this moment. EPERM:
/// the file with the second name is not ours. ENAMETOOLONG, EACCES, ENOENT, EROFS and the like,
/// open(2).
pub fn claim(path: *const PathRecord) i32 {
    var other: PathRecord = undefined;
    if (!second_name(path, &other)) return negated(.NAMETOOLONG);
    const flags: u32 = @bitCast(linux.O{
        .ACCMODE = .RDWR,
        .CREAT = true,
        .CLOEXEC = true,
        .NOFOLLOW = true,
        .NONBLOCK = true,
    });
    // Each further try means that another writer has just finished.
    for (0..100) |_| {
        const file = call(named(.openat), .{ nowhere, c_path(&other), flags, @as(u32, 0o600) });
        if (file < 0) return file;
        const answer = take(file, c_path(&other));
        if (answer == 1) return file;
        proc_file.close(file);
        if (answer < 0) return answer;
    }
    return negated(.AGAIN);
}

/// 1: it is ours and locked. 0: it has lost its name to another file, or to none.
fn take(file: i32, name: [*:0]const u8) i32 {
    const locked = call(named(.flock), .{ file, LOCK_EX | LOCK_NB });
    if (locked < 0) return locked;
    const own = look(file, "", kernel.AT_EMPTY_PATH) orelse return negated(.NOSYS);
    const now = look(nowhere, name, linux.AT.SYMLINK_NOFOLLOW) orelse return 0;
    const is_same = own.ino == now.ino and
        own.dev_major == now.dev_major and own.dev_minor == now.dev_minor;
    if (!is_same) return 0;
    // Its content will be lost, so it must be ours and have no other name.
    const is_regular = own.mode & linux.S.IFMT == linux.S.IFREG;
    const user = call(named(if (@hasField(linux.SYS, "geteuid32")) .geteuid32 else .geteuid), .{});
    const is_ours = own.uid == @as(u32, @bitCast(user)) and own.nlink == 1 and is_regular;
    return if (is_ours) 1 else negated(.PERM);
}

/// Renames the new file over the old one, and drops the lock. If it fails, the old file is
/// unchanged. EAGAIN: somebody has locked that one.
pub fn commit(path: *const PathRecord, file: i32, record: *TextRecord) i32 {
    var other: PathRecord = undefined;
    if (!second_name(path, &other)) return negated(.NAMETOOLONG);
    const result = replace(path, &other, file, record);
    if (result < 0) _ = unlink(&other);
    proc_file.close(file);
    return result;
}

fn replace(path: *const PathRecord, other: *const PathRecord, file: i32, record: *TextRecord) i32 {
    record.step = @intFromEnum(Step.flock);
    const old = lock_old(path);
    if (old == negated(.AGAIN)) return old;
    defer if (old >= 0) proc_file.close(old);
    record.step = @intFromEnum(Step.ftruncate);
    const emptied = call(named(.ftruncate), .{ file, 0 });
    if (emptied < 0) return emptied;
    record.step = @intFromEnum(Step.write);
    const length = @min(record.length, path_max);
    const written = call(named(.write), .{ file, &record.bytes, length });
    if (written < 0) return written;
    if (written != length) return negated(.NOSPC);
    record.step = @intFromEnum(Step.fdatasync);
    // Without this the new name may survive a power cut without its content: an empty file that
    // nobody dares to replace.
    const kept = call(named(.fdatasync), .{file});
    if (kept < 0) return kept;
    record.step = @intFromEnum(Step.fchmod);
    // Until here no other process could open the file, and so none could hold its lock.
    const readable = call(named(.fchmod), .{ file, @as(u32, 0o644) });
    if (readable < 0) return readable;
    record.step = @intFromEnum(Step.rename);
    return call(named(.renameat2), .{ nowhere, c_path(other), nowhere, c_path(path), 0 });
}

/// Removes the new file, and drops the lock; before that the old one where `with_old` is 1. EAGAIN:
/// somebody has locked that one, and it stays.
pub fn abandon(path: *const PathRecord, file: i32, with_old: i32) i32 {
    const result = if (with_old == 1) unlink_old(path) else 0;
    var other: PathRecord = undefined;
    if (second_name(path, &other)) _ = unlink(&other);
    proc_file.close(file);
    return result;
}

fn unlink_old(path: *const PathRecord) i32 {
    const old = lock_old(path);
    if (old == negated(.AGAIN)) return old;
    defer if (old >= 0) proc_file.close(old);
    return unlink(path);
}

/// Locks the file of this name, so that nobody takes it for a lock until it has lost the name: with
/// another file in its place, or none, a second one could have that lock. EAGAIN: somebody has it.
/// Below zero too where it can't be opened.
fn lock_old(path: *const PathRecord) i32 {
    const flags = linux.O{ .NOFOLLOW = true, .NONBLOCK = true, .NOCTTY = true };
    const file = proc_file.open(nowhere, c_path(path), flags);
    if (file < 0) return file;
    const locked = call(named(.flock), .{ file, LOCK_EX | LOCK_NB });
    if (locked != negated(.AGAIN)) return file;
    proc_file.close(file);
    return locked;
}

fn unlink(path: *const PathRecord) i32 {
    return call(named(.unlinkat), .{ nowhere, c_path(path), 0 });
}

pub fn look(parent: i32, path: [*:0]const u8, flags: u32) ?linux.Statx {
    var attributes = std.mem.zeroes(linux.Statx);
    const wanted = linux.STATX_BASIC_STATS;
    const result = call(named(.statx), .{ parent, path, flags, wanted, &attributes });
    return if (result < 0) null else attributes;
}

fn c_path(path: *const PathRecord) [*:0]const u8 {
    return @ptrCast(&path.bytes);
}

fn second_name(path: *const PathRecord, other: *PathRecord) bool {
    const length = text.find(&path.bytes, 0) orelse return false;
    if (length + suffix.len >= path_max) return false;
    @memcpy(other.bytes[0..length], path.bytes[0..length]);
    @memcpy(other.bytes[length..][0 .. suffix.len + 1], suffix ++ "\x00");
    return true;
}
