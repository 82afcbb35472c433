//! One process in the table of a tree, see tree.zig.
const sys_fd = @import("../sys/fd.zig");
const sys_pidfd = @import("../sys/pidfd.zig");
const kernel = @import("../sys/kernel.zig");
const proc_stat = @import("../proc/stat.zig");
const syscall = @import("../sys/syscall.zig");

/// What is known of a process, a bit each. JavaScript has the same table, generated.
pub const Flags = packed struct(u32) {
    /// It is not stopped and not killed here: it is spared, or the kernel refused.
    hands_off: bool = false,
    /// The kernel refused a signal, or takes none for it.
    refused: bool = false,
    /// Its pid may be one of `spared`: the caller decides whether it is signalled.
    undecided: bool = false,
    /// It was stopped before we came, so it is not ours to resume.
    was_stopped: bool = false,
    /// We stopped it.
    stopped: bool = false,
    /// It was resumed on purpose, and must not be stopped again before it is killed.
    free: bool = false,
    /// Its children were listed whole since the forks were counted.
    listed: bool = false,
    /// It was stopped when it was last looked at, and no child was new.
    stands: bool = false,
    /// It was stopped when all of its children were listed, and was not seen resumed since.
    known: bool = false,
    /// That was so at any time.
    was_known: bool = false,
    /// It was resumed with a signal pending that ends it before it runs.
    dying: bool = false,
    /// It did not stop in time, and is no longer waited for.
    stubborn: bool = false,
    /// Its children can't be listed.
    unlisted: bool = false,
    /// SIGKILL was sent.
    killed: bool = false,
    /// It has ended.
    ended: bool = false,
    /// It leads, or led, a session; a process group.
    leads_session: bool = false,
    leads_group: bool = false,
    /// It was found by the session, or by the process group, that its parent leads; else as a
    /// child.
    by_session: bool = false,
    by_group: bool = false,
    /// It takes no signal that stops or kills: a thread of the kernel, or pid 1 of our own pid
    /// namespace.
    deaf: bool = false,
    /// It is to be chased.
    queued: bool = false,
    /// The caller has added it, and nothing was read of it.
    unread: bool = false,
    unused: u10 = 0,
};

/// One process.
pub const TreeRow = extern struct {
    start_ticks: u64,
    /// From when on it may have children that are not in the table, in clock ticks since boot.
    since: u64,
    pid: i32,
    /// Names this process for good; -1 once the caller has closed it.
    pidfd: i32,
    /// The row that it was found through; -1 for the root.
    parent: i32,
    depth: u32,
    group: i32,
    session: i32,
    threads: i32,
    flags: Flags,
    /// The signals 1 to 31 that it handles, ignores or blocks, a bit each from the lowest on.
    handled: u32,
    /// Those of them for which it has a handler.
    caught: u32,
    /// The row that is to be chased after this one; -1 ends the list.
    next: i32,
    /// The last of its threads that was looked at, where a look was interrupted.
    cursor: i32,
    /// The look over all in which it was last seen standing.
    looked: u32,
    /// When it was first sent SIGSTOP, in milliseconds of the monotonic clock.
    asked_ms: u32,
    /// How often others have resumed it.
    resumed: u32,
    name_length: u32,
    name: [16]u8,

    /// Takes over what was read while the process had its number.
    pub fn take(row: *TreeRow, stat: *const proc_stat.Stat) void {
        row.start_ticks = stat.start_ticks;
        row.threads = stat.threads;
        row.handled = stat.handled;
        row.caught = stat.caught;
        if (stat.flags & kernel.PF_KTHREAD != 0 or row.pid == 1) row.flags.deaf = true;
        // Neither is known of one that is being reaped.
        if (stat.group < 0) return;
        row.group = stat.group;
        row.session = stat.session;
        if (stat.session == row.pid) row.flags.leads_session = true;
        if (stat.group == row.pid) row.flags.leads_group = true;
    }

    pub fn holds_pid(row: *const TreeRow) bool {
        return row.pidfd >= 0 and pidfd_holds_pid(row.pidfd);
    }

    /// Whether all of it has ended.
    pub fn has_ended(row: *const TreeRow) bool {
        return row.pidfd < 0 or pidfd_has_ended(row.pidfd);
    }

    /// Answers whether the signal was sent; a refusal is noted.
    pub fn send(row: *TreeRow, signal: i32) bool {
        const result = sys_pidfd.signal(row.pidfd, signal, 0);
        if (result < 0 and result != syscall.negated(.SRCH)) row.refuse();
        return result == 0;
    }

    pub fn refuse(row: *TreeRow) void {
        row.flags.refused = true;
        row.flags.hands_off = true;
    }
};

/// Whether a process still has its pid, as a zombie has. Signal 0 reports that of a pidfd on every
/// kernel.
pub fn pidfd_holds_pid(pidfd: i32) bool {
    const number = syscall.number_of(.pidfd_send_signal);
    return syscall.call(number, .{ pidfd, 0, null, 0 }) != syscall.negated(.SRCH);
}

pub fn pidfd_has_ended(pidfd: i32) bool {
    return sys_fd.poll(pidfd, kernel.POLLIN, 0) > 0;
}
