//! clone(2) of a child that shares our memory, while we wait until it runs its program. So the size
//! of our memory does not matter.
const std = @import("std");
const builtin = @import("builtin");
const child = @import("child.zig");
const making = @import("making.zig");
const pid_namespace = @import("pid_namespace.zig");
const syscall = @import("../sys/syscall.zig");
const linux = std.os.linux;

const negated = syscall.negated;

/// The child's own stack, a part of ours: with PATH_MAX and little else on it.
const stack_size = 32 * 1024;

/// exec gives the child SIGCHLD as its exit signal; until then its end tells the runtime nothing.
const flags: u32 = linux.CLONE.VM | linux.CLONE.VFORK | linux.CLONE.PIDFD;

const CLEAR_SIGHAND: u64 = 1 << 32;
const INTO_CGROUP: u64 = 1 << 33;

/// struct clone_args.
const Arguments = extern struct {
    flags: u64,
    pidfd: u64,
    child_tid: u64 = 0,
    parent_tid: u64 = 0,
    exit_signal: u64 = 0,
    stack: u64,
    stack_size: u64,
    tls: u64 = 0,
    set_tid: u64 = 0,
    set_tid_size: u64 = 0,
    cgroup: u64 = 0,
};

/// Where clone3(2) is called; its way into the child is a few instructions for each CPU.
const has_clone3 = switch (builtin.cpu.arch) {
    .x86_64, .aarch64 => true,
    else => false,
};

pub fn run(plan: *making.Plan) i32 {
    if (!plan.options.pid_namespace) return run_with(plan, flags);
    const pid = run_with(plan, flags | pid_namespace.flags);
    if (pid != negated(.PERM)) return pid;
    plan.maps = pid_namespace.own_ids();
    return run_with(plan, flags | pid_namespace.flags | pid_namespace.user_flag);
}

noinline fn run_with(plan: *making.Plan, wanted: u32) i32 {
    var stack: [stack_size]u8 align(16) = undefined;
    if (has_clone3) {
        const pid = by_clone3(plan, &stack, wanted);
        // The kernel is older (5.7 has all of it), or a seccomp profile that knows no clone3(2).
        const is_refused = pid == negated(.NOSYS) or pid == negated(.PERM) or
            pid == negated(.INVAL) or pid == negated(.@"2BIG");
        if (!is_refused) return pid;
    }
    plan.is_cleared = false;
    plan.is_in_cgroup = false;
    var unused: i32 = 0;
    const top = @intFromPtr(&stack) + stack_size;
    const pid = linux.clone(
        child.main,
        top,
        wanted,
        @intFromPtr(plan),
        &plan.record.pidfd,
        0,
        &unused,
    );
    return @truncate(@as(isize, @bitCast(pid)));
}

fn by_clone3(plan: *making.Plan, stack: *align(16) [stack_size]u8, wanted: u32) i32 {
    const has_cgroup = plan.record.cgroup >= 0;
    plan.is_cleared = true;
    plan.is_in_cgroup = has_cgroup;
    var arguments = Arguments{
        .flags = wanted | CLEAR_SIGHAND,
        .pidfd = @intFromPtr(&plan.record.pidfd),
        .stack = @intFromPtr(stack),
        .stack_size = stack_size,
    };
    if (has_cgroup) {
        arguments.flags |= INTO_CGROUP;
        arguments.cgroup = @intCast(plan.record.cgroup);
    }
    // Linux 5.7 brought the cgroup; before, the kernel refuses the longer struct if it is not zero.
    return @truncate(clone3(&arguments, @sizeOf(Arguments), child.main, @intFromPtr(plan)));
}

/// The child begins on its own stack with a call of `main`, from which it never returns.
inline fn clone3(
    arguments: *Arguments,
    size: usize,
    main: *const fn (usize) callconv(.c) u8,
    argument: usize,
) isize {
    return switch (builtin.cpu.arch) {
        .x86_64 => asm volatile (
            \\ syscall
            \\ testq %%rax, %%rax
            \\ jnz 1f
            \\ xorl %%ebp, %%ebp
            \\ movq %%r8, %%rdi
            \\ callq *%%rdx
            \\ movl %%eax, %%edi
            \\ movl $60, %%eax
            \\ syscall
            \\ 1:
            : [result] "={rax}" (-> isize),
            : [number] "{rax}" (@intFromEnum(linux.SYS.clone3)),
              [arguments] "{rdi}" (arguments),
              [size] "{rsi}" (size),
              [main] "{rdx}" (main),
              [argument] "{r8}" (argument),
            : .{ .rcx = true, .r11 = true, .memory = true }),
        .aarch64 => asm volatile (
            \\ svc #0
            \\ cbnz x0, 1f
            \\ mov x29, xzr
            \\ mov x0, x3
            \\ blr x2
            \\ mov x8, #93
            \\ svc #0
            \\ 1:
            : [result] "={x0}" (-> isize),
            : [number] "{x8}" (@intFromEnum(linux.SYS.clone3)),
              [arguments] "{x0}" (arguments),
              [size] "{x1}" (size),
              [main] "{x2}" (main),
              [argument] "{x3}" (argument),
            : .{ .x30 = true, .memory = true }),
        else => comptime unreachable,
    };
}

comptime {
    std.debug.assert(@sizeOf(Arguments) == 88);
}
