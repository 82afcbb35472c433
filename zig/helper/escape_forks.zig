//! The ways in which a process of escape.zig forks. Each child has an alarm.
const std = @import("std");
const escape = @import("escape.zig");
const helper = @import("helper.zig");
const linux = std.os.linux;

/// What is returned where the kernel refuses.
pub const failed: usize = std.math.maxInt(usize);

pub fn fork() usize {
    return started(linux.fork());
}

pub fn clone(flags: u64, exit_signal: u64) usize {
    var arguments = helper.CloneArguments{
        .flags = flags,
        .exit_signal = exit_signal,
        .set_tid = 0,
        .set_tid_size = 0,
    };
    return clone3(&arguments);
}

fn clone3(arguments: *helper.CloneArguments) usize {
    const size = @sizeOf(helper.CloneArguments);
    return started(linux.syscall2(.clone3, @intFromPtr(arguments), size));
}

fn started(pid: usize) usize {
    if (linux.E.init(pid) != .SUCCESS) return failed;
    if (pid == 0) escape.begin();
    return pid;
}

/// Low and high pids by turns, all of them below the lowest pid_max that is usual.
pub fn clone_anywhere(number: u32) usize {
    const first: u32 = if (number % 2 == 0) 300 else 17_000;
    const own: u32 = @intCast(linux.getpid());
    var random = std.Random.DefaultPrng.init(@as(u64, number) << 32 | own);
    // Some are in use.
    for (0..100) |_| {
        var wanted: i32 = @intCast(first + random.random().uintLessThan(u32, 15_000));
        var arguments = helper.CloneArguments{ .set_tid = @intFromPtr(&wanted) };
        const pid = clone3(&arguments);
        if (pid != failed) return pid;
    }
    return failed;
}

pub fn run_can_set_tid() void {
    escape.share();
    const pid = clone_anywhere(1);
    if (pid == 0) linux.exit_group(0);
    if (pid == failed) linux.exit_group(77);
    var status: u32 = 0;
    _ = linux.waitpid(@intCast(pid), &status, 0);
}
