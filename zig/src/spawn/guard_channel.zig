//! What crosses between a program and a guard that it has started, over a socket pair that keeps
//! messages apart: the orders, with descriptors; then reports of the guard, and requests to end.
const std = @import("std");
const proc_pid = @import("../proc/pid.zig");
const sys_fd = @import("../sys/fd.zig");
const sys_pidfd = @import("../sys/pidfd.zig");
const descriptors = @import("descriptors.zig");
const kernel = @import("../sys/kernel.zig");
const making = @import("making.zig");
const message = @import("../pidfd/message.zig");
const as_user = @import("as_user.zig");
const records = @import("../records.zig");
const spawn = @import("spawn.zig");
const syscall = @import("../sys/syscall.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// The command, with as many groups as there are.
pub const Orders = extern struct { record: spawn.SpawnRecord, groups: [as_user.most_groups]u32 };

/// A request to end everything: a signal that asks, and how long it has; -1 is no limit.
pub const Request = extern struct { signal: u32, grace_ms: i32 };

/// What a guard says: the command runs, or does not; it has ended, and others run on; some can't be
/// ended for now; all have ended.
pub const Report = enum(u32) { started, failed, ended, left, gone };

/// One report. All of its numbers are the latest ones.
pub const GuardRecord = extern struct {
    /// How the command has ended, where `has_status` is 1.
    status: records.WaitRecord,
    /// Of `gone`: what all of it had used up.
    all: records.WaitRecord,
    has_status: u32,
    report: Report,
    /// How many were sent the polite signal, and how many were ended by SIGKILL.
    asked: u32,
    killed: u32,
    /// Children of the guard that run.
    left: u32,
    /// The command's pid of `started`, the negated errno of `failed`.
    result: i32,
    /// As in SpawnRecord.
    step: i32,
    failed_fd: i32,
};

/// In the program: everything that the guard needs, in one message.
pub fn send_orders(plan: *making.Plan) i32 {
    const record = plan.record;
    const starter = sys_pidfd.open(plan.parent, 0);
    if (starter < 0) return plan.fail(.pidfd_open, starter);
    defer _ = sys_fd.close(starter);
    var fds: [3]i32 = .{ starter, -1, -1 };
    var count: usize = 1;
    // The command is to be in the cgroup, and the guard is not.
    for ([_]i32{ if (plan.options.changes_user()) plan.program else -1, record.cgroup }) |fd| {
        fds[count] = fd;
        if (fd >= 0) count += 1;
    }
    const parts = [_]kernel.Iovec{
        .{ .base = @intFromPtr(record), .length = @sizeOf(spawn.SpawnRecord) },
        .{ .base = @intFromPtr(plan.fds.ptr + plan.fds.len), .length = record.group_count * 4 },
    };
    const sent = send(plan.channel[0], &parts, fds[0..count]);
    record.cgroup = -1;
    return if (sent < 0) plan.fail(.write, sent) else 0;
}

/// In the program: waits until the command runs: 0, or why it does not. The record has the
/// command's pidfd then, and the guard's.
pub fn wait(plan: *making.Plan) i32 {
    _ = sys_fd.close(plan.channel[1]);
    plan.channel[1] = -1;
    const channel = plan.channel[0];
    var report: GuardRecord = undefined;
    var pidfd = [1]i32{-1};
    as_user.wait_for_message(plan);
    const got = receive(channel, std.mem.asBytes(&report), &pidfd);
    // Somebody has killed the guard.
    if (got == 0) return plan.fail(.execveat, negated(.SRCH));
    if (got > 0 and report.report == .failed) {
        plan.record.step = report.step;
        plan.record.failed_fd = report.failed_fd;
        return report.result;
    }
    if (pidfd[0] < 0) {
        end_all(plan);
        // The kernel drops a descriptor that there is no room for.
        return plan.fail(.recvmsg, if (got < 0) got else negated(.MFILE));
    }
    const pid = number_of(plan, pidfd[0], report.result);
    if (pid < 0) {
        end_all(plan);
        _ = sys_fd.close(pidfd[0]);
        return plan.failure;
    }
    plan.record.pid = pid;
    plan.record.guard = plan.record.pidfd;
    plan.record.pidfd = pidfd[0];
    _ = sys_fd.fcntl(channel, linux.F.SETFL, descriptors.nonblocking);
    plan.record.channel = channel;
    plan.channel[0] = -1;
    return 0;
}

/// The command's pid here.
fn number_of(plan: *making.Plan, pidfd: i32, number: i32) i32 {
    const pid = proc_pid.pid_of(pidfd);
    if (!plan.options.pid_namespace) {
        // One that was reaped has the number that the guard has for it.
        return if (pid > 0) pid else number;
    }
    // That number would be another process's here; and only the end of the guard has it reaped.
    if (pid < 0) return plan.fail(if (pid == negated(.SRCH)) .execveat else .openat, pid);
    // Now the guard may reap it.
    const flags = message.MSG_NOSIGNAL;
    const size: usize = 1;
    const sent = call(named(.sendto), .{ plan.channel[0], "", size, flags, null, 0 });
    return if (sent < 0) plan.fail(.write, sent) else pid;
}

/// Nobody will have the command. The first process of a pid namespace takes no request before it
/// knows that its report was understood, and its end is that of all.
fn end_all(plan: *making.Plan) void {
    if (plan.options.pid_namespace) {
        _ = sys_pidfd.signal(plan.record.pidfd, linux.SIG.KILL, 0);
    } else _ = ask(plan.channel[0], .{ .signal = linux.SIG.KILL, .grace_ms = 0 });
}

/// In the guard, of whose pid namespace the program does not know the numbers: waits for that.
pub fn wait_for_acknowledgement(channel: i32, starter: i32) void {
    var entries = [_]kernel.Pollfd{
        .{ .fd = channel, .events = kernel.POLLIN, .revents = 0 },
        .{ .fd = starter, .events = kernel.POLLIN, .revents = 0 },
    };
    _ = call(kernel.ppoll_number, .{ &entries, entries.len, 0, null, 0 });
    var unused: [1]u8 = undefined;
    const flags: u32 = linux.MSG.DONTWAIT;
    _ = call(named(.recvfrom), .{ channel, &unused, unused.len, flags, null, null });
}

pub fn ask(channel: i32, request: Request) i32 {
    const flags = message.MSG_NOSIGNAL;
    const size: usize = @sizeOf(Request);
    return call(named(.sendto), .{ channel, &request, size, flags, null, 0 });
}

const most_fds = 3;
const Control = [@sizeOf(message.Header) + most_fds * 4]u8;

pub noinline fn send(socket: i32, parts: []const kernel.Iovec, fds: []const i32) i32 {
    var control: Control align(@alignOf(message.Header)) = undefined;
    const bytes = std.mem.sliceAsBytes(fds);
    const header: *message.Header = @ptrCast(&control);
    header.* = .{
        .length = @sizeOf(message.Header) + bytes.len,
        .level = message.SOL_SOCKET,
        .kind = message.SCM_RIGHTS,
    };
    for (bytes, @sizeOf(message.Header)..) |byte, at| control[at] = byte;
    const whole = message.Message{
        .parts = @intFromPtr(parts.ptr),
        .part_count = parts.len,
        .control = @intFromPtr(&control),
        .control_length = if (fds.len == 0) 0 else header.length,
    };
    return call(named(.sendmsg), .{ socket, &whole, message.MSG_NOSIGNAL });
}

/// Takes a message, and its descriptors, close-on-exec: how many bytes it has, 0 where nobody is at
/// the other end.
pub noinline fn receive(socket: i32, bytes: []u8, fds: []i32) i32 {
    var control: Control align(@alignOf(message.Header)) = undefined;
    const part = kernel.Iovec{ .base = @intFromPtr(bytes.ptr), .length = bytes.len };
    var whole = message.Message{
        .parts = @intFromPtr(&part),
        .control = @intFromPtr(&control),
        .control_length = @sizeOf(message.Header) + fds.len * 4,
    };
    const got = call(named(.recvmsg), .{ socket, &whole, message.MSG_CMSG_CLOEXEC });
    if (got <= 0 or whole.control_length < @sizeOf(message.Header)) return got;
    const header: *message.Header = @ptrCast(&control);
    const count = (header.length - @sizeOf(message.Header)) / 4;
    const taken: [*]const i32 = @ptrCast(@alignCast(&control[@sizeOf(message.Header)]));
    for (fds[0..@min(count, fds.len)], taken) |*fd, number| fd.* = number;
    return got;
}

comptime {
    std.debug.assert(@sizeOf(GuardRecord) % 8 == 0);
    std.debug.assert(@offsetOf(Orders, "groups") == @sizeOf(spawn.SpawnRecord));
}

test "a message has its descriptors, and the end of the channel is none" {
    var pair: [2]i32 = undefined;
    const kind: u32 = linux.SOCK.SEQPACKET | linux.SOCK.CLOEXEC;
    _ = call(named(.socketpair), .{ @as(u32, linux.AF.UNIX), kind, 0, &pair });
    const texts = [_][]const u8{ "ab", "c" };
    var parts: [2]kernel.Iovec = undefined;
    for (&parts, texts) |*part, text|
        part.* = .{ .base = @intFromPtr(text.ptr), .length = text.len };
    try std.testing.expectEqual(3, send(pair[0], &parts, &.{ pair[0], pair[1] }));
    var bytes: [8]u8 = undefined;
    var fds = [_]i32{ -1, -1, -1 };
    try std.testing.expectEqual(3, receive(pair[1], &bytes, &fds));
    try std.testing.expectEqualStrings("abc", bytes[0..3]);
    try std.testing.expect(fds[0] > 0 and fds[1] > 0 and fds[2] == -1);
    for (fds[0..2]) |fd| {
        try std.testing.expectEqual(1, sys_fd.fcntl(fd, linux.F.GETFD, 0));
        _ = sys_fd.close(fd);
    }
    try std.testing.expectEqual(3, send(pair[0], &parts, &.{}));
    fds = .{ -1, -1, -1 };
    try std.testing.expectEqual(3, receive(pair[1], &bytes, &fds));
    try std.testing.expectEqual(-1, fds[0]);
    _ = sys_fd.close(pair[0]);
    try std.testing.expectEqual(0, receive(pair[1], &bytes, &fds));
    _ = sys_fd.close(pair[1]);
}
