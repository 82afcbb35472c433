//! Trees that grow again when they are cut: see escape.zig.
//!
//! restart (the root keeps COUNT - 1 children: it forks another for each that exits), bomb (every
//! process forks again and again, while fewer than COUNT live), vfork (pairs of a parent that
//! sleeps as in vfork(2), too deeply to be stopped, and the child that it waits for; the root is
//! one too).
const std = @import("std");
const escape = @import("escape.zig");
const forks = @import("escape_forks.zig");
const tree = @import("tree.zig");
const linux = std.os.linux;

/// How many may be forked for each that may live: the bound of what nobody stops.
const most_forks = 20;

pub fn restart() noreturn {
    const action = linux.Sigaction{
        .handler = .{ .handler = linux.SIG.DFL },
        .mask = linux.sigemptyset(),
        .flags = 0,
    };
    // The children are to be waited for.
    _ = linux.sigaction(linux.SIG.CHLD, &action, null);
    var living: u32 = 1;
    while (true) {
        while (living < escape.count) : (living += 1) fork_mortal(&action);
        var status: u32 = 0;
        if (@as(isize, @bitCast(linux.waitpid(-1, &status, 0))) > 0) living -= 1;
    }
}

/// A child that SIGTERM ends.
fn fork_mortal(default: *const linux.Sigaction) void {
    const number = escape.next_number();
    if (number > most_forks * escape.count) tree.stay();
    if (forks.fork() != 0) return;
    _ = linux.sigaction(linux.SIG.TERM, default, null);
    escape.announce(number);
    tree.stay();
}

/// As a user of its own, whose number of processes the kernel limits; where that is refused, no
/// more than COUNT are forked.
pub fn bomb() noreturn {
    // A user of its own, whose processes are counted: a pid may be another one's too, in another
    // pid namespace.
    var random: [4]u8 = undefined;
    _ = linux.getrandom(&random, random.len, 0);
    const user = (1 << 21) + std.mem.readInt(u32, &random, .little) % (1 << 30);
    const limit = linux.rlimit{ .cur = escape.count, .max = escape.count };
    const is_limited = linux.E.init(linux.setresuid(user, user, user)) == .SUCCESS and
        linux.E.init(linux.setrlimit(.NPROC, &limit)) == .SUCCESS;
    const most = if (is_limited) most_forks * escape.count else escape.count;
    while (true) {
        const number = escape.next_number();
        if (number > most) tree.stay();
        const pid = forks.fork();
        // Not that of the attempt: it may have failed at the limit, which others had reached since.
        if (pid == 0) escape.announce(escape.own_number());
        // At the limit: again and again, as a bomb does, but the machine has others too.
        if (pid == forks.failed) tree.sleep_us(200);
    }
}

pub fn vfork() noreturn {
    for (0..escape.count / 2 -| 1) |_| {
        if (forks.fork() == 0) wait_as_in_vfork(escape.next_number());
    }
    wait_as_in_vfork(0);
}

/// The child has memory of its own, unlike vfork's; the parent waits for it in the same way.
fn wait_as_in_vfork(own_number: u32) noreturn {
    escape.announce(own_number);
    if (forks.clone(linux.CLONE.VFORK, linux.SIG.CHLD) == 0) {
        escape.announce(escape.next_number());
        if (forks.fork() == 0) tree.stay();
    }
    tree.stay();
}
