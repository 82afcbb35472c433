//! One pass over /proc: the processes that are there, in chunks, without a subprocess and without
//! memory of its own.
//!
//! The kernel lists the folders of /proc by ascending pid, so a pass can't meet a process twice.
//! One that begins or ends meanwhile is listed or not; what is listed was read at one moment, by
//! one read(2).
const std = @import("std");
const boot = @import("boot.zig");
const proc_pid = @import("pid.zig");
const sys_fd = @import("../sys/fd.zig");
const sys_pidfd = @import("../sys/pidfd.zig");
const proc_description = @import("description.zig");
const proc_file = @import("file.zig");
const proc_stat = @import("stat.zig");
const records = @import("../records.zig");
const syscall = @import("../sys/syscall.zig");
const text = @import("../sys/text.zig");
const linux = std.os.linux;

const negated = syscall.negated;
const call = syscall.call;
const named = syscall.named;

/// One process at the moment of its read. `group` and `session` are -1 if it was being reaped at
/// each try.
pub const ProcessRecord = extern struct {
    start_ticks: u64,
    /// As in `Stat`.
    user_ticks: u64,
    system_ticks: u64,
    resident_pages: u64,
    pid: i32,
    ppid: i32,
    group: i32,
    session: i32,
    threads: i32,
    /// The effective user; only where it was asked for.
    uid: u32,
    flags: u32,
    state: u32,
    name_length: u32,
    /// In: where `pin` has its descriptor tracked.
    slot: i32,
    name: [64]u8,
};

const capacity = 128;

/// A chunk of a pass, and where the pass stands.
pub const ScanRecord = extern struct {
    /// CLOCK_BOOTTIME before anything of this chunk was read: what was started later is younger.
    boottime_ns: u64,
    /// In: 1 if the users are wanted.
    with_uid: u32,
    /// In and out: only greater pids follow. 0 at the beginning of a pass.
    after: i32,
    /// Out: how many entries are filled.
    count: u32,
    /// Out: how many processes were listed but could not be read (hidepid=1).
    hidden: u32,
    /// Out: how many were listed and had been reaped when they were read.
    vanished: u32,
    unused: u32,
    processes: [capacity]ProcessRecord,
};

/// A chunk with the command lines of its processes, which go behind this, one after the other.
pub const CommandLinesRecord = extern struct {
    scan: ScanRecord,
    /// In: how many bytes there are for them.
    capacity: u32,
    unused: u32,
    /// Out: how many of them each process takes; 0 where it has no command line.
    lengths: [capacity]u32,

    fn room(record: *CommandLinesRecord) []u8 {
        const bytes: [*]u8 = @ptrCast(@as([*]CommandLinesRecord, @ptrCast(record)) + 1);
        return bytes[0..record.capacity];
    }
};

/// Each entry of getdents64 takes at least this many bytes, so that a full buffer never holds more
/// than a chunk takes.
const entry_size_min = 24;
const name_offset = 19;

/// `d_reclen` of struct linux_dirent64.
fn entry_size(entry: []const u8) u16 {
    return @bitCast(entry[16..18].*);
}

/// A descriptor of /proc. EREMOTE: its pids are not those of our own pid namespace. ENOENT: /proc
/// is not mounted.
pub fn open() i32 {
    const proc = proc_file.open(proc_file.nowhere, "/proc", .{ .DIRECTORY = true });
    if (proc < 0) return proc;
    const is_ours = proc_description.counts_as_we_do();
    if (is_ours == 1) return proc;
    // A /proc in which this process has no pid has no /proc/self; nor has a folder without a mount.
    const is_anothers = is_ours == 0 or (is_ours == negated(.NOENT) and records.is_proc(proc));
    proc_file.close(proc);
    return if (is_anothers) negated(.REMOTE) else is_ours;
}

/// The numbers that name the entries of a folder, in the order of the kernel: ascending.
pub const Entries = struct {
    folder: i32,
    /// How many there were, and why they end before the folder does.
    count: u32 = 0,
    failure: i32 = 0,
    length: usize = 0,
    at: usize = 0,
    buffer: [capacity * entry_size_min]u8 align(8) = undefined,

    pub fn next(entries: *Entries) ?i32 {
        while (entries.next_name()) |name| {
            const number = text.decimal(i32, text.until_zero(name)) orelse continue;
            entries.count += 1;
            return number;
        }
        return null;
    }

    /// Of whatever kind, "." and ".." too; until the next call.
    pub fn next_name(entries: *Entries) ?[*:0]const u8 {
        if (entries.at == entries.length and !entries.fill()) return null;
        const entry = entries.buffer[entries.at..];
        entries.at += entry_size(entry);
        return @ptrCast(&entry[name_offset]);
    }

    /// Whether the entries that were read before were all, so that the next one is read from the
    /// kernel.
    fn is_empty(entries: *const Entries) bool {
        return entries.at == entries.length;
    }

    fn fill(entries: *Entries) bool {
        const room = entries.buffer.len;
        const length = call(named(.getdents64), .{ entries.folder, &entries.buffer, room });
        if (length <= 0) {
            entries.failure = length;
            return false;
        }
        entries.length = @intCast(length);
        entries.at = 0;
        return true;
    }
};

/// The next chunk with command lines. E2BIG: there is no room for one alone; with more room the
/// pass goes on.
pub fn next_with_command_lines(proc: i32, record: *CommandLinesRecord) i32 {
    var lines = CommandLines{ .rest = record.room(), .lengths = &record.lengths };
    return next_chunk(proc, &record.scan, &lines);
}

/// Where the next command line goes.
const CommandLines = struct {
    rest: []u8,
    lengths: *[capacity]u32,

    fn read(lines: *CommandLines, proc: i32, pid: i32, index: usize) i32 {
        const path = path_of(pid, "/cmdline");
        const length = proc_description.command_line(proc, &path, lines.rest);
        if (length < 0) return length;
        lines.lengths[index] = @intCast(length);
        return 0;
    }

    fn keep(lines: *CommandLines, index: usize) void {
        lines.rest = lines.rest[lines.lengths[index]..];
    }
};

/// Fills the next chunk of a pass; 0 at its end, else 1.
pub fn next(proc: i32, record: *ScanRecord) i32 {
    return next_chunk(proc, record, null);
}

fn next_chunk(proc: i32, record: *ScanRecord, lines: ?*CommandLines) i32 {
    record.count = 0;
    record.hidden = 0;
    record.vanished = 0;
    record.boottime_ns = boot.now(boot.CLOCK_BOOTTIME);
    var entries = Entries{ .folder = proc };
    while (entries.next()) |pid| {
        if (pid > record.after) {
            const result = add(proc, pid, record, lines);
            if (result == negated(.@"2BIG")) return rewind(proc, record);
            record.after = pid;
            if (result < 0) return result;
        }
        // A full buffer never holds more than a chunk takes.
        if (entries.is_empty()) return 1;
    }
    return entries.failure;
}

/// The rest of the entries is read anew, behind the last process: this one does not fit any more.
fn rewind(proc: i32, record: *const ScanRecord) i32 {
    const result = call(named(.lseek), .{ proc, 0, linux.SEEK.SET });
    if (result < 0) return result;
    return if (record.count == 0) negated(.@"2BIG") else 1;
}

fn add(proc: i32, pid: i32, record: *ScanRecord, lines: ?*CommandLines) i32 {
    const result = meet(proc, pid, record, lines);
    switch (result) {
        0 => {
            if (lines) |all| all.keep(record.count);
            record.count += 1;
        },
        // It has ended since it was listed.
        negated(.NOENT), negated(.SRCH) => record.vanished += 1,
        negated(.PERM), negated(.ACCES) => record.hidden += 1,
        else => return result,
    }
    return 0;
}

/// The line can only be read while its process has its number. So between the opening and a
/// successful read that number was its own, and so was what was got by it: the user, the command
/// line and the line can't come from two.
fn meet(proc: i32, pid: i32, record: *ScanRecord, lines: ?*CommandLines) i32 {
    const file = open_line(proc, pid);
    if (file < 0) return file;
    defer proc_file.close(file);
    const process = &record.processes[record.count];
    var attributes = std.mem.zeroes(linux.Statx);
    if (record.with_uid == 1) {
        const path = path_of(pid, "");
        const no_flags: u32 = 0;
        const wanted = linux.STATX_UID;
        const result = call(named(.statx), .{ proc, &path, no_flags, wanted, &attributes });
        if (result < 0) return result;
    }
    if (lines) |all| {
        const result = all.read(proc, pid, record.count);
        if (result < 0) return result;
    }
    const result = fill(file, process);
    // The folder's owner is the effective user, whatever the process's other files say.
    process.uid = attributes.uid;
    return result;
}

fn read(folder: i32, pid: i32, record: *ProcessRecord) i32 {
    const file = open_line(folder, pid);
    if (file < 0) return file;
    defer proc_file.close(file);
    return fill(file, record);
}

/// The file that holds the line of the process or thread with this number.
fn open_line(folder: i32, pid: i32) i32 {
    const path = path_of(pid, "/stat");
    return proc_file.open(folder, &path, .{});
}

/// The line of the process or thread with this number; its name stays in `buffer`.
pub fn read_stat(
    folder: i32,
    pid: i32,
    buffer: *[proc_stat.max_length]u8,
    stat: *proc_stat.Stat,
) i32 {
    const file = open_line(folder, pid);
    if (file < 0) return file;
    defer proc_file.close(file);
    return proc_stat.read(file, buffer, stat);
}

fn fill(file: i32, record: *ProcessRecord) i32 {
    var buffer: [proc_stat.max_length]u8 = undefined;
    var stat: proc_stat.Stat = undefined;
    const result = proc_stat.read(file, &buffer, &stat);
    if (result < 0) return result;
    record.* = .{
        .start_ticks = stat.start_ticks,
        .user_ticks = stat.user_ticks,
        .system_ticks = stat.system_ticks,
        .resident_pages = stat.resident_pages,
        .pid = stat.pid,
        .ppid = stat.ppid,
        .group = stat.group,
        .session = stat.session,
        .threads = stat.threads,
        .uid = 0,
        .flags = stat.flags,
        .state = stat.state,
        .name_length = @intCast(@min(stat.name.len, record.name.len)),
        .slot = 0,
        .name = undefined,
    };
    for (stat.name[0..record.name_length], 0..) |byte, index| record.name[index] = byte;
    return 0;
}

/// Pins, reads, verifies: a new pidfd, and what its process was while the pidfd named that pid.
/// ESRCH: it has ended and was reaped, before or during this. EPERM: hidden (hidepid=1).
pub fn pin(proc: i32, pid: i32, record: *ProcessRecord) i32 {
    const pidfd = sys_pidfd.open(pid, 0);
    // The pid is a checked one, so before Linux 6.16 this is a process that is being reaped just
    // now.
    if (pidfd == negated(.INVAL)) return negated(.SRCH);
    if (pidfd < 0) return pidfd;
    const result = read_pinned(proc, pidfd, pid, record);
    if (result == 0) return pidfd;
    _ = sys_fd.close(pidfd);
    return result;
}

/// Reads what a pinned process is now. ESRCH: it was reaped, whatever the number may name.
pub fn read_pinned(proc: i32, pidfd: i32, pid: i32, record: *ProcessRecord) i32 {
    const result = read(proc, pid, record);
    const after = proc_pid.pid_of(pidfd);
    if (after < 0) return after;
    if (after != pid or result == negated(.NOENT)) return negated(.SRCH);
    return result;
}

const Path = [24:0]u8;

/// A number, what follows it, and zeros behind that.
pub fn path_of(number: i32, end: []const u8) Path {
    var path = std.mem.zeroes(Path);
    _ = append(&path, append_number(&path, 0, number), end);
    return path;
}

/// Writes a number at a place of a path of zeros; the place behind it.
pub fn append_number(path: []u8, at: usize, number: i32) usize {
    proc_file.write_decimal(path[at..], @intCast(number));
    var end = at;
    while (path[end] != 0) end += 1;
    return end;
}

/// Writes a text at a place of a path; the place behind it.
pub fn append(path: []u8, at: usize, end: []const u8) usize {
    for (end, at..) |byte, index| path[index] = byte;
    return at + end.len;
}

comptime {
    std.debug.assert(@sizeOf(ProcessRecord) == 136);
    std.debug.assert(@sizeOf(ScanRecord) == 32 + capacity * 136);
    std.debug.assert(@intFromEnum(linux.SYS.getdents64) == switch (@import("builtin").cpu.arch) {
        .x86_64, .arm => 217,
        .aarch64, .riscv64, .loongarch64 => 61,
        .powerpc64le => 202,
        .s390x => 220,
        else => unreachable,
    });
}

test "a pass lists ourselves once, with our parent, and ends" {
    const proc = open();
    try std.testing.expect(proc >= 0);
    defer proc_file.close(proc);
    var record: ScanRecord = std.mem.zeroes(ScanRecord);
    record.with_uid = 1;
    var seen: u32 = 0;
    var last: i32 = 0;
    while (next(proc, &record) == 1) {
        for (record.processes[0..record.count]) |*process| {
            try std.testing.expect(process.pid > last);
            last = process.pid;
            if (process.pid != linux.getpid()) continue;
            seen += 1;
            try std.testing.expectEqual(linux.getppid(), process.ppid);
            try std.testing.expectEqual(linux.geteuid(), process.uid);
            const started_ns = process.start_ticks * 10 * std.time.ns_per_ms;
            try std.testing.expect(started_ns <= record.boottime_ns);
        }
    }
    try std.testing.expectEqual(1, seen);
}

test "pin reads what it has opened, and knows what is not there" {
    const proc = open();
    defer proc_file.close(proc);
    var record: ProcessRecord = undefined;
    const pidfd = pin(proc, linux.getpid(), &record);
    try std.testing.expect(pidfd >= 0);
    defer proc_file.close(pidfd);
    try std.testing.expectEqual(linux.getpid(), record.pid);
    try std.testing.expectEqual(negated(.SRCH), pin(proc, std.math.maxInt(i32), &record));
}

test "a pass with command lines goes on where the room ends, and misses nobody" {
    const proc = open();
    defer proc_file.close(proc);
    const allocator = std.testing.allocator;
    for ([_]u32{ 0, 1, 2000, 16384 }) |capacity_at_first| {
        var memory = try allocator.alignedAlloc(u8, .of(CommandLinesRecord), room_for(0));
        defer allocator.free(memory);
        var record: *CommandLinesRecord = @ptrCast(memory);
        record.scan.with_uid = 0;
        record.scan.after = 0;
        record.capacity = 0;
        var wanted = capacity_at_first;
        try std.testing.expectEqual(0, call(named(.lseek), .{ proc, 0, linux.SEEK.SET }));
        var last: i32 = 0;
        while (true) {
            if (wanted != record.capacity) {
                memory = try allocator.realloc(memory, room_for(wanted));
                record = @ptrCast(memory);
                record.capacity = wanted;
            }
            const result = next_with_command_lines(proc, record);
            if (try own_words(record, &last)) |words| {
                var own: [16384]u8 = undefined;
                const length = proc_file.read(proc_file.nowhere, "/proc/self/cmdline", &own);
                try std.testing.expectEqualSlices(u8, own[0..@intCast(length)], words);
                break;
            }
            // Another process's may have megabytes.
            if (result == negated(.@"2BIG")) {
                wanted = @max(16384, 2 * wanted);
            } else try std.testing.expectEqual(1, result);
        }
    }
}

fn room_for(bytes: usize) usize {
    return @sizeOf(CommandLinesRecord) + bytes;
}

/// Our own command line, if this chunk has it; each process of the chunk comes behind `last`.
fn own_words(record: *CommandLinesRecord, last: *i32) !?[]const u8 {
    var at: usize = 0;
    var found: ?[]const u8 = null;
    for (record.scan.processes[0..record.scan.count], 0..) |*process, index| {
        try std.testing.expect(process.pid > last.*);
        last.* = process.pid;
        const words = record.room()[at..][0..record.lengths[index]];
        at += words.len;
        if (process.pid == linux.getpid()) found = words;
    }
    return found;
}
