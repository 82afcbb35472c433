//! Trees whose processes are continued while they are to be stopped, and fork when they run: see
//! escape.zig.
//!
//! Every process forks once for each SIGCONT that it gets. It comes at the end of a child
//! (sigcont-exit: that is the child's exit signal), at the end of the parent (sigcont-death:
//! PR_SET_PDEATHSIG), by a timer of the process itself (sigcont-timer: every 1 to 8 ms, whether it
//! is stopped or not), or from a child (sigcont-child: every 200 µs).
const std = @import("std");
const escape = @import("escape.zig");
const forks = @import("escape_forks.zig");
const tree = @import("tree.zig");
const linux = std.os.linux;

const branches = 4;
const depth = 3;

var exit_signal: u64 = linux.SIG.CHLD;
var has_death_signal = false;
var has_timer = false;
var timer: usize = 0;

pub fn at_exit() noreturn {
    exit_signal = linux.SIG.CONT;
    grow();
}

pub fn at_death() noreturn {
    has_death_signal = true;
    grow();
}

pub fn by_timer() noreturn {
    has_timer = true;
    grow();
}

pub fn by_child() noreturn {
    install_handler();
    for (0..branches) |_| if (forks.fork() == 0) {
        escape.announce(escape.next_number());
        const pidfd = linux.pidfd_open(linux.getpid(), 0);
        if (forks.fork() == 0) send_to(@intCast(pidfd));
        fork_when_continued();
    };
    tree.stay();
}

/// The parent is told by its pidfd: who takes the orphan gets no signal.
fn send_to(parent: i32) noreturn {
    escape.announce(escape.next_number());
    for (0..10_000) |_| {
        tree.sleep_us(200);
        _ = linux.pidfd_send_signal(parent, linux.SIG.CONT, null, 0);
    }
    tree.stay();
}

fn grow() noreturn {
    install_handler();
    for (0..branches) |_| if (fork_next()) {
        for (1..depth) |_| if (!fork_next()) break;
        fork_when_continued();
    };
    fork_when_continued();
}

fn nothing(_: i32) callconv(.c) void {}

/// A signal without a handler would not end pause(2).
fn install_handler() void {
    const action = linux.Sigaction{
        .handler = .{ .handler = nothing },
        .mask = linux.sigemptyset(),
        .flags = 0,
    };
    _ = linux.sigaction(linux.SIG.CONT, &action, null);
}

fn fork_when_continued() noreturn {
    while (true) {
        _ = linux.pause();
        if (!fork_next() and has_timer) arm();
    }
}

/// True in the child.
fn fork_next() bool {
    const number = escape.next_number();
    if (number > escape.count) tree.stay();
    if (forks.clone(0, exit_signal) != 0) return false;
    if (has_death_signal) {
        _ = linux.prctl(@intFromEnum(linux.PR.SET_PDEATHSIG), linux.SIG.CONT, 0, 0, 0);
    }
    if (has_timer) make_timer();
    escape.announce(number);
    return true;
}

/// struct sigevent, sigevent(3type).
const Event = extern struct {
    value: usize = 0,
    signal: i32 = linux.SIG.CONT,
    how: i32 = 0, // SIGEV_SIGNAL
    padding: [48]u8 = @splat(0),
};

/// A child does not inherit its parent's timers.
fn make_timer() void {
    var event = Event{};
    var id: i32 = 0;
    const monotonic = 1;
    _ = linux.syscall3(.timer_create, monotonic, @intFromPtr(&event), @intFromPtr(&id));
    timer = @intCast(id);
    arm();
}

/// Once: a process that is continued for ever would never stand.
fn arm() void {
    const pid: usize = @intCast(linux.getpid());
    // Nanoseconds.
    const after: isize = @intCast(1_000_000 * (1 + pid % 8));
    const zero = linux.timespec{ .sec = 0, .nsec = 0 };
    const time = linux.itimerspec{ .it_interval = zero, .it_value = .{ .sec = 0, .nsec = after } };
    _ = linux.syscall4(.timer_settime, timer, 0, @intFromPtr(&time), 0);
}
