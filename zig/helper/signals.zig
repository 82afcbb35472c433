//! Processes that tell which of their threads got which signal, and what came with it, for the
//! tests.
//!
//! A line for each signal: thread, number, si_code, si_pid, si_uid, si_value.
const std = @import("std");
const helper = @import("helper.zig");
const linux = std.os.linux;

const real_time = 34;
const told = [_]u6{ linux.SIG.USR1, linux.SIG.USR2, linux.SIG.WINCH, real_time };

/// `signals [PENDING]` has two threads. The first blocks SIGUSR2, the second SIGUSR1, both take
/// SIGWINCH. SIGRTMIN is the first one's: two threads would take what is queued in order, and tell
/// of it in any. It prints both ids, and "limited" once no more than PENDING signals may be
/// pending. The second thread ends with 5 at the next line; the process ends with 0 at the end of
/// the input.
pub fn run_signals() void {
    tell_all();
    block(&told);
    _ = std.Thread.spawn(.{}, second_thread, .{}) catch helper.fail("no thread");
    while (second.load(.acquire) == 0) std.Thread.Futex.wait(&second, 0);
    helper.print("{d} {d}", .{ linux.gettid(), second.load(.acquire) });
    block(&.{linux.SIG.USR2});
    if (std.os.argv.len > 2) limit(helper.number(u64, 2));
    _ = helper.next_line();
    is_over.store(1, .release);
    std.Thread.Futex.wake(&is_over, 1);
    while (helper.next_line()) {}
}

var second = std.atomic.Value(u32).init(0);
var is_over = std.atomic.Value(u32).init(0);

fn second_thread() void {
    // Announced last: whoever reads its id may count on its mask.
    block(&.{ linux.SIG.USR1, real_time });
    second.store(@intCast(linux.gettid()), .release);
    std.Thread.Futex.wake(&second, 1);
    while (is_over.load(.acquire) == 0) std.Thread.Futex.wait(&is_over, 0);
    linux.exit(5);
}

fn limit(count: u64) void {
    _ = helper.check(linux.setrlimit(.SIGPENDING, &.{ .cur = count, .max = count }), "setrlimit");
    helper.print("limited", .{});
}

/// `group` leads a process group with one member. It prints both pids, and ends at the next line;
/// the member stays.
pub fn run_group() void {
    _ = helper.check(linux.setpgid(0, 0), "setpgid");
    tell_all();
    const pid = helper.check(linux.fork(), "fork");
    if (pid != 0) {
        helper.print("{d} {d}", .{ linux.getpid(), pid });
        _ = helper.next_line();
        linux.exit_group(0);
    }
    // Until it is killed, or nobody reads any more what it prints.
    var output = [_]linux.pollfd{.{ .fd = 1, .events = 0, .revents = 0 }};
    while (linux.E.init(linux.poll(&output, 1, -1)) == .INTR) {}
}

fn tell_all() void {
    const flags = linux.SA.SIGINFO | linux.SA.RESTART;
    const action = linux.Sigaction{
        .handler = .{ .sigaction = tell },
        .mask = linux.sigemptyset(),
        .flags = flags,
    };
    for (told) |signal| _ = helper.check(linux.sigaction(signal, &action, null), "sigaction");
}

fn tell(signal: i32, info: *const linux.siginfo_t, _: ?*anyopaque) callconv(.c) void {
    const common = info.fields.common;
    const sender = common.first.piduid;
    const value: i32 = @bitCast(std.mem.asBytes(&common.second.value)[0..4].*);
    helper.print(
        "{d} {d} {d} {d} {d} {d}",
        .{ linux.gettid(), signal, info.code, sender.pid, sender.uid, value },
    );
}

fn block(signals: []const u6) void {
    var set = linux.sigemptyset();
    for (signals) |signal| linux.sigaddset(&set, signal);
    _ = helper.check(linux.sigprocmask(linux.SIG.SETMASK, &set, null), "sigprocmask");
}
