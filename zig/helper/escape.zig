//! Trees that try to escape whoever ends them, for the tests and proofs of `killTree`.
//!
//!   helper escape SHAPE COUNT READY DELAY_US [BEHAVIOUR]…
//!
//! This process is the root. It prints "ready" when READY processes were forked, and the tree goes
//! on to grow up to COUNT processes (restart and bomb: COUNT that live at a time).
//!
//! Unlike the trees of tree.zig these live in the pid namespace of whoever starts them:
//! which pids the kernel gives, and who takes orphans, is part of what is tried. Only an alarm and
//! the count bound them, so whoever starts one looks for the mark that it put in the environment.
//! The alarm goes off at the same moment in all of them, and whoever is forked later exits at once:
//! a chain whose generations had 30 seconds each would go on.
//!
//! Shapes: chain (each generation forks the next, DELAY_US after its own start, and pauses), and
//! those of escape_shapes.zig and escape_sigcont.zig.
//! Behaviours of every shape: sigdfl (SIGTERM is not ignored), root-session (the root leads one).
//! Behaviours of a chain: setsid (in each generation), exit (all but the root exit once they have
//! forked), thread (a second thread forks), set-tid (pids near and far, by clone3(2)), clone-parent
//! (from the third on they are siblings, by CLONE_PARENT).
//!
//!   helper can-set-tid   exits with 0 where clone3(2) takes set_tid, else with 77
const std = @import("std");
const forks = @import("escape_forks.zig");
const helper = @import("helper.zig");
const shapes = @import("escape_shapes.zig");
const sigcont = @import("escape_sigcont.zig");
const tree = @import("tree.zig");
const linux = std.os.linux;

const seconds = 30;

/// What all processes of the tree share.
const Shared = extern struct { forked: u32 = 0, born: u32 = 1, deadline: i64 = 0 };

pub var count: u32 = 0;
var ready: u32 = 0;
var delay: u32 = 0;
var shared: *Shared = undefined;

pub fn has(behaviour: []const u8) bool {
    for (std.os.argv[6..]) |given| {
        if (std.mem.eql(u8, std.mem.span(given), behaviour)) return true;
    }
    return false;
}

pub fn run() void {
    count = helper.number(u32, 3);
    ready = helper.number(u32, 4);
    delay = helper.number(u32, 5);
    share();
    begin();
    // What ends is reaped by the kernel.
    for ([_]u8{ linux.SIG.HUP, linux.SIG.CHLD }) |signal| tree.ignore(signal);
    if (!has("sigdfl")) tree.ignore(linux.SIG.TERM);
    if (has("root-session")) _ = linux.setsid();
    announce(next_number());
    const all = .{
        .{ "chain", chain },                    .{ "restart", shapes.restart },
        .{ "bomb", shapes.bomb },               .{ "vfork", shapes.vfork },
        .{ "sigcont-exit", sigcont.at_exit },   .{ "sigcont-death", sigcont.at_death },
        .{ "sigcont-timer", sigcont.by_timer }, .{ "sigcont-child", sigcont.by_child },
    };
    inline for (all) |shape| {
        if (std.mem.eql(u8, helper.text(2), shape[0])) shape[1]();
    }
    helper.fail("no such shape");
}

pub fn share() void {
    const protection = linux.PROT.READ | linux.PROT.WRITE;
    const flags = linux.MAP{ .TYPE = .SHARED, .ANONYMOUS = true };
    const address = helper.check(linux.mmap(null, 4096, protection, flags, -1, 0), "mmap");
    shared = @ptrFromInt(address);
    shared.* = .{ .deadline = now() + seconds };
}

fn now() i64 {
    var time: linux.timespec = undefined;
    _ = linux.clock_gettime(.MONOTONIC, &time);
    return time.sec;
}

/// What a new process does at once: an alarm is not inherited.
pub fn begin() void {
    const left = shared.deadline - now();
    if (left <= 0) linux.exit_group(0);
    const zero = linux.timespec{ .sec = 0, .nsec = 0 };
    const value = linux.timespec{ .sec = @intCast(left), .nsec = 0 };
    _ = linux.setitimer(0, &.{ .it_interval = zero, .it_value = value }, null);
}

/// The number of the process that is forked next; the root has 1.
pub fn next_number() u32 {
    return tree.add(&shared.forked);
}

/// The number of a process among those that were forked indeed, as it tells itself.
pub fn own_number() u32 {
    return tree.add(&shared.born);
}

/// What a process does first.
pub fn announce(number: u32) void {
    if (number == ready) helper.print("ready", .{});
}

fn chain() noreturn {
    if (has("thread")) begin_thread();
    while (true) fork_next();
}

/// Each generation forks in a new thread: the one that forked is the first thread of the child.
fn begin_thread() noreturn {
    const options = std.Thread.SpawnConfig{ .stack_size = 64 * 1024 };
    _ = std.Thread.spawn(options, fork_in_thread, .{}) catch tree.stay();
    tree.stay();
}

fn fork_in_thread() void {
    fork_next();
    begin_thread();
}

/// Returns in the child only.
fn fork_next() void {
    const number = next_number();
    if (number > count) tree.stay();
    if (delay > 0) tree.sleep_us(delay);
    const pid = fork_as_given(number);
    if (pid != 0) {
        if (pid != forks.failed and number > 2 and has("exit")) linux.exit_group(0);
        tree.stay();
    }
    if (has("setsid")) _ = linux.setsid();
    announce(number);
}

fn fork_as_given(number: u32) usize {
    if (has("set-tid")) return forks.clone_anywhere(number);
    // The root's own sibling would not be part of the tree.
    if (number > 2 and has("clone-parent")) return forks.clone(linux.CLONE.PARENT, 0);
    return forks.fork();
}
