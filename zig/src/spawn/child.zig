//! What the child does between clone(2) and its program. It shares our memory, so it writes to
//! nothing but its stack and the plan, and calls nothing but the kernel.
const std = @import("std");
const sys_fd = @import("../sys/fd.zig");
const descriptors = @import("descriptors.zig");
const exec = @import("exec.zig");
const kernel = @import("../sys/kernel.zig");
const making = @import("making.zig");
const pid_namespace = @import("pid_namespace.zig");
const role = @import("role.zig");
const syscall = @import("../sys/syscall.zig");
const thread = @import("../sys/thread.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;

const Plan = making.Plan;

pub fn main(argument: usize) callconv(.c) u8 {
    const plan: *Plan = @ptrFromInt(argument);
    reset_signals(plan.is_cleared);
    if (plan.options.contained) return become_guard(plan);
    inline for (.{ join, descriptors.place, enter, limit, restrict }) |step| {
        if (step(plan) < 0) return 127;
    }
    if (plan.program >= 0) {
        _ = thread.mask(0);
        _ = plan.fail(.execve, role.execute(plan));
        return 127;
    }
    if (plan.options.ends_with_parent and !exec.end_with_parent(plan.parent)) return 127;
    _ = thread.mask(0);
    _ = plan.fail(.execve, exec.run(plan.command, plan.arguments, plan.environment));
    return 127;
}

/// The guard takes the descriptors and the folder to the command, and all signals stay blocked:
/// none may end it.
pub fn become_guard(plan: *Plan) u8 {
    const is_inside = plan.options.pid_namespace and !plan.options.replaces;
    if (is_inside and pid_namespace.enter(plan) < 0) return 127;
    if (descriptors.place(plan) < 0 or enter(plan) < 0) return 127;
    const result = role.execute(plan);
    // The arguments and the environment are the command's.
    _ = plan.fail(if (result == syscall.negated(.@"2BIG")) .execve else .execveat, result);
    return 127;
}

/// struct sigaction of the kernel, with room for what any CPU has behind the handler.
const Action = extern struct { handler: usize, rest: [4]u64 };

const SIG_DFL: usize = 0;
const SIG_IGN: usize = 1;

/// Handlers are ours, and can't run in the child. What is ignored stays so, as nohup(1) wants it,
/// but for two signals that runtimes ignore for themselves.
fn reset_signals(is_cleared: bool) void {
    for (1..65) |number| {
        const is_runtimes = number == linux.SIG.PIPE or number == linux.SIG.XFSZ;
        if (is_cleared and !is_runtimes) continue;
        var action: Action = undefined;
        const size: usize = 8;
        if (call(named(.rt_sigaction), .{ number, null, &action, size }) < 0) continue;
        if (action.handler == SIG_DFL or (action.handler == SIG_IGN and !is_runtimes)) continue;
        action = .{ .handler = SIG_DFL, .rest = @splat(0) };
        _ = call(named(.rt_sigaction), .{ number, &action, null, size });
    }
}

/// Has the calling process neither handle nor ignore a signal.
pub fn reset_signal(number: u32) void {
    const action = Action{ .handler = SIG_DFL, .rest = @splat(0) };
    _ = call(named(.rt_sigaction), .{ number, &action, null, @as(usize, 8) });
}

fn join(plan: *Plan) i32 {
    if (plan.options.session) {
        const result = call(named(.setsid), .{});
        if (result < 0) return plan.fail(.setsid, result);
    }
    if (plan.options.group) {
        const result = call(named(.setpgid), .{ 0, 0 });
        if (result < 0) return plan.fail(.setpgid, result);
    }
    if (plan.record.cgroup < 0 or plan.is_in_cgroup) return 0;
    const result = join_cgroup(plan.record.cgroup);
    return if (result < 0) plan.fail(.cgroup, result) else 0;
}

fn join_cgroup(folder: i32) i32 {
    const file = call(named(.openat), .{
        folder,
        "cgroup.procs",
        @as(u32, @bitCast(linux.O{ .ACCMODE = .WRONLY, .CLOEXEC = true })),
        0,
    });
    if (file < 0) return file;
    defer _ = sys_fd.close(file);
    return call(named(.write), .{ file, "0", @as(usize, 1) });
}

fn enter(plan: *Plan) i32 {
    if (plan.options.has_umask) _ = call(named(.umask), .{plan.record.umask});
    if (plan.folder[0] == 0) return 0;
    const result = call(named(.chdir), .{plan.folder});
    return if (result < 0) plan.fail(.chdir, result) else 0;
}

fn limit(plan: *Plan) i32 {
    for (&plan.record.limits, 0..) |*values, resource| {
        if (plan.record.limited >> @intCast(resource) & 1 == 0) continue;
        const result = call(named(.prlimit64), .{ 0, @as(u32, @intCast(resource)), values, null });
        if (result < 0) return plan.fail(.prlimit, result);
    }
    return 0;
}

fn restrict(plan: *Plan) i32 {
    if (!plan.options.no_new_privileges) return 0;
    const result = call(named(.prctl), .{ kernel.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0 });
    return if (result < 0) plan.fail(.prctl, result) else 0;
}
