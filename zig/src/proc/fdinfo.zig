//! The pid of a pidfd on kernels before PIDFD_GET_INFO (6.13): the line `Pid:` of
//! /proc/self/fdinfo/N.
const std = @import("std");
const proc_file = @import("file.zig");
const syscall = @import("../sys/syscall.zig");
const text = @import("../sys/text.zig");
const linux = std.os.linux;

const negated = syscall.negated;

/// The pid in this /proc. ESRCH: the kernel writes -1 (reaped). EREMOTE: it writes 0 (another pid
/// namespace). These two must never pass as a pid: kill(-1) and kill(0) reach many processes.
/// ENOTTY: there is no such line, so it is not a pidfd. EBADF: not open. ENOENT: /proc is not
/// mounted.
pub fn pid(fd: i32) i32 {
    const is_open = syscall.call(syscall.named(.fcntl), .{ fd, linux.F.GETFD, 0 });
    if (is_open < 0) return is_open;
    var buffer: [1024]u8 = undefined;
    const length = read(fd, &buffer);
    if (length < 0) return length;
    return parse(buffer[0..@intCast(length)]);
}

/// Reads the kernel's report on a descriptor, as much as fits. Returns the length, or a negated
/// errno.
pub fn read(fd: i32, buffer: []u8) i32 {
    const prefix = "/proc/self/fdinfo/";
    var path = std.mem.zeroes([prefix.len + 16:0]u8);
    path[0..prefix.len].* = prefix.*;
    proc_file.write_decimal(path[prefix.len..], @intCast(fd));
    return proc_file.read(proc_file.nowhere, &path, buffer);
}

fn parse(lines: []const u8) i32 {
    const value = text.after(lines, "\nPid:\t") orelse return negated(.NOTTY);
    if (value.len > 0 and value[0] == '-') return negated(.SRCH);
    var list = text.Tokens{ .rest = value };
    const result = list.number(i32) orelse return negated(.RANGE);
    return if (result == 0) negated(.REMOTE) else result;
}

test "a pid is read, and what the kernel writes for gone and for elsewhere is none" {
    const expect = std.testing.expectEqual;
    try expect(4242, parse("pos:\t0\nflags:\t02000002\nPid:\t4242\nNSpid:\t4242\n"));
    try expect(negated(.SRCH), parse("pos:\t0\nPid:\t-1\nNSpid:\t-1\n"));
    try expect(negated(.REMOTE), parse("pos:\t0\nPid:\t0\nNSpid:\t0\n"));
    try expect(negated(.NOTTY), parse("pos:\t0\nflags:\t02\neventfd-count: 0\n"));
}
