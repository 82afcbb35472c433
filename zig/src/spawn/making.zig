//! Makes one process: lays out its texts, opens what it is to have, clones it, and closes what only
//! it was to have.
//!
//! All that can fail for want of something is done here, before there is a child; a failure of the
//! child itself comes back through the memory that it shares with us until it runs its program.
const std = @import("std");
const sys_fd = @import("../sys/fd.zig");
const sys_pidfd = @import("../sys/pidfd.zig");
const sys_process = @import("../sys/process.zig");
const child = @import("child.zig");
const clone = @import("clone.zig");
const exec = @import("exec.zig");
const descriptors = @import("descriptors.zig");
const guard_channel = @import("guard_channel.zig");
const image = @import("image.zig");
const own_cgroup = @import("own_cgroup.zig");
const pid_namespace = @import("pid_namespace.zig");
const kernel = @import("../sys/kernel.zig");
const as_user = @import("as_user.zig");
const role = @import("role.zig");
const records = @import("spawn.zig");
const syscall = @import("../sys/syscall.zig");
const thread = @import("../sys/thread.zig");
const proc_file = @import("../proc/file.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

pub const Text = [*:0]const u8;
pub const Texts = [*:null]const ?Text;

/// What the child reads, and where it says what failed.
pub const Plan = struct {
    record: *records.SpawnRecord,
    options: records.Options,
    fds: []records.Descriptor,
    command: Text = "",
    folder: Text = "",
    arguments: [*:null]?Text = undefined,
    environment: Texts = undefined,
    /// For the program in between (role.zig): the image, and our end and its end of the channel
    /// to it.
    program: i32 = -1,
    channel: [2]i32 = .{ -1, -1 },
    parent: i32,
    /// Whether clone3(2) has reset the signal handlers, and put the child into its cgroup.
    is_cleared: bool = false,
    is_in_cgroup: bool = false,
    /// Who the child is, where it has a user namespace of its own.
    maps: ?pid_namespace.Ids = null,
    /// A negated errno.
    failure: i32 = 0,

    /// Remembers which call has failed.
    pub fn fail(plan: *Plan, step: records.Step, errno: i32) i32 {
        plan.record.step = @intFromEnum(step);
        plan.failure = errno;
        return errno;
    }
};

/// The pid, and `record.pidfd`; or a negated errno, and `record.step`.
pub fn make(record: *records.SpawnRecord) i32 {
    const bytes: [*]u8 = @ptrCast(record);
    const fds: [*]records.Descriptor =
        @ptrCast(@alignCast(bytes + @sizeOf(records.SpawnRecord)));
    var plan = Plan{
        .record = record,
        .options = @bitCast(record.flags),
        .fds = fds[0..record.fd_count],
        .parent = sys_process.own_pid(),
    };
    descriptors.clear(&plan);
    const result = prepare_and_clone(&plan);
    descriptors.close_theirs(&plan);
    if (result < 0) descriptors.close_ours(&plan);
    return result;
}

fn prepare_and_clone(plan: *Plan) i32 {
    var cgroup = Cgroup{};
    defer cgroup.close(plan.failure < 0);
    const texts = lay_out(plan);
    var merged: [most_variables:null]?Text = undefined;
    var result = cgroup.open(plan, texts);
    if (result >= 0 and plan.options.inherits_environment)
        result = inherit_environment(plan, &merged);
    if (result >= 0) result = descriptors.open(plan);
    if (result >= 0) result = prepare_program(plan);
    if (result < 0) return result;
    return if (plan.options.replaces) replace(plan) else clone_and_wait(plan);
}

/// All other threads end with the execution.
fn replace(plan: *Plan) i32 {
    const before = thread.mask(~@as(u64, 0));
    _ = child.become_guard(plan);
    _ = thread.mask(before);
    return plan.failure;
}

/// Puts the pointers to the texts in front of them. Answers the text of the cgroup.
fn lay_out(plan: *Plan) Text {
    const record = plan.record;
    const after_fds: [*]u8 = @ptrCast(plan.fds.ptr + plan.fds.len);
    const groups = std.mem.alignForward(usize, record.group_count * 4, 8);
    const pointers: [*]?Text = @ptrCast(@alignCast(after_fds + groups));
    var texts: Text = @ptrCast(after_fds + groups + record.pointer_count * 8);
    plan.command = take(&texts);
    plan.folder = take(&texts);
    const cgroup = take(&texts);
    // In front of them is room for those of the program that changes the user.
    const arguments = pointers + role.arguments_in_front;
    for (0..record.argument_count) |index| arguments[index] = take(&texts);
    arguments[record.argument_count] = null;
    plan.arguments = @ptrCast(arguments);
    const variables = arguments + record.argument_count + 1;
    for (0..record.variable_count) |index| variables[index] = take(&texts);
    variables[record.variable_count] = null;
    plan.environment = @ptrCast(variables);
    return cgroup;
}

fn take(texts: *Text) Text {
    const text = texts.*;
    texts.* = text + exec.length_until(text, 0) + 1;
    return text;
}

/// The C library's environment with what the record sets, and without what it names alone.
fn inherit_environment(plan: *Plan, merged: *[most_variables:null]?Text) i32 {
    const environ = @extern(?*const ?Texts, .{ .name = "environ", .linkage = .weak });
    const given = plan.environment;
    var count: usize = 0;
    const inherited = if (environ) |pointer| pointer.* orelse given else given;
    for ([_]Texts{ inherited, given }, 0..) |list, turn| {
        var index: usize = 0;
        while (list[index]) |variable| : (index += 1) {
            const is_kept = if (turn == 0) !names(given, variable) else has_value(variable);
            if (!is_kept) continue;
            if (count == most_variables) return plan.fail(.execve, negated(.@"2BIG"));
            merged[count] = variable;
            count += 1;
        }
    }
    merged[count] = null;
    plan.environment = merged;
    return 0;
}

fn has_value(variable: Text) bool {
    return variable[exec.length_until(variable, '=')] == '=';
}

fn names(list: Texts, name: Text) bool {
    var index: usize = 0;
    while (list[index]) |variable| : (index += 1) {
        if (exec.has_name(variable, name)) return true;
    }
    return false;
}

/// Of an environment that JavaScript may not read.
const most_variables = 2047;

/// The cgroup that was given by its folder, and the command's own.
const Cgroup = struct {
    opened: i32 = -1,
    own: i32 = -1,

    fn open(self: *Cgroup, plan: *Plan, path: Text) i32 {
        if (path[0] != 0) {
            self.opened = proc_file.open(proc_file.nowhere, path, .{ .DIRECTORY = true });
            if (self.opened < 0) return plan.fail(.cgroup, self.opened);
            plan.record.cgroup = self.opened;
        }
        if (!plan.options.own_cgroup) return 0;
        self.own = own_cgroup.make(plan.record.cgroup);
        if (self.own < 0) return plan.fail(.cgroup, self.own);
        plan.record.cgroup = self.own;
        return 0;
    }

    fn close(self: *const Cgroup, is_removed: bool) void {
        if (self.opened >= 0) _ = sys_fd.close(self.opened);
        if (self.own < 0) return;
        // Somebody may have killed the guard after it had started the command.
        if (is_removed) own_cgroup.end(self.own);
        _ = sys_fd.close(self.own);
    }
};

/// Another user needs a program in between, because a process that shares our memory must not get
/// other rights than ours: it would take our dumpable flag, and whoever may look into it might look
/// into us.
fn prepare_program(plan: *Plan) i32 {
    if (!plan.options.changes_user() and !plan.options.contained) return 0;
    plan.program = image.open(plan);
    if (plan.program < 0) return plan.program;
    const opened = role.open_channel(plan);
    if (opened < 0) return opened;
    if (plan.options.contained) return guard_channel.send_orders(plan);
    return as_user.send_orders(plan);
}

pub fn clone_and_wait(plan: *Plan) i32 {
    // Nothing may run a signal handler of ours in the child.
    const before = thread.mask(~@as(u64, 0));
    const pid = clone.run(plan);
    _ = thread.mask(before);
    // clone3(2) says so of a folder that is no cgroup of version 2.
    const is_cgroups = pid == negated(.BADF) and plan.record.cgroup >= 0;
    if (pid < 0) return plan.fail(if (is_cgroups) .cgroup else .clone, pid);
    const pidfd = plan.record.pidfd;
    plan.record.pid = pid;
    if (plan.failure == 0 and plan.program >= 0) plan.failure =
        if (plan.options.contained) guard_channel.wait(plan) else as_user.wait(plan);
    if (plan.failure == 0) {
        // By this flag whoever reaps orphans knows a child that is waited for: see zombies.zig.
        _ = sys_fd.fcntl(pidfd, linux.F.SETFL, descriptors.nonblocking);
        return plan.record.pid;
    }
    var ended: @import("../records.zig").WaitRecord = undefined;
    _ = sys_pidfd.wait(pidfd, kernel.WEXITED | kernel.WALL, &ended);
    _ = sys_fd.close(pidfd);
    return plan.failure;
}
