//! Reads files of /proc natively: Deno lets JavaScript open /proc only if everything is allowed.
const std = @import("std");
const syscall = @import("../sys/syscall.zig");
const linux = std.os.linux;

/// The calling thread's folder for `openat`, so that absolute paths work.
pub const nowhere: i32 = linux.AT.FDCWD;

/// "/proc/PID", and zeros behind it.
pub const Path = [24:0]u8;

/// The path of a process's folder.
pub fn folder(pid: i32) Path {
    var path = std.mem.zeroes(Path);
    const prefix = "/proc/";
    path[0..prefix.len].* = prefix.*;
    write_decimal(path[prefix.len..], @intCast(pid));
    return path;
}

/// Writes a number as text, without anything behind it.
pub fn write_decimal(to: []u8, number: u32) void {
    var digits: usize = 1;
    var bound: u64 = 10;
    while (bound <= number) : (bound *= 10) digits += 1;
    var rest = number;
    var index = digits;
    while (index > 0) : (rest /= 10) {
        index -= 1;
        to[index] = '0' + @as(u8, @intCast(rest % 10));
    }
}

/// Opens a file to be read; close-on-exec. ENOENT, EACCES, ESRCH and the like of openat(2).
pub fn open(parent: i32, path: [*:0]const u8, extra: linux.O) i32 {
    var flags = extra;
    flags.CLOEXEC = true;
    return syscall.call(syscall.named(.openat), .{ parent, path, @as(u32, @bitCast(flags)), 0 });
}

/// Reads a file from its start, as much as fits; the length, or a negated errno.
pub fn read(parent: i32, path: [*:0]const u8, buffer: []u8) i32 {
    const file = open(parent, path, .{});
    if (file < 0) return file;
    defer close(file);
    return read_open(file, buffer);
}

/// Reads an open file to its end, as much as fits; the length, or a negated errno.
pub fn read_open(file: i32, buffer: []u8) i32 {
    var length: usize = 0;
    // Most files of /proc are generated whole; a second read only makes sure that nothing is left.
    while (length < buffer.len) {
        const rest = buffer[length..];
        const count = syscall.call(syscall.named(.read), .{ file, rest.ptr, rest.len });
        if (count < 0) return count;
        if (count == 0) break;
        length += @intCast(count);
    }
    return @intCast(length);
}

/// Closes what was opened here; nothing could be done about an error.
pub fn close(file: i32) void {
    _ = syscall.call_once(syscall.named(.close), .{file});
}

test "the folder of every length of number" {
    for ([_]i32{ 1, 9, 10, 99, 100, 12345, std.math.maxInt(i32) }) |pid| {
        const path = folder(pid);
        var wanted: [40]u8 = undefined;
        const text = try std.fmt.bufPrint(&wanted, "/proc/{d}", .{pid});
        try std.testing.expectEqualStrings(text, std.mem.sliceTo(&path, 0));
    }
}

test "a file is read as far as it fits, and a missing one says so" {
    var buffer: [4]u8 = undefined;
    try std.testing.expectEqual(4, read(nowhere, "/proc/version", &buffer));
    try std.testing.expectEqualStrings("Linu", &buffer);
    try std.testing.expectEqual(syscall.negated(.NOENT), read(nowhere, "/proc/nonsense", &buffer));
}
