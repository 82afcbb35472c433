//! The role of the program in between that takes another user: in the memory that a child shares
//! with us, that would clear the mark that we may be dumped.
const exec = @import("exec.zig");
const kernel = @import("../sys/kernel.zig");
const making = @import("making.zig");
const records = @import("spawn.zig");
const std = @import("std");
const sys_fd = @import("../sys/fd.zig");
const sys_pidfd = @import("../sys/pidfd.zig");
const syscall = @import("../sys/syscall.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// The most groups that a process may be given here.
pub const most_groups = 1024;

/// What comes over the channel, with as many groups as there are.
const Orders = extern struct {
    options: records.Options,
    uid: u32,
    gid: u32,
    group_count: u32,
    parent: i32,
    groups: [most_groups]u32,
};

/// What goes back when a call has failed.
const Failure = extern struct { step: i32, errno: i32 };

pub fn send_orders(plan: *making.Plan) i32 {
    const record = plan.record;
    var orders: Orders = undefined;
    orders.options = plan.options;
    orders.uid = record.uid;
    orders.gid = record.gid;
    orders.group_count = record.group_count;
    orders.parent = plan.parent;
    const groups: [*]const u32 = @ptrCast(plan.fds.ptr + plan.fds.len);
    for (0..record.group_count) |index| orders.groups[index] = groups[index];
    const size: usize = @offsetOf(Orders, "groups") + record.group_count * 4;
    const flags: u32 = linux.MSG.NOSIGNAL;
    const sent = call(named(.sendto), .{ plan.channel[0], &orders, size, flags, null, 0 });
    return if (sent < 0) plan.fail(.write, sent) else 0;
}

/// In the parent: waits until the command runs: 0, or why it does not.
pub fn wait(plan: *making.Plan) i32 {
    _ = sys_fd.close(plan.channel[1]);
    plan.channel[1] = -1;
    wait_for_message(plan);
    var failure: Failure = undefined;
    const size: usize = @sizeOf(Failure);
    const got = call(named(.recvfrom), .{ plan.channel[0], &failure, size, 0, null, null });
    if (got < 0) return plan.fail(.start, got);
    if (got != @sizeOf(Failure)) return 0;
    plan.record.step = failure.step;
    return failure.errno;
}

/// Whoever is to send it may have been stopped, by the command for example, and our caller can do
/// nothing meanwhile.
pub fn wait_for_message(plan: *const making.Plan) void {
    const limit_ms = 50;
    while (sys_fd.poll(plan.channel[0], kernel.POLLIN, limit_ms) == 0)
        _ = sys_pidfd.signal(plan.record.pidfd, linux.SIG.CONT, 0);
}

/// Returns when it has said why it can't.
pub noinline fn become(
    channel: i32,
    command: making.Text,
    arguments: making.Texts,
    environment: making.Texts,
) void {
    var orders: Orders = undefined;
    const size: usize = @sizeOf(Orders);
    const got = call(named(.recvfrom), .{ channel, &orders, size, 0, null, null });
    if (got < @offsetOf(Orders, "groups")) return;
    _ = sys_fd.fcntl(channel, linux.F.SETFD, 1);
    var failure = Failure{ .step = 0, .errno = 0 };
    failure.errno = change_user(&orders, &failure.step);
    if (failure.errno >= 0) {
        // Whoever takes another user loses it, so it is set only now.
        if (orders.options.ends_with_parent and !exec.end_with_parent(orders.parent)) return;
        failure.step = @intFromEnum(records.Step.execve);
        failure.errno = exec.run(command, arguments, environment);
    }
    const flags: u32 = linux.MSG.NOSIGNAL;
    _ = call(named(.sendto), .{ channel, &failure, @as(usize, @sizeOf(Failure)), flags, null, 0 });
}

/// The groups first, because the user decides who may change them.
fn change_user(orders: *const Orders, step: *i32) i32 {
    const options = orders.options;
    step.* = @intFromEnum(records.Step.setgroups);
    const groups = call(named(kernel.setgroups), .{ orders.group_count, &orders.groups });
    // Who may not change groups has none to lose by changing to itself.
    if (groups < 0 and (options.has_groups or groups != negated(.PERM))) return groups;
    if (options.has_gid) {
        step.* = @intFromEnum(records.Step.setresgid);
        const result = call(named(kernel.setresgid), .{ orders.gid, orders.gid, orders.gid });
        if (result < 0) return result;
    }
    if (!options.has_uid) return 0;
    step.* = @intFromEnum(records.Step.setresuid);
    return call(named(kernel.setresuid), .{ orders.uid, orders.uid, orders.uid });
}
