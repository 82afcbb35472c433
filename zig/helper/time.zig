//! The limit that the benchmarks measure against: the library's own functions in a loop, without
//! JavaScript.
const std = @import("std");
const calls = pidfd.calls;
const kernel = pidfd.kernel;
const pidfd = @import("pidfd");

const rounds = 4_000;
const samples = 9;

pub fn run() void {
    // Every runtime has several threads, and the kernel then counts each use of a descriptor, about
    // 40 ns a call: a limit that was measured in a process with one thread could not be reached
    // from JavaScript by anybody.
    _ = std.Thread.spawn(.{ .stack_size = 64 * 1024 }, stay, .{}) catch unreachable;
    const fd = calls.open(calls.own_pid(), 0, 0);
    var buffer: [120]u8 = undefined;
    const times = .{ median(poll, fd), median(signal, fd), median(open_close, calls.own_pid()) };
    const format = "{{\"poll\":{d:.1},\"signal\":{d:.1},\"open_close\":{d:.1}}}\n";
    const line = std.fmt.bufPrint(&buffer, format, times) catch unreachable;
    _ = std.os.linux.write(1, line.ptr, line.len);
}

fn stay() void {
    while (true) _ = std.os.linux.pause();
}

fn poll(fd: i32) void {
    std.mem.doNotOptimizeAway(calls.poll(fd, kernel.POLLIN, 0));
}

fn signal(fd: i32) void {
    std.mem.doNotOptimizeAway(calls.signal(fd, 0, 0));
}

fn open_close(pid: i32) void {
    _ = calls.close(calls.open(pid, 0, 0));
}

/// The median over samples, in nanoseconds a round: a machine that others share has slow spells.
fn median(comptime round: fn (i32) void, argument: i32) f64 {
    var times: [samples]f64 = undefined;
    for (&times) |*time| {
        var timer = std.time.Timer.start() catch unreachable;
        for (0..rounds) |_| round(argument);
        time.* = @as(f64, @floatFromInt(timer.read())) / rounds;
    }
    std.mem.sort(f64, &times, {}, std.sort.asc(f64));
    return times[samples / 2];
}
