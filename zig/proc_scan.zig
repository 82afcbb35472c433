//! One pass over /proc: the processes that are there, in chunks, without a subprocess and without memory of its own.
//!
//! The kernel lists the folders of /proc by ascending pid, so a pass can't meet a process twice. One that begins or
//! ends meanwhile is listed or not; what is listed was read at one moment, by one read(2).
const std = @import("std");
const boot = @import("boot.zig");
const calls = @import("calls.zig");
const kernel = @import("kernel.zig");
const owning = @import("owning.zig");
const proc_description = @import("proc_description.zig");
const proc_file = @import("proc_file.zig");
const proc_stat = @import("proc_stat.zig");
const records = @import("records.zig");
const syscall = @import("syscall.zig");
const words = @import("words.zig");
const linux = std.os.linux;

const negated = syscall.negated;
const call = syscall.call;
const named = syscall.named;

/// One process at the moment of its read. `group` and `session` are -1 where it was let go of whenever it was looked at.
pub const ProcessRecord = extern struct {
    start_ticks: u64,
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
    /// From a pass that pins: a pidfd of this very process, the caller's from then on; else -1.
    pidfd: i32,
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
    /// In and out: whose children are pinned when they are met, and then those of these: a bit for each pid, see `bit_of`. All
    /// zeros pin nobody.
    pinning: [128]u32,
    processes: [capacity]ProcessRecord,

    /// Many pids share a bit: who is pinned may be nobody's child in there, and who is such a child may not be pinned.
    fn is_to_be_pinned(self: *const ScanRecord, process: *const ProcessRecord) bool {
        return self.has(process.ppid) and !self.has(process.pid);
    }

    fn has(self: *const ScanRecord, pid: i32) bool {
        return self.pinning[word_of(pid)] & bit_of(pid) != 0;
    }
};

fn word_of(pid: i32) usize {
    return @as(u32, @intCast(pid)) / 32 % 128;
}

fn bit_of(pid: i32) u32 {
    return @as(u32, 1) << @truncate(@as(u32, @intCast(pid)));
}

/// Each entry of getdents64 takes at least this many bytes, so that a full buffer never holds more than a chunk takes.
const entry_size_min = 24;
const name_offset = 19;

/// `d_reclen` of struct linux_dirent64.
fn entry_size(entry: []const u8) u16 {
    return @bitCast(entry[16..18].*);
}

/// A descriptor of /proc. EREMOTE: its pids are not those of our own pid namespace. ENOENT: /proc is not mounted.
pub fn open() i32 {
    const proc = proc_file.open(proc_file.nowhere, "/proc", .{ .DIRECTORY = true });
    if (proc < 0) return proc;
    const is_ours = proc_description.counts_as_we_do();
    if (is_ours == 1) return proc;
    // One in which we are nobody has no /proc/self, as has a folder in which nothing is mounted.
    const is_anothers = is_ours == 0 or (is_ours == negated(.NOENT) and is_proc(proc));
    proc_file.close(proc);
    return if (is_anothers) negated(.REMOTE) else is_ours;
}

fn is_proc(folder: i32) bool {
    var record: records.FileRecord = undefined;
    return records.FileRecord.read(folder, &record) == 0 and record.file_system == kernel.PROC_SUPER_MAGIC;
}

/// Fills the next chunk of a pass; 0 at its end, else 1. Its pidfds are noted here, because a thread that is terminated may never
/// come to look at what was filled.
pub fn next(proc: i32, place: i32, record: *ScanRecord) i32 {
    const result = next_chunk(proc, record);
    if (place == 0) return result;
    for (record.processes[0..record.count]) |*process| {
        if (process.pidfd >= 0) _ = owning.note(place, process.pidfd, 1);
    }
    return result;
}

fn next_chunk(proc: i32, record: *ScanRecord) i32 {
    record.count = 0;
    record.hidden = 0;
    record.boottime_ns = boot.now(boot.CLOCK_BOOTTIME);
    var buffer: [capacity * entry_size_min]u8 align(8) = undefined;
    const length = call(named(.getdents64), .{ proc, &buffer, buffer.len });
    if (length <= 0) return length;
    var at: usize = 0;
    while (at < length) {
        const size = entry_size(buffer[at..]);
        const name: [*:0]const u8 = @ptrCast(&buffer[at + name_offset]);
        at += size;
        const pid = words.decimal(i32, words.until_zero(name)) orelse continue;
        if (pid <= record.after) continue;
        record.after = pid;
        const result = add(proc, pid, record);
        if (result < 0) return result;
    }
    return 1;
}

fn add(proc: i32, pid: i32, record: *ScanRecord) i32 {
    const result = meet(proc, pid, record);
    switch (result) {
        0 => record.count += 1,
        // It has ended since it was listed.
        negated(.NOENT), negated(.SRCH) => {},
        negated(.PERM), negated(.ACCES) => record.hidden += 1,
        else => return result,
    }
    return 0;
}

/// The line can only be read while its process has its number. So between the opening and a successful read that number
/// was its own, and so were the folder and the pidfd that were got by it: user, pidfd and line can't come from two.
fn meet(proc: i32, pid: i32, record: *ScanRecord) i32 {
    const file = open_line(proc, pid);
    if (file < 0) return file;
    defer proc_file.close(file);
    const process = &record.processes[record.count];
    var attributes = std.mem.zeroes(linux.Statx);
    if (record.with_uid == 1) {
        const path = path_of(pid, "");
        const no_flags: u32 = 0;
        const result = call(named(.statx), .{ proc, &path, no_flags, linux.STATX_UID, &attributes });
        if (result < 0) return result;
    }
    // Whoever follows one that was pinned is often one more; then one read is enough.
    var pidfd = if (record.count > 0 and record.processes[record.count - 1].pidfd >= 0) calls.open(pid, 0) else -1;
    var result = fill(file, process);
    const is_wanted = result == 0 and record.is_to_be_pinned(process);
    if (is_wanted and pidfd < 0) {
        pidfd = calls.open(pid, 0);
        if (pidfd >= 0) result = fill(file, process);
    }
    // The folder's owner is the effective user, whatever the process's other files say.
    process.uid = attributes.uid;
    // Without a free descriptor it is listed without one: whoever pins it later hears why that can't be.
    if (pidfd < 0) return result;
    if (is_wanted and result == 0) {
        process.pidfd = pidfd;
        record.pinning[word_of(pid)] |= bit_of(pid);
    } else _ = calls.close(pidfd);
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

fn fill(file: i32, record: *ProcessRecord) i32 {
    var buffer: [proc_stat.max_length]u8 = undefined;
    var stat: proc_stat.Stat = undefined;
    const result = proc_stat.read(file, &buffer, &stat);
    if (result < 0) return result;
    record.* = .{
        .start_ticks = stat.start_ticks,
        .pid = stat.pid,
        .ppid = stat.ppid,
        .group = stat.group,
        .session = stat.session,
        .threads = stat.threads,
        .uid = 0,
        .flags = stat.flags,
        .state = stat.state,
        .name_length = @intCast(@min(stat.name.len, record.name.len)),
        .pidfd = -1,
        .name = undefined,
    };
    for (stat.name[0..record.name_length], 0..) |byte, index| record.name[index] = byte;
    return 0;
}

/// Pins, reads, verifies: a new pidfd, and what its process was while the pidfd named that pid.
/// ESRCH: it has ended and was reaped, before or during this. EPERM: hidden (hidepid=1).
pub fn pin(proc: i32, pid: i32, record: *ProcessRecord) i32 {
    const pidfd = calls.open(pid, 0);
    // The pid is a checked one, so before Linux 6.16 this is a process that is being reaped just now.
    if (pidfd == negated(.INVAL)) return negated(.SRCH);
    if (pidfd < 0) return pidfd;
    const result = read_pinned(proc, pidfd, pid, record);
    if (result == 0) return pidfd;
    _ = calls.close(pidfd);
    return result;
}

/// Reads what a pinned process is now. ESRCH: it was reaped, whatever the number may name.
pub fn read_pinned(proc: i32, pidfd: i32, pid: i32, record: *ProcessRecord) i32 {
    const result = read(proc, pid, record);
    const after = calls.pid_of(pidfd);
    if (after < 0) return after;
    if (after != pid or result == negated(.NOENT)) return negated(.SRCH);
    return result;
}

/// Whether every thread of a process stands still: 1 or 0. A thread that is in fork(2) when the signal to stop comes
/// finishes it first, so before all of them stand still a child may yet appear.
pub fn stands_still(proc: i32, pid: i32) i32 {
    const path = path_of(pid, "/task");
    const tasks = proc_file.open(proc, &path, .{ .DIRECTORY = true });
    if (tasks < 0) return gone(tasks);
    defer proc_file.close(tasks);
    var buffer: [capacity * entry_size_min]u8 align(8) = undefined;
    while (true) {
        const length = call(named(.getdents64), .{ tasks, &buffer, buffer.len });
        if (length == 0) return 1;
        if (length < 0) return gone(length);
        const answer = all_stand_still(tasks, buffer[0..@intCast(length)]);
        if (answer != 1) return answer;
    }
}

fn all_stand_still(tasks: i32, entries: []u8) i32 {
    var at: usize = 0;
    while (at < entries.len) {
        const size = entry_size(entries[at..]);
        const name: [*:0]const u8 = @ptrCast(&entries[at + name_offset]);
        at += size;
        const tid = words.decimal(i32, words.until_zero(name)) orelse continue;
        var record: ProcessRecord = undefined;
        const result = read(tasks, tid, &record);
        if (result == negated(.NOENT) or result == negated(.SRCH)) continue;
        if (result < 0) return result;
        if (words.find("TtZX", @intCast(record.state)) == null) return 0;
    }
    return 1;
}

/// What has ended stands still for good.
fn gone(result: i32) i32 {
    return if (result == negated(.NOENT) or result == negated(.SRCH)) 1 else result;
}

const Path = [24:0]u8;

/// A number, what follows it, and zeros behind that.
fn path_of(number: i32, end: []const u8) Path {
    var path = std.mem.zeroes(Path);
    proc_file.write_decimal(&path, @intCast(number));
    const length = words.until_zero(&path).len;
    for (end, length..) |byte, index| path[index] = byte;
    return path;
}

comptime {
    std.debug.assert(@sizeOf(ProcessRecord) == 112);
    std.debug.assert(@sizeOf(ScanRecord) == 24 + 512 + capacity * 112);
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
    while (next(proc, 0, &record) == 1) {
        for (record.processes[0..record.count]) |*process| {
            try std.testing.expect(process.pid > last);
            last = process.pid;
            if (process.pid != linux.getpid()) continue;
            seen += 1;
            try std.testing.expectEqual(linux.getppid(), process.ppid);
            try std.testing.expectEqual(linux.geteuid(), process.uid);
            try std.testing.expect(process.start_ticks * 10 * std.time.ns_per_ms <= record.boottime_ns);
        }
    }
    try std.testing.expectEqual(1, seen);
}

test "a pass pins the children of those that it is given, and nobody twice" {
    const proc = open();
    defer proc_file.close(proc);
    var record: ScanRecord = std.mem.zeroes(ScanRecord);
    for (0..2) |round| {
        record.after = 0;
        const parent = linux.getppid();
        // The second time we are known already, as the first pass has noted.
        if (round == 0) record.pinning[word_of(parent)] |= bit_of(parent);
        while (next(proc, 0, &record) == 1) {
            for (record.processes[0..record.count]) |*process| {
                if (process.pidfd < 0) continue;
                defer proc_file.close(process.pidfd);
                try std.testing.expectEqual(process.pid, calls.pid_of(process.pidfd));
                if (process.pid == linux.getpid()) try std.testing.expectEqual(0, round);
            }
        }
        try std.testing.expect(record.has(linux.getpid()));
    }
}

test "pin reads what it has opened, and knows what is not there" {
    const proc = open();
    defer proc_file.close(proc);
    var record: ProcessRecord = undefined;
    const pidfd = pin(proc, linux.getpid(), &record);
    try std.testing.expect(pidfd >= 0);
    defer proc_file.close(pidfd);
    try std.testing.expectEqual(linux.getpid(), record.pid);
    try std.testing.expectEqual(0, stands_still(proc, linux.getpid()));
    try std.testing.expectEqual(negated(.SRCH), pin(proc, std.math.maxInt(i32), &record));
    try std.testing.expectEqual(1, stands_still(proc, std.math.maxInt(i32)));
}
