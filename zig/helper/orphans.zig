//! A process that leads a session or a group, ends and leaves an orphan in it; and a stranger who
//! gets its number and does the same.
//!
//!   helper orphans session|group   prints the leader's pid and the orphan's. Each line of input
//!                                  begins a step: the leader ends, and stays a zombie; it is
//!                                  reaped; the orphan ends, and the number goes to a stranger, who
//!                                  ends and leaves an orphan in turn, whose pid is printed; the
//!                                  stranger, a zombie until then, is reaped
//!
//!   helper two-owners UID          a child that stays its owner's, and one that becomes UID's;
//!                                  prints both pids. Each line of input begins a step: the first
//!                                  one ends with code 7 and is reaped; the second one is reaped
const std = @import("std");
const helper = @import("helper.zig");
const linux = std.os.linux;

const check = helper.check;

pub fn run() void {
    // Orphans are given to us, so that their numbers are ours to end.
    _ = check(linux.prctl(@intFromEnum(linux.PR.SET_CHILD_SUBREAPER), 1, 0, 0, 0), "prctl");
    const leads_session = std.mem.eql(u8, helper.text(2), "session");
    const ready = pipe();
    const leader = fork();
    if (leader == 0) lead(leads_session, ready[1], false);
    const orphan = next_pid(ready[0]);
    helper.print("{d} {d}", .{ leader, orphan });
    if (!helper.next_line()) return end_all(&.{ leader, orphan });
    kill(leader);
    while (!is_zombie(leader)) _ = linux.sched_yield();
    helper.print("zombie", .{});
    if (!helper.next_line()) return end_all(&.{ leader, orphan });
    reap(leader);
    helper.print("reaped", .{});
    if (!helper.next_line()) return end_all(&.{orphan});
    end_all(&.{orphan});
    const stranger = helper.clone_as(leader);
    if (stranger == 0) lead(leads_session, ready[1], true);
    const second = next_pid(ready[0]);
    while (!is_zombie(stranger)) _ = linux.sched_yield();
    helper.print("{d}", .{second});
    if (!helper.next_line()) return end_all(&.{ stranger, second });
    reap(stranger);
    helper.print("reaped", .{});
    while (helper.next_line()) {}
    end_all(&.{second});
}

pub fn run_two_owners() void {
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

fn lead(leads_session: bool, ready: i32, ends: bool) noreturn {
    if (leads_session) _ = linux.setsid() else _ = linux.setpgid(0, 0);
    die_with_parent();
    const orphan = fork();
    if (orphan == 0) stay();
    _ = linux.write(ready, std.mem.asBytes(&orphan), 4);
    if (ends) linux.exit_group(0);
    stay();
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

fn is_zombie(pid: i32) bool {
    const exited_no_reap = linux.W.EXITED | linux.W.NOHANG | linux.W.NOWAIT;
    var info = std.mem.zeroes(linux.siginfo_t);
    _ = linux.waitid(.PID, pid, &info, exited_no_reap);
    return info.fields.common.first.piduid.pid == pid;
}
