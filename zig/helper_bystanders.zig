//! Processes that belong to no tree that is ended, for the proofs.
//!
//!   helper bystanders IDLE BUSY   forks IDLE processes that pause and BUSY ones that use a CPU,
//!                                 and prints "ready"; at each line of input prints how many of
//!                                 them live. All end with the input.
const std = @import("std");
const helper = @import("helper.zig");
const tree = @import("helper_tree.zig");
const linux = std.os.linux;

pub fn run() void {
    const idle = helper.number(u32, 2);
    const busy = helper.number(u32, 3);
    const parent = linux.getpid();
    for (0..idle + busy) |index| {
        const pid = helper.check(linux.fork(), "fork");
        if (pid != 0) continue;
        tree.die_with_parent();
        if (linux.getppid() != parent) linux.exit_group(0);
        if (index < idle) tree.stay();
        while (true) std.atomic.spinLoopHint();
    }
    helper.print("ready", .{});
    var living = idle + busy;
    while (helper.next_line()) {
        var status: u32 = 0;
        while (@as(isize, @bitCast(linux.waitpid(-1, &status, linux.W.NOHANG))) > 0) living -= 1;
        helper.print("{d}", .{living});
    }
    linux.exit_group(0);
}
