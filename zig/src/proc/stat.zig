//! The line of /proc/PID/stat, see proc_pid_stat(5). A name may hold spaces, parentheses and line
//! ends, so that only the last ")" says where it ends.
const std = @import("std");
const kernel = @import("../sys/kernel.zig");
const syscall = @import("../sys/syscall.zig");
const text = @import("../sys/text.zig");

/// A kernel worker's; others have at most 15 bytes.
const name_max = 64;

/// Enough for the longest line: 52 numbers, and the longest name.
pub const max_length = 1408;

/// What the line says, with the numbers as the /proc that was read counts them.
pub const Stat = struct {
    pid: i32,
    /// Raw bytes, a part of the text that was parsed.
    name: []const u8,
    /// The kernel's letter: R, S, D, T, t, Z, X, I.
    state: u8,
    /// 0 where the parent can't be seen from that /proc, and for what has none.
    ppid: i32,
    /// -1, as the session, for a leader that is being reaped: by its parent, or by a thread that
    /// replaces it.
    group: i32,
    session: i32,
    /// PF_KTHREAD and the like, include/linux/sched.h.
    flags: u32,
    threads: i32,
    /// What all of its threads have used of a CPU, the ended ones too, in hundredths of a second.
    user_ticks: u64,
    system_ticks: u64,
    /// What it has in memory, in pages.
    resident_pages: u64,
    /// Since boot, in hundredths of a second on every CPU, moved by the reader's time namespace.
    start_ticks: u64,
    /// Of the signals 1 to 31 those that are handled, ignored or blocked by the first thread, a bit
    /// each from the lowest on.
    handled: u32,
    /// Those of them for which there is a handler.
    caught: u32,
};

/// More than one thread can become the leader between two reads, but none goes on for long.
const max_tries = 8;

/// Reads the line of an open file, whose text stays in `buffer`. ESRCH: there is no such process or
/// thread any more.
///
/// When another thread executes a program it becomes the leader, and a read at that moment may
/// report the old leader: without group, parent and threads, though the process runs. The pid is
/// the new leader's already, so the next read reports that one; for a reaped process it still has
/// no group.
pub fn read(file: i32, buffer: *[max_length]u8, stat: *Stat) i32 {
    for (0..max_tries) |_| {
        // One read from the start: the line is made whole for it, so nothing in it can be from
        // another moment.
        const number = syscall.named(.pread64);
        const length = syscall.call(number, .{ file, buffer, buffer.len, 0, 0, 0 });
        if (length < 0) return length;
        stat.* = parse(buffer[0..@intCast(length)]) orelse return syscall.negated(.SRCH);
        if (stat.group != -1) break;
    }
    return 0;
}

/// Null where the text is none of that form.
pub fn parse(line: []const u8) ?Stat {
    const open = text.find(line, '(') orelse return null;
    // Behind the name there are only numbers; the last ")" that can be its end is looked for no
    // further than it can reach.
    const within = line[0..@min(line.len, open + name_max + 2)];
    const close = text.find_last(within, ')') orelse return null;
    if (close < open or close + 3 > line.len or line[close + 1] != ' ') return null;
    var fields = text.Tokens{ .rest = line[close + 2 ..] };
    const state = fields.next() orelse return null;
    if (state.len != 1) return null;
    var before = text.Tokens{ .rest = line[0..open] };
    var stat: Stat = undefined;
    stat.name = line[open + 1 .. close];
    stat.state = state[0];
    stat.pid = before.number(i32) orelse return null;
    stat.ppid = fields.number(i32) orelse return null;
    stat.group = signed(&fields) orelse return null;
    stat.session = signed(&fields) orelse return null;
    fields.skip(2); // tty_nr, tpgid
    stat.flags = fields.number(u32) orelse return null;
    fields.skip(4); // minflt to cmajflt
    stat.user_ticks = fields.number(u64) orelse return null;
    stat.system_ticks = fields.number(u64) orelse return null;
    fields.skip(4); // cutime to nice
    stat.threads = fields.number(i32) orelse return null;
    fields.skip(1); // itrealvalue
    stat.start_ticks = fields.number(u64) orelse return null;
    fields.skip(1); // vsize
    stat.resident_pages = fields.number(u64) orelse 0;
    fields.skip(7); // rsslim to signal
    stat.handled = 0;
    // What is not there, in a line that was cut, is taken for handled: nothing is concluded from
    // it.
    for (0..3) |_| { // blocked, sigignore, sigcatch
        stat.caught = fields.number(u32) orelse std.math.maxInt(u32);
        stat.handled |= stat.caught;
    }
    return stat;
}

/// A number that may be -1.
fn signed(fields: *text.Tokens) ?i32 {
    const token = fields.next() orelse return null;
    const is_minus_one = token.len == 2 and token[0] == '-' and token[1] == '1';
    return if (is_minus_one) -1 else text.decimal(i32, token);
}

comptime {
    const arch = @import("builtin").cpu.arch;
    std.debug.assert(@intFromEnum(std.os.linux.SYS.pread64) == switch (arch) {
        .x86_64 => 17,
        .aarch64, .riscv64, .loongarch64 => 67,
        .powerpc64le => 179,
        .s390x, .arm => 180,
        else => unreachable,
    });
}

const rest_of_line = " 20 0 3 0 12345678901 1000 200 18446744073709551615 1 1 0 0 0 0 1 4096" ++
    " 16384 0 0 0 17 1 0 0 0 0 0\n";

test "each field is where the manual page says" {
    const start = "4242 (sleep) S 1 4240 4239 34816 4242 4194304 117 0 1 0 2 3 4 5 20 0";
    const stat = parse(start ++ rest_of_line[5..]).?;
    try std.testing.expectEqual(4242, stat.pid);
    try std.testing.expectEqualStrings("sleep", stat.name);
    try std.testing.expectEqual('S', stat.state);
    try std.testing.expectEqual(1, stat.ppid);
    try std.testing.expectEqual(4240, stat.group);
    try std.testing.expectEqual(4239, stat.session);
    try std.testing.expectEqual(4194304, stat.flags);
    try std.testing.expectEqual(3, stat.threads);
    try std.testing.expectEqual(2, stat.user_ticks);
    try std.testing.expectEqual(3, stat.system_ticks);
    try std.testing.expectEqual(200, stat.resident_pages);
    try std.testing.expectEqual(12345678901, stat.start_ticks);
    try std.testing.expectEqual(1 | 4096 | 16384, stat.handled);
    try std.testing.expectEqual(16384, stat.caught);
}

test "a name that looks like the rest of the line stays a name" {
    const names = [_][]const u8{
        "", " ", "a) R 1 1 1", "((", "))", ") S 1 (", "a\nb", "\xff\x00", ")",
    };
    for (names) |name| {
        var buffer: [256]u8 = undefined;
        const numbers = "S 7 8 9 0 -1 2097152 0 0 0 0 0 0 0 0 20 0";
        const parts = .{ name, numbers, rest_of_line[5..] };
        const line = try std.fmt.bufPrint(&buffer, "5 ({s}) {s}{s}", parts);
        const stat = parse(line).?;
        try std.testing.expectEqualStrings(name, stat.name);
        try std.testing.expectEqual(7, stat.ppid);
        try std.testing.expectEqual(kernel.PF_KTHREAD, stat.flags);
        try std.testing.expectEqual(12345678901, stat.start_ticks);
    }
}

test "a process that is being reaped has no group and no session any more" {
    const stat = parse("7 (a) X 0 -1 -1 0 -1 4194316 0 0 0 0 0 0 0 0 20 0" ++ rest_of_line[5..]).?;
    try std.testing.expectEqual(-1, stat.group);
    try std.testing.expectEqual(-1, stat.session);
}

test "a line without a group is read again, but not for ever" {
    const line = "7 (a) X 0 -1 -1 0 -1 4194316 0 0 0 0 0 0 0 0 20 0" ++ rest_of_line[5..];
    const file: i32 = @intCast(std.os.linux.memfd_create("stat", 0));
    defer _ = std.os.linux.close(file);
    var buffer: [max_length]u8 = undefined;
    var stat: Stat = undefined;
    try std.testing.expectEqual(syscall.negated(.SRCH), read(file, &buffer, &stat));
    try std.testing.expectEqual(line.len, std.os.linux.write(file, line, line.len));
    try std.testing.expectEqual(0, read(file, &buffer, &stat));
    try std.testing.expectEqual(-1, stat.group);
}

test "what is not such a line is none, wherever it is cut" {
    const line = "4242 (sleep) S 1 4240 4239 34816 4242 4194304 117 0 1 0 2 3 4 5 20 0 1 0 77";
    try std.testing.expect(parse(line) != null);
    for (0..line.len - 1) |length| try std.testing.expectEqual(null, parse(line[0..length]));
    try std.testing.expectEqual(null, parse("4242 (sleep) S 1 99999999999 4239"));
    try std.testing.expectEqual(null, parse(") 1 ("));
}
