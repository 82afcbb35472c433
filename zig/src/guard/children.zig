//! Kills the guard's own children. Whoever is listed as one was not reaped, because only the guard
//! reaps them; and each is pinned, and asked of waitid(2), before it is signalled.
const std = @import("std");
const sys_fd = @import("../sys/fd.zig");
const sys_pidfd = @import("../sys/pidfd.zig");
const sys_process = @import("../sys/process.zig");
const kernel = @import("../sys/kernel.zig");
const proc_file = @import("../proc/file.zig");
const proc_scan = @import("../proc/scan.zig");
const proc_stat = @import("../proc/stat.zig");
const records = @import("../records.zig");
const syscall = @import("../sys/syscall.zig");
const sys_wait = @import("../sys/wait.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;

/// How many children run, and how many of those the kernel does not let us signal.
pub const Found = struct { count: u32 = 0, refused: u32 = 0 };

/// Sends SIGKILL to all of them. The list may miss one while it changes: the next one has it.
pub fn kill_all(proc: i32) Found {
    var found = Found{};
    const file = proc_file.open(proc, "thread-self/children", .{});
    if (file < 0) {
        // A kernel without CONFIG_PROC_CHILDREN.
        kill_by_scan(proc, &found);
        return found;
    }
    defer proc_file.close(file);
    var buffer: [1024]u8 = undefined;
    var pid: i32 = 0;
    while (true) {
        const count = call(named(.read), .{ file, &buffer, buffer.len });
        if (count <= 0) return found;
        for (buffer[0..@intCast(count)]) |byte| {
            if (byte != ' ') {
                pid = pid * 10 + byte - '0';
                continue;
            }
            kill(pid, &found);
            pid = 0;
        }
    }
}

fn kill_by_scan(proc: i32, found: *Found) void {
    _ = call(named(.lseek), .{ proc, 0, linux.SEEK.SET });
    const guard = sys_process.own_pid();
    var entries = proc_scan.Entries{ .folder = proc };
    while (entries.next()) |pid| {
        var buffer: [proc_stat.max_length]u8 = undefined;
        var stat: proc_stat.Stat = undefined;
        if (proc_scan.read_stat(proc, pid, &buffer, &stat) < 0) continue;
        if (stat.ppid == guard) kill(pid, found);
    }
}

noinline fn kill(pid: i32, found: *Found) void {
    const pidfd = sys_pidfd.open(pid, 0);
    if (pidfd < 0) return;
    defer _ = sys_fd.close(pidfd);
    var unused: records.WaitRecord = undefined;
    const look = kernel.WEXITED | kernel.WNOHANG | kernel.WNOWAIT | kernel.WALL;
    // ECHILD: it is none of ours. 1: it has ended.
    if (sys_pidfd.wait(pidfd, @bitCast(look), &unused) != 0) return;
    found.count += 1;
    if (sys_pidfd.signal(pidfd, linux.SIG.KILL, 0) == syscall.negated(.PERM)) found.refused += 1;
}

test "only a child that was not reaped is killed" {
    var found = Found{};
    kill(linux.getppid(), &found);
    kill(linux.getpid(), &found);
    try std.testing.expectEqual(Found{}, found);
    const pid: i32 = @intCast(linux.fork());
    if (pid == 0) while (true) {
        _ = linux.pause();
    };
    kill(pid, &found);
    try std.testing.expectEqual(Found{ .count = 1 }, found);
    var ended: records.WaitRecord = undefined;
    const by_pid = 1;
    const options = kernel.WEXITED;
    try std.testing.expectEqual(1, sys_wait.wait(by_pid, pid, options, &ended));
    try std.testing.expectEqual(linux.SIG.KILL, ended.status);
    kill(pid, &found);
    try std.testing.expectEqual(Found{ .count = 1 }, found);
}

test "children are found by their list, and without one" {
    const proc = proc_scan.open();
    defer proc_file.close(proc);
    for ([_]bool{ true, false }) |is_listed| {
        const pid: i32 = @intCast(linux.fork());
        if (pid == 0) while (true) {
            _ = linux.pause();
        };
        var found = Found{};
        if (is_listed) found = kill_all(proc) else kill_by_scan(proc, &found);
        try std.testing.expect(found.count >= 1);
        var ended: records.WaitRecord = undefined;
        const by_pid = 1;
        try std.testing.expectEqual(1, sys_wait.wait(by_pid, pid, kernel.WEXITED, &ended));
        try std.testing.expectEqual(linux.SIG.KILL, ended.status);
    }
}
