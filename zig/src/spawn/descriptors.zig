//! The descriptors of a child: exactly those that were asked for, by their numbers.
const std = @import("std");
const sys_fd = @import("../sys/fd.zig");
const kernel = @import("../sys/kernel.zig");
const making = @import("making.zig");
const proc_file = @import("../proc/file.zig");
const records = @import("spawn.zig");
const syscall = @import("../sys/syscall.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

const Plan = making.Plan;
const Descriptor = records.Descriptor;

/// Before anything is opened, so that nothing is closed that was not.
pub fn clear(plan: *Plan) void {
    for (plan.fds) |*fd| {
        fd.theirs = -1;
        if (fd.kind != .ours) fd.ours = -1;
    }
}

/// Opens what the child is to have, by numbers that are no targets: so none is overwritten before
/// it was placed.
pub fn open(plan: *Plan) i32 {
    for (plan.fds) |*fd| {
        const result = open_one(plan, fd);
        if (result < 0) {
            plan.record.failed_fd = fd.target;
            return result;
        }
    }
    return 0;
}

fn open_one(plan: *Plan, fd: *Descriptor) i32 {
    switch (fd.kind) {
        .ours => return take_ours(plan, fd),
        .null_device => {
            fd.theirs = proc_file.open(proc_file.nowhere, "/dev/null", .{ .ACCMODE = .RDWR });
            if (fd.theirs < 0) return plan.fail(.openat, fd.theirs);
        },
        else => {
            const result = open_pair(plan, fd);
            if (result < 0) return result;
        },
    }
    return move_away(plan, fd);
}

fn open_pair(plan: *Plan, fd: *Descriptor) i32 {
    var pair: [2]i32 = undefined;
    const is_socket = fd.kind == .socket;
    const flag: u32 = linux.SOCK.CLOEXEC;
    const result = if (is_socket)
        call(named(.socketpair), .{ @as(u32, linux.AF.UNIX), linux.SOCK.STREAM | flag, 0, &pair })
    else
        call(named(.pipe2), .{ &pair, flag });
    if (result < 0) return plan.fail(if (is_socket) .socketpair else .pipe2, result);
    const is_read_by_child = fd.kind == .read_by_child;
    fd.theirs = if (is_read_by_child) pair[0] else pair[1];
    fd.ours = if (is_read_by_child) pair[1] else pair[0];
    const flags = sys_fd.fcntl(fd.ours, linux.F.GETFL, 0);
    _ = sys_fd.fcntl(fd.ours, linux.F.SETFL, flags | nonblocking);
    return 0;
}

pub const nonblocking: i32 = @bitCast(linux.O{ .NONBLOCK = true });

/// A standard descriptor that this process has made non-blocking would be so in the child, which
/// expects no EAGAIN: the flag is the open file's, which both share.
fn take_ours(plan: *Plan, fd: *Descriptor) i32 {
    const flags = sys_fd.fcntl(fd.ours, linux.F.GETFL, 0);
    if (flags < 0) return plan.fail(.fcntl, flags);
    if (fd.target <= 2 and flags & nonblocking != 0) {
        fd.theirs = reopen(fd.ours, flags);
        if (fd.theirs >= 0) return move_away(plan, fd);
        _ = sys_fd.fcntl(fd.ours, linux.F.SETFL, flags & ~nonblocking);
    }
    if (!is_target(plan, fd.ours, fd)) return 0;
    fd.theirs = duplicate(plan, fd.ours);
    return if (fd.theirs < 0) fd.theirs else 0;
}

/// The same pipe or terminal as another open file, where that can be had: then ours stays as it is.
/// Below zero for everything else: a socket can't be opened again, and a file would lose its place.
fn reopen(fd: i32, flags: i32) i32 {
    var record: @import("../records.zig").FileRecord = undefined;
    if (@import("../records.zig").FileRecord.read(fd, &record) < 0) return -1;
    if (record.mode & linux.S.IFMT != linux.S.IFIFO and !is_terminal(fd)) return -1;
    var path = std.mem.zeroes([32:0]u8);
    const folder = "/proc/self/fd/";
    path[0..folder.len].* = folder.*;
    proc_file.write_decimal(path[folder.len..], @intCast(fd));
    // Without waiting for somebody at the other end.
    var wanted: linux.O = @bitCast(flags & 3 | nonblocking);
    wanted.NOCTTY = true;
    const opened = proc_file.open(proc_file.nowhere, &path, wanted);
    if (opened < 0) return opened;
    _ = sys_fd.fcntl(opened, linux.F.SETFL, flags & ~nonblocking);
    return opened;
}

/// The other side of a pseudo terminal is none: whoever opens that again gets a new terminal.
fn is_terminal(fd: i32) bool {
    var unused: [64]u8 align(8) = undefined;
    const tcgets: u32 = linux.T.CGETS;
    if (call(named(.ioctl), .{ fd, tcgets, &unused }) < 0) return false;
    const tiocgptn: u32 = linux.T.IOCGPTN;
    return call(named(.ioctl), .{ fd, tiocgptn, &unused }) < 0;
}

/// Gives a new descriptor another number if its own is the target of another one.
fn move_away(plan: *Plan, fd: *Descriptor) i32 {
    if (!is_target(plan, fd.theirs, fd)) return 0;
    const moved = duplicate(plan, fd.theirs);
    if (moved < 0) return moved;
    _ = sys_fd.close(fd.theirs);
    fd.theirs = moved;
    return 0;
}

fn is_target(plan: *Plan, number: i32, except: ?*const Descriptor) bool {
    for (plan.fds) |*fd| if (fd != except and fd.target == number) return true;
    return false;
}

/// A second descriptor whose number is nobody's target; close-on-exec.
pub fn duplicate(plan: *Plan, fd: i32) i32 {
    var least: i32 = 3;
    while (true) {
        const number = sys_fd.fcntl(fd, kernel.F_DUPFD_CLOEXEC, least);
        if (number < 0) return plan.fail(.fcntl, number);
        if (!is_target(plan, number, null)) return number;
        _ = sys_fd.close(number);
        least = number + 1;
    }
}

/// In the child: gives each descriptor its number, and has everything else closed by exec. Where
/// none is named, we are the guard, which has them by their numbers already.
pub fn place(plan: *Plan) i32 {
    if (plan.fds.len == 0) return 0;
    for (plan.fds) |*fd| {
        const source = if (fd.theirs >= 0) fd.theirs else fd.ours;
        const result = if (source == fd.target)
            sys_fd.fcntl(source, linux.F.SETFD, 0)
        else
            call(named(.dup3), .{ source, fd.target, 0 });
        if (result < 0) {
            plan.record.failed_fd = fd.target;
            return plan.fail(.dup3, result);
        }
    }
    var first: u32 = 0;
    for (plan.fds) |fd| {
        const target: u32 = @intCast(fd.target);
        if (target > first and close_on_exec(plan, first, target - 1) < 0) return plan.failure;
        first = target + 1;
    }
    return close_on_exec(plan, first, std.math.maxInt(u32));
}

const CLOSE_RANGE_CLOEXEC: u32 = 4;

fn close_on_exec(plan: *Plan, first: u32, last: u32) i32 {
    if (call(close_range, .{ first, last, CLOSE_RANGE_CLOEXEC }) == 0) return 0;
    // Before Linux 5.11.
    const result = by_listing(first, last);
    return if (result < 0) plan.fail(.close_range, result) else 0;
}

/// The same number on every CPU.
const close_range: u32 = 436;

fn by_listing(first: u32, last: u32) i32 {
    const folder = proc_file.open(proc_file.nowhere, "/proc/self/fd", .{ .DIRECTORY = true });
    if (folder < 0) return folder;
    defer _ = sys_fd.close(folder);
    while (true) {
        var buffer: [1024]u8 align(8) = undefined;
        const length = call(named(.getdents64), .{ folder, &buffer, @as(usize, buffer.len) });
        if (length <= 0) return length;
        var at: usize = 0;
        while (at < length) {
            const entry: *align(1) linux.dirent64 = @ptrCast(&buffer[at]);
            at += entry.reclen;
            const number = number_of(@ptrCast(&entry.name)) orelse continue;
            if (number < first or number > last) continue;
            _ = sys_fd.fcntl(@intCast(number), linux.F.SETFD, 1);
        }
    }
}

fn number_of(text: [*:0]const u8) ?u32 {
    var number: u32 = 0;
    var index: usize = 0;
    while (text[index] != 0) : (index += 1) {
        if (text[index] < '0' or text[index] > '9') return null;
        number = number * 10 + (text[index] - '0');
    }
    return number;
}

/// What only the child was to have.
pub fn close_theirs(plan: *Plan) void {
    for (plan.fds) |*fd| close(&fd.theirs);
    close(&plan.program);
    for (&plan.channel) |*fd| close(fd);
}

/// Our ends, of a child that did not come to be.
pub fn close_ours(plan: *Plan) void {
    for (plan.fds) |*fd| if (fd.kind != .ours) close(&fd.ours);
}

fn close(fd: *i32) void {
    if (fd.* >= 0) _ = sys_fd.close(fd.*);
    fd.* = -1;
}
