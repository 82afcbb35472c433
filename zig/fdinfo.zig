//! The pid of a pidfd on kernels before PIDFD_GET_INFO (6.13): the line `Pid:` of /proc/self/fdinfo/N.
const std = @import("std");
const calls = @import("calls.zig");
const syscall = @import("syscall.zig");
const linux = std.os.linux;

const negated = syscall.negated;

/// The pid; ESRCH when the kernel writes -1 (reaped), EREMOTE when it writes 0 (another pid namespace), and when it writes
/// the number that the process has in another pid namespace than ours, because /proc was mounted there.
/// These two must never pass as a pid: kill(-1) and kill(0) reach everybody.
/// ENOTTY: there is no such line, so it is not a pidfd. EBADF: not open. ENOENT: /proc is not mounted.
pub fn pid(fd: i32) i32 {
    const is_open = syscall.call(syscall.named(.fcntl), .{ fd, linux.F.GETFD, 0 });
    if (is_open < 0) return is_open;
    var buffer: [1024]u8 = undefined;
    const length = read(fd, &buffer);
    if (length < 0) return length;
    const result = parse(buffer[0..@intCast(length)]);
    return if (result < 0) result else check_namespace(result);
}

/// The number, if /proc tells it as our own pid namespace has it. Where it tells ours so, a pidfd of ourselves has one
/// number there; seen from further out it has one for each level.
fn check_namespace(result: i32) i32 {
    const self = calls.open(calls.own_pid(), 0);
    if (self < 0) return self;
    defer _ = calls.close(self);
    var buffer: [1024]u8 = undefined;
    const length = read(self, &buffer);
    if (length < 0) return length;
    return if (has_one_number(buffer[0..@intCast(length)])) result else negated(.REMOTE);
}

/// A kernel without pid namespaces writes no such line.
fn has_one_number(text: []const u8) bool {
    const label = "\nNSpid:\t";
    const at = std.mem.indexOf(u8, text, label) orelse return true;
    const line = std.mem.sliceTo(text[at + label.len ..], '\n');
    return std.mem.indexOfScalar(u8, line, '\t') == null;
}

/// Reads what the kernel tells of a descriptor, as much as fits; the length, or a negated errno.
pub fn read(fd: i32, buffer: []u8) i32 {
    var path: [40]u8 = undefined;
    write_path(&path, @intCast(fd));
    const flags: u32 = @bitCast(linux.O{ .CLOEXEC = true });
    const file = syscall.call(syscall.named(.openat), .{ linux.AT.FDCWD, &path, flags, 0 });
    if (file < 0) return file;
    defer _ = syscall.call_once(syscall.named(.close), .{file});
    var length: usize = 0;
    // The file is generated whole; a second read only makes sure that nothing is left.
    while (length < buffer.len) {
        const rest = buffer[length..];
        const count = syscall.call(syscall.named(.read), .{ file, rest.ptr, rest.len });
        if (count < 0) return count;
        if (count == 0) break;
        length += @intCast(count);
    }
    return @intCast(length);
}

fn write_path(path: *[40]u8, fd: u32) void {
    const prefix = "/proc/self/fdinfo/";
    path[0..prefix.len].* = prefix.*;
    var digits: usize = 1;
    var bound: u64 = 10;
    while (bound <= fd) : (bound *= 10) digits += 1;
    var rest = fd;
    var index = digits;
    while (index > 0) : (rest /= 10) {
        index -= 1;
        path[prefix.len + index] = '0' + @as(u8, @intCast(rest % 10));
    }
    path[prefix.len + digits] = 0;
}

fn parse(text: []const u8) i32 {
    const label = "\nPid:\t";
    const at = std.mem.indexOf(u8, text, label) orelse return negated(.NOTTY);
    const value = text[at + label.len ..];
    if (value.len > 0 and value[0] == '-') return negated(.SRCH);
    const result = decimal(value) orelse return negated(.RANGE);
    return if (result == 0) negated(.REMOTE) else result;
}

/// The number that a text begins with; null where it is too large.
pub fn decimal(value: []const u8) ?i32 {
    var result: i32 = 0;
    for (value) |character| {
        if (character < '0' or character > '9') break;
        if (result > 99_999_999) return null;
        result = result * 10 + (character - '0');
    }
    return result;
}

test "a pid is read, and what the kernel writes for gone and for elsewhere is none" {
    const expect = std.testing.expectEqual;
    try expect(4242, parse("pos:\t0\nflags:\t02000002\nPid:\t4242\nNSpid:\t4242\n"));
    try expect(negated(.SRCH), parse("pos:\t0\nPid:\t-1\nNSpid:\t-1\n"));
    try expect(negated(.REMOTE), parse("pos:\t0\nPid:\t0\nNSpid:\t0\n"));
    try expect(negated(.NOTTY), parse("pos:\t0\nflags:\t02\neventfd-count: 0\n"));
}

test "a process has one number where /proc is our own pid namespace's, and more seen from further out" {
    const expect = std.testing.expect;
    try expect(has_one_number("Pid:\t7\nNSpid:\t7\n"));
    try expect(has_one_number("Pid:\t7\n"));
    try expect(!has_one_number("Pid:\t4242\nNSpid:\t4242\t7\n"));
}

test "the path of every length of number" {
    for ([_]u32{ 0, 9, 10, 99, 100, 12345, std.math.maxInt(i32) }) |fd| {
        var path: [40]u8 = undefined;
        write_path(&path, fd);
        var wanted: [40]u8 = undefined;
        const text = try std.fmt.bufPrint(&wanted, "/proc/self/fdinfo/{d}", .{fd});
        try std.testing.expectEqualStrings(text, std.mem.sliceTo(&path, 0));
    }
}
