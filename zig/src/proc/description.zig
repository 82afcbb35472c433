//! What /proc says about one process, pinned: it opens the folder /proc/PID, then checks that the
//! pidfd still names that PID. If so, the open folder is that process's for good, even if the pid
//! is reused.
const std = @import("std");
const fdinfo = @import("fdinfo.zig");
const kernel = @import("../sys/kernel.zig");
const proc_file = @import("file.zig");
const proc_stat = @import("stat.zig");
const syscall = @import("../sys/syscall.zig");
const text = @import("../sys/text.zig");
const linux = std.os.linux;

const negated = syscall.negated;
const path_max = 4096;

/// What is wanted, and what was found, a bit each. What /proc does not say stays zero. JavaScript
/// has each public u32 of this file.
pub const STAT: u32 = 1;
pub const IDS: u32 = 2;
pub const CGROUP: u32 = 4;
pub const EXECUTABLE: u32 = 8;
pub const NAMESPACES: u32 = 16;
/// The pids are those of our own pid namespace; else this /proc belongs to another one, which
/// numbers processes differently.
pub const OWN_PIDS: u32 = 32;

/// The order of `namespaces`, and, from 1 on, of the kernel's ioctls from
/// PIDFD_GET_CGROUP_NAMESPACE to PIDFD_GET_UTS_NAMESPACE. Each is the name of a file in
/// /proc/PID/ns.
pub const NamespaceKind = enum {
    cgroup,
    ipc,
    mnt,
    net,
    pid,
    pid_for_children,
    time,
    time_for_children,
    user,
    uts,
};

const namespace_files = blk: {
    const kinds = @typeInfo(NamespaceKind).@"enum".fields;
    // No pointers, because the dynamic loader would need an entry for each.
    var files: [kinds.len][20:0]u8 = @splat(@splat(0));
    for (kinds, &files) |kind, *file| {
        const path = "ns/" ++ kind.name;
        file[0..path.len].* = path.*;
    }
    const all = files;
    break :blk all;
};

pub const DescriptionRecord = extern struct {
    start_ticks: u64,
    /// As in `Stat`.
    user_ticks: u64,
    system_ticks: u64,
    resident_pages: u64,
    found: u32,
    state: u32,
    flags: u32,
    threads: i32,
    ppid: i32,
    tgid: i32,
    /// Real, effective, saved and of the file system: first the users, then the groups.
    ids: [8]u32,
    namespaces: [namespace_files.len]u32,
    name_length: u32,
    cgroup_length: u32,
    executable_length: u32,
    unused: u32,
    name: [64]u8,
    cgroup: [path_max]u8,
    executable: [path_max]u8,
};

/// Returns the bits of what was found. ESRCH: reaped. EREMOTE: not in the pid namespace of this
/// /proc. ENOENT, EACCES: hidden by the mount option hidepid, or there is no /proc. EMFILE, ENFILE,
/// ENOMEM.
pub fn read(pidfd: i32, wanted: u32, record: *DescriptionRecord) i32 {
    record.* = std.mem.zeroes(DescriptionRecord);
    const folder = pin(pidfd);
    if (folder < 0) return folder;
    defer proc_file.close(folder);
    const readers = .{
        .{ STAT, read_stat },
        .{ IDS, read_status },
        .{ CGROUP, read_cgroup },
        .{ EXECUTABLE, read_executable },
        .{ NAMESPACES, read_namespaces },
    };
    inline for (readers) |reader| {
        const result = if (wanted & reader[0] != 0) reader[1](folder, record) else 0;
        // A shortage says nothing about the process. Any other error means that this one part is
        // not available.
        if (is_shortage(result)) return result;
    }
    return @intCast(record.found);
}

/// Whether descriptors or memory are short, which says nothing about a process.
pub fn is_shortage(result: i32) bool {
    return result == negated(.MFILE) or result == negated(.NFILE) or result == negated(.NOMEM);
}

/// The process's folder. Its pid in this /proc comes from fdinfo: PIDFD_GET_INFO reports the pid in
/// our own pid namespace.
fn pin(pidfd: i32) i32 {
    const pid = fdinfo.pid(pidfd);
    if (pid < 0) return pid;
    const path = proc_file.folder(pid);
    const folder = proc_file.open(proc_file.nowhere, &path, .{ .PATH = true, .DIRECTORY = true });
    const after = fdinfo.pid(pidfd);
    if (after == pid) return folder;
    if (folder >= 0) proc_file.close(folder);
    return if (after < 0) after else negated(.SRCH);
}

/// A command line goes behind this.
pub const CommandLineRecord = extern struct {
    /// In: how many bytes there are for it.
    capacity: u32,
    /// Out: how many of them it takes.
    length: u32,
};

/// Reads the arguments of the process, each with a zero behind it. E2BIG: more than there is room
/// for. The others as of `read`.
pub fn read_command_line(pidfd: i32, record: *CommandLineRecord) i32 {
    record.length = 0;
    const folder = pin(pidfd);
    if (folder < 0) return folder;
    defer proc_file.close(folder);
    const room: [*]u8 = @ptrCast(@as([*]CommandLineRecord, @ptrCast(record)) + 1);
    const length = command_line(folder, "cmdline", room[0..record.capacity]);
    if (length < 0) return length;
    record.length = @intCast(length);
    return 0;
}

/// The length of the command line that a path leads to; 0 where it has none, or may not be read.
/// E2BIG: it does not fit. EMFILE, ENFILE, ENOMEM.
pub fn command_line(folder: i32, path: [*:0]const u8, buffer: []u8) i32 {
    const length = proc_file.read(folder, path, buffer);
    if (length < 0) return if (is_shortage(length)) length else 0;
    // What fills the buffer may go on.
    return if (length == buffer.len) negated(.@"2BIG") else length;
}

fn read_stat(folder: i32, record: *DescriptionRecord) i32 {
    var buffer: [proc_stat.max_length]u8 = undefined;
    const file = proc_file.open(folder, "stat", .{});
    if (file < 0) return file;
    defer proc_file.close(file);
    var stat: proc_stat.Stat = undefined;
    const result = proc_stat.read(file, &buffer, &stat);
    if (result < 0) return result;
    const is_ours = counts_as_we_do();
    if (is_ours < 0) return is_ours;
    record.found |= if (is_ours == 1) STAT | OWN_PIDS else STAT;
    record.start_ticks = stat.start_ticks;
    record.user_ticks = stat.user_ticks;
    record.system_ticks = stat.system_ticks;
    record.resident_pages = stat.resident_pages;
    record.state = stat.state;
    record.flags = stat.flags;
    record.threads = stat.threads;
    record.ppid = stat.ppid;
    record.name_length = fill(&record.name, stat.name);
    return 0;
}

fn fill(to: []u8, from: []const u8) u32 {
    const length = @min(to.len, from.len);
    @memcpy(to[0..length], from[0..length]);
    return @intCast(length);
}

/// 1 if the pids of this /proc are those of our own pid namespace, else 0; a negated errno if that
/// can't be read.
pub fn counts_as_we_do() i32 {
    var buffer: [2048]u8 = undefined;
    const length = proc_file.read(proc_file.nowhere, "/proc/self/status", &buffer);
    return if (length < 0) length else @intFromBool(has_one_number(buffer[0..@intCast(length)]));
}

/// A process's own status lists its pids from the namespace of that /proc inwards: one pid if that
/// is its own namespace. A kernel without pid namespaces has no such line.
fn has_one_number(status: []const u8) bool {
    const line = value_of(status, "\nNSpid:\t") orelse return true;
    return text.find(line, '\t') == null;
}

fn read_status(folder: i32, record: *DescriptionRecord) i32 {
    var buffer: [2048]u8 = undefined;
    const length = proc_file.read(folder, "status", &buffer);
    if (length < 0) return length;
    const status = buffer[0..@intCast(length)];
    const users = value_of(status, "\nUid:") orelse return 0;
    const groups = value_of(status, "\nGid:") orelse return 0;
    if (!numbers(users, record.ids[0..4]) or !numbers(groups, record.ids[4..8])) return 0;
    var tgid = [1]u32{0};
    if (numbers(value_of(status, "\nTgid:") orelse "", &tgid)) record.tgid = @intCast(tgid[0]);
    record.found |= IDS;
    return 0;
}

/// The rest of the line that begins with this label. A process's name can't fake one: its line ends
/// are escaped there.
fn value_of(status: []const u8, label: []const u8) ?[]const u8 {
    const value = text.after(status, label) orelse return null;
    const end = text.find(value, '\n') orelse return null;
    return value[0..end];
}

fn numbers(digits: []const u8, to: []u32) bool {
    var list = text.Tokens{ .rest = digits };
    for (to) |*number| number.* = list.number(u32) orelse return false;
    return true;
}

/// The path in the one hierarchy of cgroup v2, as seen from our own cgroup namespace.
fn read_cgroup(folder: i32, record: *DescriptionRecord) i32 {
    var buffer: [2 * path_max]u8 = undefined;
    buffer[0] = '\n';
    const length = proc_file.read(folder, "cgroup", buffer[1..]);
    if (length < 0) return length;
    const path = value_of(buffer[0 .. @as(usize, @intCast(length)) + 1], "\n0::") orelse return 0;
    if (path.len > path_max) return 0;
    record.cgroup_length = fill(&record.cgroup, path);
    record.found |= CGROUP;
    return 0;
}

fn read_executable(folder: i32, record: *DescriptionRecord) i32 {
    const to = &record.executable;
    const length = syscall.call(syscall.named(.readlinkat), .{ folder, "exe", to, to.len });
    // One that fills the record may have been cut.
    if (length <= 0 or length == path_max) return length;
    record.executable_length = @intCast(length);
    record.found |= EXECUTABLE;
    return 0;
}

fn read_namespaces(folder: i32, record: *DescriptionRecord) i32 {
    for (&namespace_files, &record.namespaces) |*file, *inode| inode.* = inode_of(folder, file);
    record.found |= NAMESPACES;
    return 0;
}

/// The inode number of the file that a path leads to; 0 where it may not be known.
pub fn inode_of(parent: i32, path: [*:0]const u8) u32 {
    var attributes = std.mem.zeroes(linux.Statx);
    const number = syscall.named(.statx);
    const no_flags: u32 = 0;
    const result = syscall.call(number, .{ parent, path, no_flags, linux.STATX_INO, &attributes });
    return if (result < 0) 0 else @truncate(attributes.ino);
}

comptime {
    std.debug.assert(@offsetOf(DescriptionRecord, "name") == 144);
    std.debug.assert(@sizeOf(DescriptionRecord) == 144 + 64 + 2 * path_max);
}

test "the ids of a status file" {
    var ids: [4]u32 = undefined;
    const status = "Name:\ta\\nUid:\t1\nUid:\t0\t1\t65534\t4294967295\nGid:\t5\n";
    try std.testing.expect(numbers(value_of(status, "\nUid:").?, &ids));
    try std.testing.expectEqual([4]u32{ 0, 1, 65534, 4294967295 }, ids);
    try std.testing.expect(!numbers(value_of(status, "\nGid:").?, &ids));
    try std.testing.expect(!numbers("1\t2\t3\t4294967296", &ids));
    try std.testing.expectEqual(null, value_of(status, "\nNSpid:\t"));
}

test "a process has one pid where /proc is of our own pid namespace, and more from further out" {
    try std.testing.expect(has_one_number("Pid:\t7\nNSpid:\t7\n"));
    try std.testing.expect(has_one_number("Pid:\t7\n"));
    try std.testing.expect(!has_one_number("Pid:\t4242\nNSpid:\t4242\t7\n"));
}
