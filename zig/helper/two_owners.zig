//! Two children of different owners.
//!
//!   helper two-owners UID          a child that stays its owner's, and one that becomes UID's;
//!                                  prints both pids. Each line of input begins a step: the first
//!                                  one ends with code 7 and is reaped; the second one is reaped
const std = @import("std");
const helper = @import("helper.zig");
const linux = std.os.linux;

const check = helper.check;

pub fn run() void {
    const ready = pipe();
    const go = pipe();
    const first = fork();
    if (first == 0) {
        die_with_parent();
        _ = next_pid(go[0]);
        linux.exit_group(7);
    }
    const second = fork();
    if (second == 0) {
        const user = helper.number(u32, 2);
        _ = check(linux.setresuid(user, user, user), "setresuid");
        die_with_parent();
        _ = linux.write(ready[1], std.mem.asBytes(&user), 4);
        stay();
    }
    _ = next_pid(ready[0]);
    helper.print("{d} {d}", .{ first, second });
    if (!helper.next_line()) return end_all(&.{ first, second });
    _ = linux.write(go[1], std.mem.asBytes(&first), 4);
    reap(first);
    helper.print("reaped", .{});
    if (!helper.next_line()) return end_all(&.{second});
    end_all(&.{second});
    helper.print("reaped", .{});
    while (helper.next_line()) {}
}

fn pipe() [2]i32 {
    var ends: [2]i32 = undefined;
    _ = check(linux.pipe2(&ends, .{ .CLOEXEC = true }), "pipe2");
    return ends;
}

fn next_pid(from: i32) i32 {
    var pid: i32 = 0;
    _ = check(linux.read(from, std.mem.asBytes(&pid), 4), "read");
    return pid;
}

fn fork() i32 {
    return @intCast(check(linux.fork(), "fork"));
}

fn die_with_parent() void {
    _ = linux.prctl(@intFromEnum(linux.PR.SET_PDEATHSIG), linux.SIG.KILL, 0, 0, 0);
}

/// An orphan outlives its parent, and nothing outlives the alarm.
fn stay() noreturn {
    const limit = linux.itimerspec{
        .it_interval = .{ .sec = 0, .nsec = 0 },
        .it_value = .{ .sec = 120, .nsec = 0 },
    };
    _ = linux.setitimer(0, &limit, null);
    while (true) _ = linux.pause();
}

/// Each of them is our child, and not reaped, so the number is still its own.
fn end_all(pids: []const i32) void {
    for (pids) |pid| {
        kill(pid);
        reap(pid);
    }
}

fn kill(pid: i32) void {
    _ = linux.kill(pid, linux.SIG.KILL);
}

fn reap(pid: i32) void {
    var status: u32 = 0;
    _ = check(linux.waitpid(pid, &status, 0), "waitpid");
}
