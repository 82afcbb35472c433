//! The guard's beginning: takes its orders, starts the command, and keeps nothing of it.
const std = @import("std");
const sys_fd = @import("../sys/fd.zig");
const sys_process = @import("../sys/process.zig");
const channels = @import("../spawn/guard_channel.zig");
const child = @import("../spawn/child.zig");
const descriptors = @import("../spawn/descriptors.zig");
const exec = @import("../spawn/exec.zig");
const kernel = @import("../sys/kernel.zig");
const making = @import("../spawn/making.zig");
const own_cgroup = @import("../spawn/own_cgroup.zig");
const proc_scan = @import("../proc/scan.zig");
const as_user = @import("../spawn/as_user.zig");
const role = @import("../spawn/role.zig");
const records = @import("../records.zig");
const spawn = @import("../spawn/spawn.zig");
const proc_pid = @import("../proc/pid.zig");
const syscall = @import("../sys/syscall.zig");
const zombies = @import("../proc/zombies.zig");
const sys_wait = @import("../sys/wait.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// What the guard has open.
pub const Held = struct {
    channel: i32,
    starter: i32 = -1,
    signals: i32 = -1,
    proc: i32 = -1,
    command: i32 = -1,
    /// The command's own cgroup.
    cgroup: i32 = -1,
    /// Whether whoever has started the guard could not be told that the command runs.
    is_unwanted: bool = false,
    /// Whether there is a second guard, at the other end of the channel.
    has_inner: bool = false,
    /// Whether we have taken the place of the program.
    forwards: bool = false,
};

/// The command, as it was handed over.
pub const Command = struct {
    name: making.Text,
    arguments: making.Texts,
    environment: making.Texts,
};

/// Starts the command: its pid, or below zero. Whoever has started the guard is told.
pub noinline fn start(held: *Held, command: Command, orders: *channels.Orders) i32 {
    take_name();
    _ = sys_fd.fcntl(held.channel, linux.F.SETFD, 1);
    var fds = [_]i32{ -1, -1, -1 };
    const got = channels.receive(held.channel, std.mem.asBytes(orders), &fds);
    if (got < @sizeOf(spawn.SpawnRecord) or fds[0] < 0) return -1;
    held.starter = fds[0];
    const record = &orders.record;
    const options: spawn.Options = @bitCast(record.flags);
    held.forwards = options.replaces;
    var plan = plan_of(command, record, options);
    record.flags = @bitCast(plan.options);
    if (options.changes_user()) plan.program = fds[1];
    record.cgroup = if (options.changes_user()) fds[2] else fds[1];
    if (options.own_cgroup) held.cgroup = record.cgroup;
    // The command is born in it; the guard never is.
    defer if (!options.own_cgroup and record.cgroup >= 0) {
        _ = sys_fd.close(record.cgroup);
    };
    record.failed_fd = -1;
    const pid = prepare_and_start(held, &plan);
    descriptors.close_theirs(&plan);
    if (pid < 0 and held.cgroup >= 0) own_cgroup.end(held.cgroup);
    if (pid == has_ended) return pid;
    const told = report(held.channel, record, pid);
    if (pid < 0) {
        if (options.replaces) complain(command.name, record.step, pid);
        return pid;
    }
    held.command = record.pidfd;
    held.is_unwanted = told < 0 and !options.replaces;
    if (held.is_unwanted) {
        record.step = @intFromEnum(spawn.Step.write);
        _ = report(held.channel, record, told);
    } else if (options.pid_namespace and !options.replaces)
        channels.wait_for_acknowledgement(held.channel, held.starter);
    leave(held, command);
    // The process group may be killed as a whole. Where we are the program itself, it is ours.
    if (!options.replaces) _ = call(named(.setpgid), .{ 0, 0 });
    if (!plan.options.contained) return pid;
    // Nobody is at the other end of the first one.
    _ = sys_fd.close(held.channel);
    held.channel = record.channel;
    held.has_inner = true;
    return proc_pid.pid_of(record.guard);
}

/// Nobody is there any more who wants the command.
const has_ended = std.math.minInt(i32);

fn plan_of(command: Command, record: *spawn.SpawnRecord, given: spawn.Options) making.Plan {
    var options = given;
    // Where we are the program itself, somebody may kill us alone: then a second guard ends all,
    // and we do where that is killed. The end of pid 1 is everybody's.
    const is_inner = !given.replaces;
    options.contained = !is_inner and (sys_process.own_pid() != 1 or given.pid_namespace);
    options.pid_namespace = options.contained and given.pid_namespace;
    // It is there already.
    options.own_cgroup = options.contained and given.own_cgroup;
    options.replaces = false;
    // The folder and the mask are ours already.
    options.has_umask = false;
    options.ends_with_parent = true;
    const behind: [*]spawn.Descriptor = @ptrCast(@as([*]spawn.SpawnRecord, @ptrCast(record)) + 1);
    return .{
        .record = record,
        .options = options,
        .fds = behind[0..0],
        .command = command.name,
        .arguments = @constCast(command.arguments),
        .environment = command.environment,
        .parent = sys_process.own_pid(),
    };
}

fn prepare_and_start(held: *Held, plan: *making.Plan) i32 {
    // So that no child is reaped by the kernel itself.
    child.reset_signal(linux.SIG.CHLD);
    var unused: records.WaitRecord = undefined;
    const look = kernel.WEXITED | kernel.WNOHANG | kernel.WNOWAIT | kernel.WALL;
    const waiting = sys_wait.wait(zombies.P_ALL, 0, look, &unused);
    if (waiting < 0 and waiting != negated(.CHILD)) return plan.fail(.waitid, waiting);
    const adopting = sys_process.subreaper(1);
    if (adopting < 0) return plan.fail(.prctl, adopting);
    const none: i32 = -1;
    const all: u64 = ~@as(u64, 0);
    const flags: u32 = linux.SOCK.CLOEXEC | linux.SOCK.NONBLOCK;
    held.signals = call(named(.signalfd4), .{ none, &all, @as(usize, 8), flags });
    if (held.signals < 0) return plan.fail(.signalfd4, held.signals);
    // Without /proc the children that a command leaves could not be found.
    held.proc = proc_scan.open();
    if (held.proc < 0) return plan.fail(.openat, held.proc);
    const prepared = prepare_program(plan, held.proc);
    if (prepared < 0) return prepared;
    if (sys_fd.poll(held.starter, kernel.POLLIN, 0) != 0) return has_ended;
    return making.clone_and_wait(plan);
}

/// Who changes the user was handed this program, which the guard itself runs.
fn prepare_program(plan: *making.Plan, proc: i32) i32 {
    const is_contained = plan.options.contained;
    if (!is_contained and !plan.options.changes_user()) return 0;
    if (plan.program < 0) {
        const flags: u32 = @bitCast(linux.O{ .PATH = true, .CLOEXEC = true });
        plan.program = call(named(.openat), .{ proc, "self/exe", flags, 0 });
        if (plan.program < 0) return plan.fail(.openat, plan.program);
    }
    const opened = role.open_channel(plan);
    if (opened < 0) return opened;
    return if (is_contained) channels.send_orders(plan) else as_user.send_orders(plan);
}

fn report(channel: i32, record: *const spawn.SpawnRecord, pid: i32) i32 {
    var message = std.mem.zeroes(channels.GuardRecord);
    message.report = if (pid < 0) .failed else .started;
    message.result = pid;
    message.step = record.step;
    message.failed_fd = record.failed_fd;
    const part = kernel.Iovec{
        .base = @intFromPtr(&message),
        .length = @sizeOf(channels.GuardRecord),
    };
    const fds = [1]i32{record.pidfd};
    return channels.send(channel, &.{part}, if (pid < 0) &.{} else &fds);
}

/// On the standard error of the command: nobody else is left who could say it.
fn complain(name: making.Text, step: i32, errno: i32) void {
    const front: making.Text = "pidfd: ";
    const end: making.Text = if (step != @intFromEnum(spawn.Step.execve))
        ": not started, because its guard can't be; --verbose says why\n"
    else if (errno == negated(.NOENT))
        ": not found\n"
    else
        ": can't be executed\n";
    for ([_]making.Text{ front, name, end }) |text|
        _ = call(named(.write), .{ 2, text, exec.length_until(text, 0) });
}

/// The name that ps(1) shows, instead of the file's.
fn take_name() void {
    const name: making.Text = "pidfd-guard";
    _ = call(named(.prctl), .{ kernel.PR_SET_NAME, name, 0, 0, 0 });
}

/// Keeps no descriptor of the command's, none of its arguments and variables, no folder. Whoever
/// looks for the command by its arguments, pkill(1) with -f say, means no guard.
fn leave(held: *const Held, command: Command) void {
    close_inherited(held.proc);
    wipe(command.name);
    wipe_all(command.arguments);
    wipe_all(command.environment);
    _ = call(named(.chdir), .{@as(making.Text, "/")});
}

/// Ours are close-on-exec.
fn close_inherited(proc: i32) void {
    const flags: u32 = @bitCast(linux.O{ .DIRECTORY = true, .CLOEXEC = true });
    const folder = call(named(.openat), .{ proc, "self/fd", flags, 0 });
    if (folder < 0) {
        // There is no descriptor free in the whole system: the lowest ones are those that matter.
        for (0..lowest_fds) |fd| close_if_inherited(@intCast(fd));
        return;
    }
    defer _ = sys_fd.close(folder);
    var entries = proc_scan.Entries{ .folder = folder };
    while (entries.next()) |fd| close_if_inherited(fd);
}

const lowest_fds = 1024;

fn close_if_inherited(fd: i32) void {
    if (sys_fd.fcntl(fd, linux.F.GETFD, 0) == 0) _ = sys_fd.close(fd);
}

/// The texts lie one behind the other, where /proc/PID/cmdline and environ show them.
fn wipe_all(texts: making.Texts) void {
    var index: usize = 0;
    while (texts[index]) |text| : (index += 1) wipe(text);
}

fn wipe(text: making.Text) void {
    const bytes: [*]volatile u8 = @constCast(text);
    for (0..exec.length_until(text, 0)) |at| bytes[at] = 0;
}
