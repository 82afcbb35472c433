//! Calls on a pidfd. ../calls.zig says what each answers.
const kernel = @import("kernel.zig");
const sys_fd = @import("fd.zig");
const sys_process = @import("process.zig");
const records = @import("../records.zig");
const syscall = @import("syscall.zig");
const sys_wait = @import("wait.zig");

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// pidfd_open(2).
pub fn open(pid: i32, flags: i32) i32 {
    return syscall.inlined(syscall.number_of(.pidfd_open), .{ pid, flags });
}

/// pidfd_send_signal(2), unless a look shows that the process has ended.
pub fn signal(pidfd: i32, number: i32, flags: i32) i32 {
    const look = is_running(pidfd, flags);
    if (look < 0) return look;
    return syscall.inlined(syscall.number_of(.pidfd_send_signal), .{ pidfd, number, null, flags });
}

/// The same with a value and the siginfo of sigqueue(3).
pub fn queue(pidfd: i32, record: *const records.QueueRecord) i32 {
    const look = is_running(pidfd, record.flags);
    if (look < 0) return look;
    const uid: u32 = @bitCast(call(named(kernel.getuid), .{}));
    var siginfo = kernel.QueueSiginfo{
        .signo = record.number,
        .sender = .{ .pid = sys_process.own_pid(), .uid = uid, .value = record.value },
    };
    const number = syscall.number_of(.pidfd_send_signal);
    return call(number, .{ pidfd, record.number, &siginfo, record.flags });
}

inline fn is_running(pidfd: i32, flags: i32) i32 {
    const look = sys_fd.poll_now(pidfd, kernel.POLLIN, 0);
    if (look < 0) return look;
    if (look & kernel.POLLNVAL != 0) return negated(.BADF);
    const is_group = flags & kernel.PIDFD_SIGNAL_PROCESS_GROUP != 0;
    return if (look == 0 or is_group) 0 else negated(.SRCH);
}

/// waitid(2) with P_PIDFD.
pub fn wait(pidfd: i32, options: i32, record: *records.WaitRecord) i32 {
    return sys_wait.wait(kernel.P_PIDFD, pidfd, @bitCast(options), record);
}

/// ioctl PIDFD_GET_INFO.
///
/// When another thread executes a program and becomes the leader, the kernel may at that moment
/// report the old leader: with the thread's id, or with none. The next call reports the new one. So
/// a result counts if it has the id of a leader, if it came twice (as that of a thread does), or if
/// the pidfd has hung up.
pub fn info(pidfd: i32, record: *kernel.PidfdInfo) i32 {
    const wanted = record.mask;
    var result: i32 = 0;
    var before: u32 = 0;
    for (0..8) |_| {
        record.mask = wanted;
        result = call(named(.ioctl), .{ pidfd, kernel.PIDFD_GET_INFO, record });
        if (result == 0) {
            if (record.pid == record.tgid or record.pid == before) break;
            before = record.pid;
            continue;
        }
        if (result != negated(.SRCH) or sys_fd.poll(pidfd, 0, 0) & kernel.POLLHUP != 0) break;
    }
    return result;
}
