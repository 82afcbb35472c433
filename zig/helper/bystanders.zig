//! Processes that belong to no tree that is ended, for the proofs.
//!
//!   helper bystanders IDLE BUSY   forks IDLE processes that pause and BUSY ones that use a CPU,
//!                                 and prints "ready"; at each line of input prints how many of
//!                                 them live. At the end of the input it ends and reaps them.
const std = @import("std");
const helper = @import("helper.zig");
const tree = @import("tree.zig");
const linux = std.os.linux;

var pids: [1 << 16]i32 = @splat(0);
var living: usize = 0;

pub fn run() void {
    const idle = helper.number(u32, 2);
    const busy = helper.number(u32, 3);
    if (idle + busy > pids.len) helper.fail("too many");
    const parent = linux.getpid();
    while (living < idle + busy) : (living += 1) {
        const pid = helper.check(linux.fork(), "fork");
        if (pid == 0) stand_by(parent, living < idle);
        pids[living] = @intCast(pid);
    }
    helper.print("ready", .{});
    while (helper.next_line()) {
        while (reap(linux.W.NOHANG)) {}
        helper.print("{d}", .{living});
    }
    // Reaped here, lest pid 1 has thousands of zombies to reap while something else is measured.
    for (pids) |pid| if (pid != 0) {
        _ = linux.kill(pid, linux.SIG.KILL);
    };
    while (reap(0)) {}
}

fn stand_by(parent: i32, is_idle: bool) noreturn {
    tree.die_with_parent();
    if (linux.getppid() != parent) linux.exit_group(0);
    if (is_idle) tree.stay();
    while (true) std.atomic.spinLoopHint();
}

/// Whether there was one to reap; its pid is nobody's from then on.
fn reap(flags: u32) bool {
    var status: u32 = 0;
    const pid: isize = @bitCast(linux.waitpid(-1, &status, flags));
    if (pid <= 0) return false;
    const index = std.mem.indexOfScalar(i32, &pids, @intCast(pid)) orelse return true;
    pids[index] = 0;
    living -= 1;
    return true;
}
