//! The guard: a process between a program and a command, which ends all that the command leaves
//! behind. It is a child subreaper, so that every descendant whose parent has ended becomes its
//! child; and it is the only one that reaps them, so that their pids can't be reused before.
//!
//! It ends them when the command has ended, when it is told to, or when its starter has ended: asks
//! all descendants, waits, and kills its children until it has none. All signals are blocked, so
//! that only SIGKILL ends the guard itself, and with it the command, but not the rest.
//!
//! It may also take the place of the program: then it hands the signals that it is sent on to the
//! command, and has its exit code. Where that is not pid 1, it does so above a second guard.
const std = @import("std");
const boot = @import("../proc/boot.zig");
const sys_fd = @import("../sys/fd.zig");
const channels = @import("../spawn/guard_channel.zig");
const children = @import("children.zig");
const descendants = @import("descendants.zig");
const kernel = @import("../sys/kernel.zig");
const making = @import("../spawn/making.zig");
const own_cgroup = @import("../spawn/own_cgroup.zig");
const proc_scan = @import("../proc/scan.zig");
const records = @import("../records.zig");
const spawn = @import("../spawn/spawn.zig");
const signals = @import("signals.zig");
const starting = @import("start.zig");
const sys_process = @import("../sys/process.zig");
const syscall = @import("../sys/syscall.zig");
const zombies = @import("../proc/zombies.zig");
const sys_wait = @import("../sys/wait.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// How long to wait before the children are listed again, while nothing happens: twice as long each
/// time, up to the longest.
const first_pause_ms = 10;
const longest_pause_ms = 1280;

const Guard = struct {
    held: starting.Held,
    command: i32,
    /// What the starter's end, and the command's, lead to.
    default: channels.Request,
    phase: enum { running, asking, killing } = .running,
    /// When asking is over, by the monotonic clock in milliseconds.
    deadline: u64 = never,
    pause_ms: u32 = first_pause_ms,
    is_left_reported: bool = false,
    /// When the time of the command is up, and whether it was.
    timeout_at: u64 = never,
    is_timed_out: bool = false,
    /// How the command of a second guard has ended. That one ends alike, unless it is the first
    /// process of a pid namespace, which no signal of its own ends.
    told: records.WaitRecord = std.mem.zeroes(records.WaitRecord),
    state: channels.GuardRecord = std.mem.zeroes(channels.GuardRecord),

    /// Ends with the last descendant.
    fn serve(guard: *Guard) void {
        while (guard.reap()) {
            if (guard.phase == .running and now() >= guard.timeout_at) guard.time_out();
            if (guard.phase == .asking and now() >= guard.deadline) guard.phase = .killing;
            if (guard.phase == .killing) guard.kill();
            guard.wait();
        }
        if (guard.held.cgroup >= 0) own_cgroup.end(guard.held.cgroup);
        guard.state.all = used_up();
        guard.tell(.gone);
    }

    /// Reaps all that have ended; false where no child is left.
    fn reap(guard: *Guard) bool {
        const had_status = guard.state.has_status == 1;
        var ended: records.WaitRecord = undefined;
        const options = kernel.WEXITED | kernel.WNOHANG | kernel.WALL;
        while (true) {
            const result = sys_wait.wait(zombies.P_ALL, 0, options, &ended);
            if (result == negated(.CHILD)) return false;
            if (result != 1) break;
            guard.pause_ms = first_pause_ms;
            const is_killed = is_killed_by(&ended, linux.SIG.KILL);
            if (guard.phase == .killing and is_killed) guard.state.killed += 1;
            if (ended.pid != guard.command) continue;
            // Its number may be another child's from now on.
            guard.command = 0;
            guard.state.status = ended;
            guard.state.has_status = 1;
        }
        if (!had_status and guard.state.has_status == 1) {
            guard.tell(.ended);
            guard.end(guard.default);
        }
        return true;
    }

    fn time_out(guard: *Guard) void {
        guard.is_timed_out = true;
        guard.end(guard.default);
    }

    /// Asks all, and sets the time that they have, which no later request prolongs.
    fn end(guard: *Guard, request: channels.Request) void {
        const asked = descendants.ask(guard.held.proc, @intCast(request.signal));
        guard.state.asked = @max(guard.state.asked, asked);
        guard.is_left_reported = false;
        if (guard.phase == .running) guard.phase = .asking;
        if (request.grace_ms < 0) return;
        guard.deadline = @min(guard.deadline, now() + @as(u32, @intCast(request.grace_ms)));
    }

    fn kill(guard: *Guard) void {
        const has_cgroup = guard.held.cgroup >= 0;
        if (has_cgroup) own_cgroup.kill(guard.held.cgroup);
        const found = children.kill_all(guard.held.proc);
        // Whom we may not signal the cgroup ends.
        const is_stuck = found.count > 0 and found.refused == found.count and !has_cgroup;
        if (guard.is_left_reported or !(is_stuck or guard.pause_ms == longest_pause_ms)) return;
        guard.is_left_reported = true;
        guard.state.left = found.count;
        guard.tell(.left);
    }

    /// Waits for a signal, a request, the end of the starter, or until it is time.
    fn wait(guard: *Guard) void {
        const held = &guard.held;
        var entries = [_]kernel.Pollfd{
            .{ .fd = held.signals, .events = kernel.POLLIN, .revents = 0 },
            .{ .fd = held.channel, .events = kernel.POLLIN, .revents = 0 },
            .{ .fd = held.starter, .events = kernel.POLLIN, .revents = 0 },
        };
        if (poll(&entries, guard.timeout()) < 0) return;
        if (entries[0].revents != 0) signals.take(held);
        if (entries[1].revents != 0) guard.take_request();
        if (entries[2].revents == 0) return;
        forget(&held.starter);
        guard.end(guard.default);
    }

    /// As shells have it, and timeout(1).
    fn exit_code(guard: *const Guard) u32 {
        const status = &guard.state.status;
        if (guard.is_timed_out and !is_killed_by(status, linux.SIG.KILL)) return 124;
        const number: u32 = @bitCast(status.status);
        const exited = 1; // CLD_EXITED
        return if (status.code == exited) number & 0xFF else 128 + number;
    }

    fn timeout(guard: *Guard) u64 {
        switch (guard.phase) {
            .running => return remaining(guard.timeout_at),
            .asking => return remaining(guard.deadline),
            .killing => {
                const pause_ms = guard.pause_ms;
                guard.pause_ms = @min(2 * pause_ms, longest_pause_ms);
                return pause_ms;
            },
        }
    }

    fn take_request(guard: *Guard) void {
        var message: extern union { request: channels.Request, report: channels.GuardRecord } =
            undefined;
        const size: usize = @sizeOf(channels.GuardRecord);
        const flags: u32 = linux.MSG.DONTWAIT;
        const channel = guard.held.channel;
        const got = call(named(.recvfrom), .{ channel, &message, size, flags, null, null });
        if (got == @sizeOf(channels.Request)) return guard.end(message.request);
        if (got == size) {
            // A second guard goes on with what it can't end, and its starter need not.
            if (message.report.report == .left) exit(failed);
            if (message.report.has_status == 1) guard.told = message.report.status;
            return;
        }
        // Its Worker has ended, or its program has executed another one: that changes nothing.
        if (got != negated(.AGAIN)) forget(&guard.held.channel);
    }

    fn tell(guard: *Guard, report: channels.Report) void {
        guard.state.report = report;
        const size: usize = @sizeOf(channels.GuardRecord);
        const flags: u32 = linux.MSG.NOSIGNAL | linux.MSG.DONTWAIT;
        const channel = guard.held.channel;
        _ = call(named(.sendto), .{ channel, &guard.state, size, flags, null, 0 });
    }
};

/// Of all whom we have reaped, and whom these have.
fn used_up() records.WaitRecord {
    const RUSAGE_CHILDREN: i32 = -1;
    var usage = std.mem.zeroes(kernel.Rusage);
    _ = call(named(.getrusage), .{ RUSAGE_CHILDREN, &usage });
    return records.WaitRecord.from(&std.mem.zeroes(kernel.WaitSiginfo), &usage);
}

fn is_killed_by(ended: *const records.WaitRecord, number: i32) bool {
    const killed = 2; // CLD_KILLED
    return ended.code == killed and ended.status == number;
}

fn exit(code: u32) noreturn {
    while (true) _ = syscall.call_once(named(.exit_group), .{code});
}

/// That of timeout(1) where it fails itself.
const failed = 125;

fn remaining(until: u64) u64 {
    return if (until == never) never else until -| now();
}

fn forget(fd: *i32) void {
    _ = sys_fd.close(fd.*);
    fd.* = -1;
}

const never = std.math.maxInt(u64);

fn now() u64 {
    return boot.now(boot.CLOCK_MONOTONIC) / std.time.ns_per_ms;
}

fn poll(entries: []kernel.Pollfd, timeout_ms: u64) i32 {
    var time = kernel.Timespec{
        .sec = @intCast(timeout_ms / 1000 & std.math.maxInt(i32)),
        .nsec = @intCast(timeout_ms % 1000 * std.time.ns_per_ms),
    };
    const limit = if (timeout_ms == never) 0 else @intFromPtr(&time);
    const number = kernel.ppoll_number;
    return syscall.call_once(number, .{ entries.ptr, entries.len, limit, null, 0 });
}

/// In the process of the guard: starts the command, and returns when nothing of it is left.
pub noinline fn run(
    channel: i32,
    name: making.Text,
    arguments: making.Texts,
    environment: making.Texts,
) u32 {
    const command = starting.Command{
        .name = name,
        .arguments = arguments,
        .environment = environment,
    };
    var orders: channels.Orders = undefined;
    var held = starting.Held{ .channel = channel };
    const pid = starting.start(&held, command, &orders);
    const record = &orders.record;
    if (pid < 0) {
        if (record.step != @intFromEnum(spawn.Step.execve)) return failed;
        return if (pid == negated(.NOENT)) 127 else 126;
    }
    const has_inner = held.has_inner;
    var guard = Guard{
        .held = held,
        .command = pid,
        .default = .{ .signal = record.kill_signal, .grace_ms = record.grace_ms },
    };
    if (!has_inner and record.timeout_ms > 0) guard.timeout_at = now() + record.timeout_ms;
    if (has_inner) signals.allow_stops();
    if (held.is_unwanted) guard.end(.{ .signal = linux.SIG.KILL, .grace_ms = 0 });
    guard.serve();
    if (has_inner) guard.take_request();
    const code = guard.exit_code();
    const status = if (has_inner) &guard.told else &guard.state.status;
    // Not where the time was up, which is another code.
    const is_interrupted = is_killed_by(status, linux.SIG.INT) and code == 128 + linux.SIG.INT;
    if (is_interrupted) signals.interrupt();
    return code;
}
