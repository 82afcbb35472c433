//! Does this kernel keep exit records (PIDFD_INFO_EXIT)? Linux 6.19 and later report it. From 6.15
//! to 6.18 the only way to know is to look at a reaped process, so this makes a child that exits at
//! once.
const std = @import("std");
const builtin = @import("builtin");
const kernel = @import("../sys/kernel.zig");
const records = @import("../records.zig");
const syscall = @import("../sys/syscall.zig");
const sys_fd = @import("../sys/fd.zig");
const sys_pidfd = @import("../sys/pidfd.zig");
const sys_process = @import("../sys/process.zig");

const negated = syscall.negated;

/// 1: yes. 0: no. Below zero: it could not be found out, and why.
pub fn run() i32 {
    const self = sys_pidfd.open(sys_process.own_pid(), 0);
    if (self < 0) return self;
    defer _ = sys_fd.close(self);
    return answer_of(self) orelse try_out();
}

/// What the kernel says itself; null where it keeps records of processes but has no word for which.
fn answer_of(self: i32) ?i32 {
    var record = std.mem.zeroes(kernel.PidfdInfo);
    record.mask = kernel.PIDFD_INFO_SUPPORTED_MASK;
    const result = sys_pidfd.info(self, &record);
    if (result < 0) return if (is_absent(result)) 0 else result;
    if (record.mask & kernel.PIDFD_INFO_SUPPORTED_MASK == 0) return null;
    return @intFromBool(record.supported() & kernel.PIDFD_INFO_EXIT != 0);
}

fn try_out() i32 {
    const pid = clone_ending();
    if (pid < 0) return pid;
    // Our own child, which only we reap: its pid can't be reused before wait() below.
    const pidfd = sys_pidfd.open(pid, 0);
    if (pidfd < 0) {
        reap_by_pid(pid);
        return pidfd;
    }
    defer _ = sys_fd.close(pidfd);
    var record: records.WaitRecord = undefined;
    const reaped = sys_pidfd.wait(pidfd, kernel.WEXITED | kernel.WALL, &record);
    if (reaped < 0) {
        reap_by_pid(pid);
        return reaped;
    }
    return has_exit_record(pidfd);
}

fn has_exit_record(pidfd: i32) i32 {
    var record = std.mem.zeroes(kernel.PidfdInfo);
    record.mask = kernel.PIDFD_INFO_EXIT;
    const result = sys_pidfd.info(pidfd, &record);
    if (result == 0) return @intFromBool(record.mask & kernel.PIDFD_INFO_EXIT != 0);
    return if (result == negated(.SRCH) or is_absent(result)) 0 else result;
}

/// The ioctl came with 6.13; emulations of a kernel say ENOSYS.
fn is_absent(result: i32) bool {
    return result == negated(.NOTTY) or result == negated(.INVAL) or result == negated(.NOSYS);
}

/// A child without an exit signal: the runtime gets no SIGCHLD, and none of its plain waits finds
/// the child. It shares no memory with us, and only exits.
fn clone_ending() i32 {
    const number = syscall.named(.clone);
    // Flags and stack are both 0, so s390x's other order of the first two makes no difference.
    const pid = syscall.call(number, .{ 0, 0, 0, 0, 0 });
    if (pid != 0) return pid;
    while (true) _ = syscall.call_once(syscall.named(.exit_group), .{0});
}

/// If pidfd_open or waitid(P_PIDFD) is refused, the child is still only ours and must not stay a
/// zombie.
fn reap_by_pid(pid: i32) void {
    const number = syscall.named(.wait4);
    _ = syscall.call(number, .{ pid, 0, kernel.WALL, 0 });
}
