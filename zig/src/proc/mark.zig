//! Whether a process has a mark that its children inherit: an entry of its environment, or a cgroup.
const std = @import("std");
const proc_file = @import("file.zig");
const proc_scan = @import("scan.zig");
const syscall = @import("../sys/syscall.zig");
const linux = std.os.linux;

const negated = syscall.negated;

/// What is looked for: "KEY=VALUE", or "0::" and the path of a cgroup.
pub const MarkRecord = extern struct {
    /// 1 for a cgroup, where one below it will do; 0 for the environment.
    is_cgroup: u32,
    length: u32,
    bytes: [4096]u8,
};

/// 1: it has the mark. 0: it has not, or is gone. EACCES, EPERM: it may not be read by us. EMFILE,
/// ENFILE, ENOMEM. By number: whoever asks holds the process, and asks it for its number afterwards.
pub fn has(proc: i32, pid: i32, mark: *const MarkRecord) i32 {
    const path = proc_scan.path_of(pid, if (mark.is_cgroup == 1) "/cgroup" else "/environ");
    const result = search(proc, &path, mark);
    const is_first_gone = result == empty and mark.is_cgroup == 0;
    return told(if (is_first_gone) search_threads(proc, pid, mark) else result);
}

const empty = 2;

fn told(result: i32) i32 {
    return if (result == empty or result == negated(.SRCH) or result == negated(.NOENT)) 0 else result;
}

/// The first thread of a process may have ended while others run: then it has no environment.
fn search_threads(proc: i32, pid: i32, mark: *const MarkRecord) i32 {
    const path = proc_scan.path_of(pid, "/task");
    const folder = proc_file.open(proc, &path, .{ .DIRECTORY = true });
    if (folder < 0) return folder;
    defer proc_file.close(folder);
    var entries = proc_scan.Entries{ .folder = folder };
    while (entries.next()) |tid| {
        const environment = proc_scan.path_of(tid, "/environ");
        const result = search(folder, &environment, mark);
        if (result != empty and result != negated(.NOENT)) return result;
    }
    return empty;
}

fn search(folder: i32, path: [*:0]const u8, mark: *const MarkRecord) i32 {
    const file = proc_file.open(folder, path, .{});
    // What is said of one that has no memory any more, from some kernel on.
    if (file == negated(.SRCH)) return empty;
    if (file < 0) return file;
    defer proc_file.close(file);
    var matcher = Matcher{ .mark = mark.bytes[0..@min(mark.length, mark.bytes.len)], .is_path = mark.is_cgroup == 1 };
    var buffer: [4096]u8 = undefined;
    var is_empty = true;
    while (true) {
        const count = syscall.call(syscall.named(.read), .{ file, &buffer, buffer.len });
        if (count == negated(.SRCH)) return empty;
        if (count < 0) return count;
        if (count == 0) break;
        is_empty = false;
        if (matcher.feed(buffer[0..@intCast(count)])) return 1;
    }
    return if (is_empty) empty else @intFromBool(matcher.is_whole());
}

/// Compares each entry, a piece of the text at a time: an environment may be as large as a program's
/// arguments.
const Matcher = struct {
    mark: []const u8,
    is_path: bool,
    at: usize = 0,
    is_equal: bool = true,

    fn feed(matcher: *Matcher, piece: []const u8) bool {
        const end: u8 = if (matcher.is_path) '\n' else 0;
        for (piece) |byte| {
            const is_end = byte == end or (matcher.is_path and byte == '/');
            if (is_end and matcher.is_whole()) return true;
            if (byte == end) {
                matcher.at = 0;
                matcher.is_equal = true;
            } else if (matcher.is_equal) matcher.compare(byte);
        }
        return false;
    }

    fn compare(matcher: *Matcher, byte: u8) void {
        matcher.is_equal = matcher.at < matcher.mark.len and matcher.mark[matcher.at] == byte;
        matcher.at += 1;
    }

    fn is_whole(matcher: *const Matcher) bool {
        return matcher.is_equal and matcher.at == matcher.mark.len;
    }
};

fn matches(mark: []const u8, is_path: bool, pieces: []const []const u8) bool {
    var matcher = Matcher{ .mark = mark, .is_path = is_path };
    for (pieces) |piece| if (matcher.feed(piece)) return true;
    return matcher.is_whole();
}

test "an entry of an environment is found whole, wherever the pieces end" {
    const expectEqual = std.testing.expectEqual;
    try expectEqual(true, matches("A=1", false, &.{"A=1\x00"}));
    try expectEqual(true, matches("A=1", false, &.{ "X=A=1\x00", "A", "=1", "\x00B=2\x00" }));
    try expectEqual(true, matches("A=1", false, &.{"B=2\x00A=1"}));
    try expectEqual(true, matches("A=", false, &.{"A=\x00"}));
    for ([_][]const u8{ "A=12\x00", "AA=1\x00", "A=\x00", "a=1\x00", "B=A=1\x00", "\x00", "A=1/\x00" }) |other| {
        try expectEqual(false, matches("A=1", false, &.{other}));
    }
}

test "a cgroup is found with those below it" {
    const expectEqual = std.testing.expectEqual;
    try expectEqual(true, matches("0::/a", true, &.{"1:name=x:/\n0::/a\n"}));
    try expectEqual(true, matches("0::/a", true, &.{ "0::/a", "/b\n" }));
    for ([_][]const u8{ "0::/\n", "0::/ab\n", "0::/a (deleted)\n", "1:name=0::/a\n" }) |other| {
        try expectEqual(false, matches("0::/a", true, &.{other}));
    }
}
