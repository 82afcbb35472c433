//! Kernel numbers and struct layouts, with the kernel that brought each one.
//!
//! | kernel | what came |
//! | ------ | --------- |
//! | 5.1    | pidfd_send_signal(2) |
//! | 5.3    | pidfd_open(2), poll(2) on a pidfd |
//! | 5.4    | waitid(P_PIDFD) |
//! | 5.6    | pidfd_getfd(2) |
//! | 5.10   | process_madvise(2) |
//! | 5.15   | process_mrelease(2) |
//! | 6.5    | SO_PEERPIDFD, SO_PASSPIDFD, SCM_PIDFD |
//! | 6.9    | pidfs: one inode a process; POLLHUP once the process was reaped |
//! | 6.9    | PIDFD_THREAD, and the scopes of pidfd_send_signal(2) |
//! | 6.11   | PIDFD_GET_NET_NAMESPACE and its like |
//! | 6.13   | PIDFD_GET_INFO |
//! | 6.14   | pidfds as file handles |
//! | 6.15   | PIDFD_INFO_EXIT |
//! | 6.16   | PIDFD_INFO_COREDUMP |
//! | 6.19   | PIDFD_INFO_SUPPORTED_MASK, PIDFD_INFO_COREDUMP_SIGNAL |
//! | 7.1    | PIDFD_INFO_COREDUMP_CODE |
//!
//! Every layout is asserted when the library is compiled, for each CPU it is compiled for.
const std = @import("std");
const builtin = @import("builtin");
const linux = std.os.linux;
const assert = std.debug.assert;

/// On these CPUs the number of an ioctl without data has a direction bit
/// (include/uapi/asm/ioctl.h).
const has_powerpc_ioctls = builtin.cpu.arch.isPowerPC();

pub const P_PIDFD: usize = 3;
pub const WNOHANG: u32 = 1;
pub const WEXITED: u32 = 4;
pub const WNOWAIT: u32 = 0x0100_0000;
/// Children of clone(2) whose exit signal is not SIGCHLD are waited for only with this flag.
pub const WALL: u32 = 0x4000_0000;
/// Children of the calling thread alone, not those of its process's other threads.
pub const WNOTHREAD: u32 = 0x2000_0000;

pub const POLLIN: i16 = 0x001;
pub const POLLHUP: i16 = 0x010;
pub const POLLNVAL: i16 = 0x020;

pub const AT_EMPTY_PATH: u32 = 0x1000;
pub const F_DUPFD_CLOEXEC: i32 = 1030;
pub const PR_SET_PDEATHSIG: usize = 1;
pub const PR_SET_NAME: usize = 15;
pub const PR_SET_NO_NEW_PRIVS: usize = 38;
pub const PR_SET_CHILD_SUBREAPER: usize = 36;
pub const PR_GET_CHILD_SUBREAPER: usize = 37;
/// A kernel thread's flag in /proc/PID/stat, include/linux/sched.h.
pub const PF_KTHREAD: u32 = 0x0020_0000;
pub const PIDFS_MAGIC: u64 = 0x5049_4446;
pub const PROC_SUPER_MAGIC: u64 = 0x9FA0;

pub const PIDFD_INFO_PID: u64 = 1 << 0;
pub const PIDFD_INFO_EXIT: u64 = 1 << 3;
pub const PIDFD_INFO_SUPPORTED_MASK: u64 = 1 << 5;

/// struct pidfd_info as of Linux 7.1; older kernels fill a prefix and zero the rest
/// (include/uapi/linux/pidfd.h). In 6.19 and 7.0 the word at 72 was `supported_mask`.
pub const PidfdInfo = extern struct {
    mask: u64,
    cgroupid: u64,
    pid: u32,
    tgid: u32,
    ppid: u32,
    ruid: u32,
    rgid: u32,
    euid: u32,
    egid: u32,
    suid: u32,
    sgid: u32,
    fsuid: u32,
    fsgid: u32,
    exit_code: i32,
    coredump_mask: u32,
    coredump_signal: u32,
    coredump_code: u32,
    coredump_pad: u32,
    supported_mask: u64 align(8),

    /// The bits that this kernel knows, if `mask` says that it reported them. Linux 7.1 moved the
    /// field: the new place is 0 before, and never 0 since.
    pub fn supported(self: *const PidfdInfo) u64 {
        if (self.supported_mask != 0) return self.supported_mask;
        const bytes: [8]u8 = std.mem.asBytes(self)[@offsetOf(PidfdInfo, "coredump_code")..][0..8].*;
        return @bitCast(bytes);
    }
};

/// _IOWR(0xFF, 11, struct pidfd_info). Both direction bits are set, so it is one number on every
/// CPU.
pub const PIDFD_GET_INFO: u32 = (3 << 30) | (@sizeOf(PidfdInfo) << 16) | 0xFF0B;

/// _IO(0xFF, nr), the form of the ten namespace ioctls (6.11).
pub fn namespace_ioctl(nr: u8) u32 {
    const direction: u32 = if (has_powerpc_ioctls) 0x2000_0000 else 0;
    return direction | 0xFF00 | nr;
}

/// pidfd_send_signal(2): the group that the process leads, instead of the process.
pub const PIDFD_SIGNAL_PROCESS_GROUP: i32 = 4;

/// siginfo_t, `si_code`: sent by sigqueue(3).
pub const SI_QUEUE: i32 = -1;

/// siginfo_t of a signal that carries a value: the union starts where that of WaitSiginfo does.
/// `value` is the int of union sigval, its first word on CPUs of either byte order.
pub const QueueSiginfo = extern struct {
    signo: i32,
    errno: i32 = 0,
    code: i32 = SI_QUEUE,
    sender: extern struct { pid: i32, uid: u32, value: i32 } align(@alignOf(usize)),
    rest: [if (@sizeOf(usize) == 8) 100 else 104]u8 = @splat(0),
};

/// getuid(2) with 32 bits: on arm the call of that name is the old one with 16.
pub const getuid: linux.SYS = if (@hasField(linux.SYS, "getuid32")) .getuid32 else .getuid;

/// The same of those that change the user.
pub const setgroups: linux.SYS =
    if (@hasField(linux.SYS, "setgroups32")) .setgroups32 else .setgroups;
pub const setresgid: linux.SYS =
    if (@hasField(linux.SYS, "setresgid32")) .setresgid32 else .setresgid;
pub const getegid: linux.SYS =
    if (@hasField(linux.SYS, "getegid32")) .getegid32 else .getegid;
pub const geteuid: linux.SYS =
    if (@hasField(linux.SYS, "geteuid32")) .geteuid32 else .geteuid;
pub const setresuid: linux.SYS =
    if (@hasField(linux.SYS, "setresuid32")) .setresuid32 else .setresuid;

/// struct iovec.
pub const Iovec = extern struct { base: usize, length: usize };

/// siginfo_t as waitid(2) fills it: the union starts behind three words, aligned to a pointer.
pub const WaitSiginfo = extern struct {
    signo: i32,
    errno: i32,
    code: i32,
    child: extern struct { pid: i32, uid: u32, status: i32 } align(@alignOf(usize)),
    rest: [if (@sizeOf(usize) == 8) 100 else 104]u8,
};

/// struct rusage as the kernel fills it: all words are C longs, on 32-bit CPUs too.
pub const Rusage = extern struct {
    user_sec: isize,
    user_usec: isize,
    system_sec: isize,
    system_usec: isize,
    max_rss_kib: isize,
    shared_rss: isize,
    unshared_data: isize,
    unshared_stack: isize,
    minor_faults: isize,
    major_faults: isize,
    swaps: isize,
    block_reads: isize,
    block_writes: isize,
    messages_sent: isize,
    messages_received: isize,
    signals: isize,
    voluntary_switches: isize,
    involuntary_switches: isize,
};

pub const Pollfd = extern struct { fd: i32, events: i16, revents: i16 };

/// struct __kernel_timespec: 64-bit seconds on every CPU.
pub const Timespec = extern struct { sec: i64, nsec: i64 };

/// poll(2), where this CPU has it: Linux gave the later ones (aarch64, riscv64, loongarch64) only
/// ppoll(2).
pub const poll_number: ?u32 =
    if (@hasField(linux.SYS, "poll")) @intFromEnum(linux.SYS.poll) else null;

/// The ppoll(2) that takes a 64-bit timespec: on 32-bit CPUs that is ppoll_time64 (5.1).
pub const ppoll_number = if (@sizeOf(usize) == 4) 414 else @intFromEnum(linux.SYS.ppoll);

/// The clock_nanosleep(2) that takes a 64-bit timespec: on 32-bit CPUs that is
/// clock_nanosleep_time64 (5.1).
pub const clock_nanosleep_number =
    if (@sizeOf(usize) == 4) 407 else @intFromEnum(linux.SYS.clock_nanosleep);

/// The clock_gettime(2) that fills a 64-bit timespec: on 32-bit CPUs that is clock_gettime64 (5.1).
pub const clock_gettime_number =
    if (@sizeOf(usize) == 4) 403 else @intFromEnum(linux.SYS.clock_gettime);

comptime {
    assert(@sizeOf(PidfdInfo) == 88);
    assert(@offsetOf(PidfdInfo, "pid") == 16);
    assert(@offsetOf(PidfdInfo, "exit_code") == 60);
    assert(@offsetOf(PidfdInfo, "coredump_mask") == 64);
    assert(@offsetOf(PidfdInfo, "supported_mask") == 80);
    assert(PIDFD_GET_INFO == 0xC058_FF0B);
    assert(namespace_ioctl(4) == if (has_powerpc_ioctls) 0x2000_FF04 else 0xFF04);

    const wide = @sizeOf(usize) == 8;
    assert(@sizeOf(WaitSiginfo) == 128);
    assert(@offsetOf(WaitSiginfo, "child") == if (wide) 16 else 12);
    assert(@sizeOf(QueueSiginfo) == 128);
    assert(@offsetOf(QueueSiginfo, "sender") == if (wide) 16 else 12);
    assert(@offsetOf(@FieldType(QueueSiginfo, "sender"), "value") == 8);
    assert(@sizeOf(Iovec) == 2 * @sizeOf(usize));
    assert(@intFromEnum(getuid) == switch (builtin.cpu.arch) {
        .x86_64 => 102,
        .aarch64, .riscv64, .loongarch64 => 174,
        .powerpc64le => 24,
        .s390x => 199,
        .arm => 199,
        else => unreachable,
    });
    assert(@sizeOf(Rusage) == if (wide) 144 else 72);
    assert(@sizeOf(Pollfd) == 8);
    assert(@sizeOf(Timespec) == 16);

    // The unified numbers: the same on every CPU this library is built for.
    assert(@intFromEnum(linux.SYS.pidfd_send_signal) == 424);
    assert(@intFromEnum(linux.SYS.pidfd_open) == 434);
    assert(@intFromEnum(linux.SYS.pidfd_getfd) == 438);
    assert(@intFromEnum(linux.SYS.process_madvise) == 440);
    assert(@intFromEnum(linux.SYS.process_mrelease) == 448);
    // The old ones differ from CPU to CPU (arch/*/kernel/syscalls/syscall.tbl).
    assert(@intFromEnum(linux.SYS.waitid) == switch (builtin.cpu.arch) {
        .x86_64 => 247,
        .aarch64, .riscv64, .loongarch64 => 95,
        .powerpc64le => 272,
        .s390x => 281,
        .arm => 280,
        else => @compileError("no waitid(2) number is known for this CPU"),
    });
    assert(poll_number == @as(?u32, switch (builtin.cpu.arch) {
        .x86_64 => 7,
        .aarch64, .riscv64, .loongarch64 => null,
        .powerpc64le => 167,
        .s390x, .arm => 168,
        else => unreachable,
    }));
    assert(ppoll_number == switch (builtin.cpu.arch) {
        .x86_64 => 271,
        .aarch64, .riscv64, .loongarch64 => 73,
        .powerpc64le => 281,
        .s390x => 302,
        .arm => 414,
        else => unreachable,
    });
    assert(@intFromEnum(linux.SYS.open_by_handle_at) == switch (builtin.cpu.arch) {
        .x86_64 => 304,
        .aarch64, .riscv64, .loongarch64 => 265,
        .powerpc64le => 346,
        .s390x => 336,
        .arm => 371,
        else => unreachable,
    });
    assert(@intFromEnum(linux.SYS.ioctl) == switch (builtin.cpu.arch) {
        .x86_64 => 16,
        .aarch64, .riscv64, .loongarch64 => 29,
        .powerpc64le, .s390x, .arm => 54,
        else => unreachable,
    });
}
