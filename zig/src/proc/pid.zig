//! The pid that a pidfd names.
const std = @import("std");
const description = @import("description.zig");
const fdinfo = @import("fdinfo.zig");
const sys_fd = @import("../sys/fd.zig");
const kernel = @import("../sys/kernel.zig");
const sys_pidfd = @import("../sys/pidfd.zig");
const syscall = @import("../sys/syscall.zig");

const negated = syscall.negated;

/// From PIDFD_GET_INFO, or else /proc/self/fdinfo.
pub fn pid_of(pidfd: i32) i32 {
    var record = std.mem.zeroes(kernel.PidfdInfo);
    record.mask = kernel.PIDFD_INFO_PID;
    const result = sys_pidfd.info(pidfd, &record);
    if (result == 0 and record.mask & kernel.PIDFD_INFO_PID != 0) return @intCast(record.pid);
    // From 6.13 to 6.16 the ioctl says ESRCH of a process in another pid namespace too; but only a
    // reaped one hangs up.
    if (result == negated(.SRCH)) {
        return if (sys_fd.poll(pidfd, 0, 0) & kernel.POLLHUP != 0) result else negated(.REMOTE);
    }
    if (result == negated(.REMOTE) or result == negated(.BADF)) return result;
    const number = fdinfo.pid(pidfd);
    if (number <= 0) return number;
    // A /proc of another pid namespace has another number for it.
    const is_ours = description.counts_as_we_do();
    return if (is_ours < 0) is_ours else if (is_ours == 0) negated(.REMOTE) else number;
}
