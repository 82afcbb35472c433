//! States of a running process that look like an end and are none, for the tests.
const std = @import("std");
const helper = @import("helper.zig");
const linux = std.os.linux;

pub fn run_work() void {
    const nanoseconds = helper.number(i64, 2) * std.time.ns_per_ms;
    const size = helper.number(usize, 3) << 20;
    const memory = std.heap.page_allocator.alloc(u8, size) catch helper.fail("no memory");
    @memset(memory, 1);
    std.mem.doNotOptimizeAway(memory.ptr);
    while (used_time() < nanoseconds) {}
}

fn used_time() i64 {
    var time: linux.timespec = undefined;
    _ = helper.check(linux.clock_gettime(.PROCESS_CPUTIME_ID, &time), "clock_gettime");
    return time.sec * std.time.ns_per_s + time.nsec;
}

pub fn run_exec_then() void {
    helper.print("ready", .{});
    become();
}

/// exec ends every other thread, and this one takes the leader's place: its id, and all that is
/// known by it.
pub fn run_thread_exec() void {
    _ = std.Thread.spawn(.{}, run_exec_then, .{}) catch helper.fail("no thread");
    while (true) _ = linux.pause();
}

/// The same without an end, at full speed, until it is killed: its state is read while the leader
/// is let go of.
pub fn run_thread_execs() void {
    if (std.mem.eql(u8, helper.text(2), "first")) {
        end_by_alarm();
        helper.print("ready", .{});
    }
    _ = std.Thread.spawn(.{}, exec_again, .{}) catch helper.fail("no thread");
    while (true) _ = linux.pause();
}

fn exec_again() void {
    const program = helper.text(0).ptr;
    const argv = [_:null]?[*:0]const u8{ @ptrCast(program), "thread-execs", "again" };
    const envp = [_:null]?[*:0]const u8{};
    _ = helper.check(linux.execve(@ptrCast(program), &argv, &envp), "execve");
}

/// It outlives exec.
fn end_by_alarm() void {
    const limit = linux.itimerspec{
        .it_interval = .{ .sec = 0, .nsec = 0 },
        .it_value = .{ .sec = 120, .nsec = 0 },
    };
    _ = linux.setitimer(0, &limit, null);
}

fn become() void {
    _ = helper.next_line();
    helper.exec(2);
}

pub fn run_leader_ends() void {
    const code = helper.number(u8, 2);
    _ = std.Thread.spawn(.{}, outlive_leader, .{ linux.getpid(), code }) catch
        helper.fail("no thread");
    linux.exit(0);
}

/// The leader is a zombie for as long as other threads run, and its state in /proc says so.
fn outlive_leader(leader: i32, code: u8) void {
    var path_buffer: [40]u8 = undefined;
    const path = std.fmt.bufPrintZ(&path_buffer, "/proc/self/task/{d}/stat", .{leader}) catch
        unreachable;
    var buffer: [200]u8 = undefined;
    while (true) {
        const fd: i32 = @intCast(helper.check(linux.open(path, .{}, 0), "open"));
        const length = helper.check(linux.read(fd, &buffer, buffer.len), "read");
        _ = linux.close(fd);
        if (std.mem.indexOf(u8, buffer[0..length], ") Z ") != null) break;
        _ = linux.sched_yield();
    }
    helper.print("ready", .{});
    _ = helper.next_line();
    linux.exit_group(code);
}

/// Nobody but root may look into a process that does not dump, so that /proc hides it from its own
/// user.
pub fn run_above_hidden() void {
    var buffer: [16]u8 = undefined;
    const own = std.fmt.bufPrintZ(&buffer, "{d}", .{linux.getpid()}) catch unreachable;
    for (std.os.argv) |*argument| {
        if (std.mem.eql(u8, std.mem.span(argument.*), "@")) argument.* = own.ptr;
    }
    fork_and_wait();
    // The program that comes next dumps again.
    _ = linux.prctl(@intFromEnum(linux.PR.SET_DUMPABLE), 0, 0, 0, 0);
    fork_and_wait();
    helper.exec(2);
}

/// Goes on in the child alone.
fn fork_and_wait() void {
    const pid = helper.check(linux.fork(), "fork");
    if (pid == 0) return;
    var status: u32 = 0;
    _ = helper.check(linux.waitpid(@intCast(pid), &status, 0), "waitpid");
    linux.exit_group(0);
}

pub fn run_trace() void {
    const pid = helper.number(i32, 2);
    _ = helper.check(linux.ptrace(linux.PTRACE.SEIZE, pid, 0, 0, 0), "ptrace");
    helper.print("traced", .{});
    var info = std.mem.zeroes(linux.siginfo_t);
    // Signals stop a traced process first: each is handed on until one of them has ended it.
    while (true) {
        _ = helper.check(
            linux.waitid(.PID, pid, &info, linux.W.EXITED | linux.W.STOPPED | linux.W.NOWAIT),
            "waitid",
        );
        const trapped = 4;
        if (info.code != trapped) break;
        var status: u32 = 0;
        _ = helper.check(linux.waitpid(pid, &status, 0), "waitpid");
        _ = helper.check(
            linux.ptrace(linux.PTRACE.CONT, pid, 0, linux.W.STOPSIG(status), 0),
            "ptrace",
        );
    }
    helper.print("ended", .{});
    _ = helper.next_line();
    var status: u32 = 0;
    _ = helper.check(linux.waitpid(pid, &status, 0), "waitpid");
    helper.print("released", .{});
    while (helper.next_line()) {}
}
