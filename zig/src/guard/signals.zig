//! The signals that a guard is sent. One that has taken the place of a program hands them on to the
//! command.
const std = @import("std");
const child = @import("../spawn/child.zig");
const proc_pid = @import("../proc/pid.zig");
const proc_scan = @import("../proc/scan.zig");
const proc_stat = @import("../proc/stat.zig");
const starting = @import("start.zig");
const sys_pidfd = @import("../sys/pidfd.zig");
const sys_process = @import("../sys/process.zig");
const syscall = @import("../sys/syscall.zig");
const thread = @import("../sys/thread.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const Held = starting.Held;

/// SIGCHLD only wakes us: waitid(2) says who has ended.
pub fn take(held: *const Held) void {
    var info: [128]u8 align(8) = undefined;
    while (call(named(.read), .{ held.signals, &info, info.len }) == info.len) {
        const number: *const i32 = @ptrCast(&info);
        const code: *const i32 = @ptrCast(&info[8]);
        if (!held.forwards or number.* == linux.SIG.CHLD) continue;
        if (is_sent_to_both(held, number.*, code.*)) continue;
        _ = sys_pidfd.signal(held.command, number.*, 0);
    }
}

/// Whether the command has got it too, because it is in our process group: what a terminal
/// sends, and SIGCONT, by which a shell resumes its job.
fn is_sent_to_both(held: *const Held, number: i32, code: i32) bool {
    const pid = proc_pid.pid_of(held.command);
    const own: i32 = 0;
    if (call(named(.getpgid), .{pid}) != call(named(.getpgid), .{own})) return false;
    if (number == linux.SIG.CONT) return !is_stopped(held.proc, pid);
    const is_kernels = code > 0;
    return is_kernels;
}

fn is_stopped(proc: i32, pid: i32) bool {
    var buffer: [proc_stat.max_length]u8 = undefined;
    var stat: proc_stat.Stat = undefined;
    return proc_scan.read_stat(proc, pid, &buffer, &stat) == 0 and stat.state == 'T';
}

/// A shell stops its job, and takes the terminal back when it sees us stopped.
pub fn allow_stops() void {
    _ = thread.mask(~(bit(linux.SIG.TSTP) | bit(linux.SIG.TTIN) | bit(linux.SIG.TTOU)));
}

/// Ends as the command did: a shell ends its script or loop only then.
pub fn interrupt() void {
    child.reset_signal(linux.SIG.INT);
    _ = thread.mask(~bit(linux.SIG.INT));
    _ = call(named(.kill), .{ sys_process.own_pid(), @as(u32, linux.SIG.INT) });
}

fn bit(number: u6) u64 {
    return @as(u64, 1) << (number - 1);
}
