//! The library as a program: the kernel runs `_start` in a process of its own, without a loader and
//! without a C library. So nothing here may use a weak import, or a word that a loader relocates.
//!
//! Its first argument says what it is to be: to take another user, and then run the command that
//! follows; or to be the guard of that command (../guard/guard.zig). Whoever has started it hears
//! of a failure over a channel, which exec closes.
const std = @import("std");
const builtin = @import("builtin");
const calls = @import("../calls.zig");
const descriptors = @import("descriptors.zig");
const exec = @import("exec.zig");
const guard = @import("../guard/guard.zig");
const kernel = @import("../sys/kernel.zig");
const making = @import("making.zig");
const proc_file = @import("../proc/file.zig");
const records = @import("spawn.zig");
const syscall = @import("../sys/syscall.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// The role, the channel's number, the command.
pub const arguments_in_front = 3;

const as_user = "pidfd-as-user";
const as_guard = "pidfd-guard";

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

/// In the parent: the channel, by numbers that are no targets.
pub noinline fn open_channel(plan: *making.Plan) i32 {
    const kind: u32 = linux.SOCK.SEQPACKET | linux.SOCK.CLOEXEC;
    var pair: [2]i32 = undefined;
    const paired = call(named(.socketpair), .{ @as(u32, linux.AF.UNIX), kind, 0, &pair });
    if (paired < 0) return plan.fail(.socketpair, paired);
    for (&plan.channel, pair) |*fd, low| {
        fd.* = descriptors.duplicate(plan, low);
        _ = calls.close(low);
    }
    for (plan.channel) |fd| if (fd < 0) return fd;
    return 0;
}

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

/// In the child: runs this program, which is to run the command. Answers why not.
pub fn execute(plan: *making.Plan) i32 {
    var number = std.mem.zeroes([12:0]u8);
    proc_file.write_decimal(&number, @intCast(plan.channel[1]));
    _ = calls.fcntl(plan.channel[1], linux.F.SETFD, 0);
    const arguments: [*]?making.Text = @ptrCast(plan.arguments - arguments_in_front);
    const role: making.Text = if (plan.options.contained) as_guard else as_user;
    arguments[0..arguments_in_front].* = .{ role, &number, plan.command };
    const empty: making.Text = "";
    const at_empty: u32 = kernel.AT_EMPTY_PATH;
    return call(named(.execveat), .{ plan.program, empty, arguments, plan.environment, at_empty });
}

/// In the parent: waits until the command runs: 0, or why it does not.
pub fn wait(plan: *making.Plan) i32 {
    _ = calls.close(plan.channel[1]);
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
    while (calls.poll(plan.channel[0], kernel.POLLIN, limit_ms) == 0)
        _ = calls.signal(plan.record.pidfd, linux.SIG.CONT, 0);
}

const Start = fn () callconv(.naked) noreturn;

/// Where the kernel begins: the stack has the number of arguments, the arguments, and the
/// environment.
pub fn _start() callconv(.naked) noreturn {
    asm volatile (switch (builtin.cpu.arch) {
            .x86_64 =>
            \\ xorl %%ebp, %%ebp
            \\ movq %%rsp, %%rdi
            \\ andq $-16, %%rsp
            \\ callq %[main:P]
            ,
            .aarch64 =>
            \\ mov fp, #0
            \\ mov lr, #0
            \\ mov x0, sp
            \\ and sp, x0, #-16
            \\ b %[main]
            ,
            .arm =>
            \\ mov fp, #0
            \\ mov lr, #0
            \\ mov a1, sp
            \\ and sp, a1, #-16
            \\ b %[main]
            ,
            .riscv64 =>
            \\ li fp, 0
            \\ li ra, 0
            \\ mv a0, sp
            \\ andi sp, sp, -16
            \\ tail %[main]@plt
            ,
            .loongarch64 =>
            \\ move $fp, $zero
            \\ move $ra, $zero
            \\ move $a0, $sp
            \\ bstrins.d $sp, $zero, 3, 0
            \\ b %[main]
            ,
            .powerpc64le =>
            \\ addis 2, 12, .TOC. - %[_start]@ha
            \\ addi 2, 2, .TOC. - %[_start]@l
            \\ mr 3, 1
            \\ clrrdi 1, 1, 4
            \\ li 0, 0
            \\ stdu 0, -32(1)
            \\ li 31, 0
            \\ mtlr 0
            \\ b %[main]
            \\ nop
            ,
            .s390x =>
            \\ lghi %%r11, 0
            \\ lghi %%r14, 0
            \\ lgr %%r2, %%r15
            \\ lghi %%r0, -16
            \\ ngr %%r15, %%r0
            \\ aghi %%r15, -160
            \\ lghi %%r0, 0
            \\ stg  %%r0, 0(%%r15)
            \\ jg %[main]
            ,
            else => @compileError("no entry point is known for this CPU"),
        }
        :
        : [_start] "X" (&_start),
          [main] "X" (&main),
    );
}

fn main(stack: [*]usize) callconv(.c) noreturn {
    const count = stack[0];
    const arguments: [*:null]?making.Text = @ptrCast(stack + 1);
    const environment: making.Texts = @ptrCast(stack + 1 + count + 1);
    var code: u32 = 127;
    if (count > arguments_in_front) {
        var channel: i32 = 0;
        const digits = arguments[1].?;
        for (0..exec.length_until(digits, 0)) |index|
            channel = channel *% 10 +% (digits[index] -% '0');
        const command = arguments[2].?;
        const theirs = arguments + arguments_in_front;
        const role = arguments[0].?;
        if (is_role(role, as_user)) become(channel, command, theirs, environment);
        if (is_role(role, as_guard)) code = guard.run(channel, command, theirs, environment);
    }
    while (true) _ = syscall.call_once(named(.exit_group), .{code});
}

fn is_role(text: making.Text, name: making.Text) bool {
    return exec.has_name(text, name) and exec.has_name(name, text);
}

/// Returns when it has said why it can't.
noinline fn become(
    channel: i32,
    command: making.Text,
    arguments: making.Texts,
    environment: making.Texts,
) void {
    var orders: Orders = undefined;
    const size: usize = @sizeOf(Orders);
    const got = call(named(.recvfrom), .{ channel, &orders, size, 0, null, null });
    if (got < @offsetOf(Orders, "groups")) return;
    _ = calls.fcntl(channel, linux.F.SETFD, 1);
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
