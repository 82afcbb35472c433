//! The zombies among the children of the calling thread, and which of them nobody else waits for.
//!
//! The kernel lists a child under the thread that forked it, and re-parents an orphan to the first
//! thread. So of the first thread's children those are orphans that the runtime has not started: it
//! keeps a pidfd of each of its own with O_NONBLOCK (Bun, Deno), or a handle of its loop (Node).
const std = @import("std");
const sys_fd = @import("../sys/fd.zig");
const sys_pidfd = @import("../sys/pidfd.zig");
const sys_process = @import("../sys/process.zig");
const kernel = @import("../sys/kernel.zig");
const proc_file = @import("file.zig");
const proc_scan = @import("scan.zig");
const proc_stat = @import("stat.zig");
const records = @import("../records.zig");
const syscall = @import("../sys/syscall.zig");
const sys_wait = @import("../sys/wait.zig");
const imported = @import("../sys/pthread.zig").imported;
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

pub const P_ALL: usize = 0;
const P_PID: usize = 1;
const look = kernel.WEXITED | kernel.WNOHANG | kernel.WNOWAIT | kernel.WNOTHREAD;

const capacity = 1024;

pub const ZombiesRecord = extern struct {
    /// When each was started: with its pid, who it is.
    start_ticks: [capacity]u64,
    /// 0 for one that is somebody's.
    pids: [capacity]i32,
    /// In: how many to leave out, those that were shown before.
    skipped: u32,
    count: u32,
};

/// Fills in the next ones: 1 if there may be more, else 0. EPERM: this is not the first thread.
/// ENOENT: the kernel does not list children (CONFIG_PROC_CHILDREN), or /proc is not mounted.
pub fn list(record: *ZombiesRecord) i32 {
    record.count = 0;
    if (!sys_process.is_first_thread()) return negated(.PERM);
    const proc = proc_scan.open();
    if (proc < 0) return proc;
    defer proc_file.close(proc);
    const file = proc_file.open(proc, "thread-self/children", .{});
    if (file < 0) return file;
    defer proc_file.close(file);
    var unused: records.WaitRecord = undefined;
    // Most of the time there is none.
    if (sys_wait.wait(P_ALL, 0, look, &unused) == 0) return 0;
    return read(proc, file, record);
}

fn read(proc: i32, file: i32, record: *ZombiesRecord) i32 {
    var buffer: [1024]u8 = undefined;
    var pid: i32 = 0;
    var seen: u32 = 0;
    var unused: records.WaitRecord = undefined;
    while (true) {
        const count = call(named(.read), .{ file, &buffer, buffer.len });
        if (count < 0) return count;
        // The list may skip somebody while it changes: the next one has it.
        if (count == 0) return @intFromBool(seen == 0);
        for (buffer[0..@intCast(count)]) |byte| {
            if (byte != ' ') {
                pid = pid * 10 + byte - '0';
                continue;
            }
            if (sys_wait.wait(P_PID, pid, look, &unused) == 1) {
                seen += 1;
                if (seen > record.skipped) {
                    if (record.count == capacity) return 1;
                    const result = add(proc, pid, record);
                    if (result < 0) return result;
                }
            }
            pid = 0;
        }
    }
}

fn add(proc: i32, pid: i32, record: *ZombiesRecord) i32 {
    var buffer: [proc_stat.max_length]u8 = undefined;
    var stat: proc_stat.Stat = undefined;
    const result = proc_scan.read_stat(proc, pid, &buffer, &stat);
    // Its own thread alone may reap it, which is this one, unless a library breaks that rule.
    if (result == negated(.SRCH) or result == negated(.NOENT)) return 0;
    if (result < 0) return result;
    record.start_ticks[record.count] = stat.start_ticks;
    record.pids[record.count] = pid;
    record.count += 1;
    return 0;
}

/// Takes out of the record whom the runtime waits for. ENOSYS: there is no loop to be asked.
pub fn spare(has_loop: bool, record: *ZombiesRecord) i32 {
    if (has_loop) {
        const walk = imported("uv_walk") orelse return negated(.NOSYS);
        const default_loop = imported("uv_default_loop") orelse return negated(.NOSYS);
        walk(default_loop(), spare_handle, record);
    }
    const folder = proc_file.open(proc_file.nowhere, "/proc/self/fd", .{ .DIRECTORY = true });
    if (folder < 0) return folder;
    defer proc_file.close(folder);
    var entries = proc_scan.Entries{ .folder = folder };
    while (entries.next()) |fd| spare_held(fd, record);
    return entries.failure;
}

const uv_process = 10;

fn spare_handle(handle: *const anyopaque, word: ?*anyopaque) callconv(.c) void {
    const kind = imported("uv_handle_get_type") orelse unreachable;
    const pid_of = imported("uv_process_get_pid") orelse unreachable;
    if (kind(handle) == uv_process) forget(pid_of(handle), @ptrCast(@alignCast(word.?)));
}

/// waitid(2) looks at what kind of file it is, and does nothing to any other.
fn spare_held(fd: i32, record: *ZombiesRecord) void {
    const flags = sys_fd.fcntl(fd, linux.F.GETFL, 0);
    const nonblocking: u32 = @bitCast(linux.O{ .NONBLOCK = true });
    if (flags < 0 or @as(u32, @bitCast(flags)) & nonblocking == 0) return;
    var found: records.WaitRecord = undefined;
    if (sys_pidfd.wait(fd, look, &found) == 1) forget(found.pid, record);
}

fn forget(pid: i32, record: *ZombiesRecord) void {
    for (record.pids[0..record.count]) |*zombie| if (zombie.* == pid) {
        zombie.* = 0;
    };
}

/// Reaps one that was listed in this same turn: 1 and the record, or 0. ECHILD: it is no child of
/// the calling thread.
pub fn reap(pid: i32, record: *records.WaitRecord) i32 {
    return sys_wait.wait(P_PID, pid, kernel.WEXITED | kernel.WNOHANG | kernel.WNOTHREAD, record);
}
