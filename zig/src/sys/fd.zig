//! Calls on a descriptor of whatever kind.
const std = @import("std");
const kernel = @import("kernel.zig");
const syscall = @import("syscall.zig");

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// poll(2) of one descriptor: the events that came, 0 when the time is up.
pub fn poll(fd: i32, events: i32, timeout_ms: i32) i32 {
    if (timeout_ms > 0) return poll_for(fd, events, timeout_ms);
    return poll_now(fd, events, timeout_ms);
}

/// Without waiting, or without a limit: there is no remaining time to keep when a signal handler
/// interrupts it. So poll(2) does, which is faster than ppoll(2) because it copies no timespec.
pub inline fn poll_now(fd: i32, events: i32, timeout_ms: i32) i32 {
    var entry = kernel.Pollfd{ .fd = fd, .events = @truncate(events), .revents = 0 };
    if (kernel.poll_number) |number| {
        return events_of(&entry, syscall.inlined(number, .{ &entry, 1, timeout_ms }));
    }
    // A variable, because qemu's user mode writes to it; the kernel does not.
    var zero = kernel.Timespec{ .sec = 0, .nsec = 0 };
    const limit = if (timeout_ms < 0) 0 else @intFromPtr(&zero);
    return events_of(&entry, syscall.inlined(kernel.ppoll_number, .{ &entry, 1, limit, null, 0 }));
}

/// ppoll(2) writes the remaining time back, so a retry after a signal handler keeps the limit. Not
/// inlined: a call that waits does not notice, and `poll` stays small.
noinline fn poll_for(fd: i32, events: i32, timeout_ms: i32) i32 {
    var entry = kernel.Pollfd{ .fd = fd, .events = @truncate(events), .revents = 0 };
    var left = kernel.Timespec{
        .sec = @divTrunc(timeout_ms, 1000),
        .nsec = @as(i64, @rem(timeout_ms, 1000)) * std.time.ns_per_ms,
    };
    return events_of(&entry, call(kernel.ppoll_number, .{ &entry, 1, &left, null, 0 }));
}

inline fn events_of(entry: *const kernel.Pollfd, result: i32) i32 {
    return if (result <= 0) result else @as(u16, @bitCast(entry.revents));
}

/// fcntl(2).
pub fn fcntl(fd: i32, command: i32, argument: i32) i32 {
    return call(named(.fcntl), .{ fd, command, argument });
}

/// close(2). It is never repeated: Linux has freed the number even when it says EINTR.
pub noinline fn close(fd: i32) i32 {
    return close_inlined(fd);
}

/// The same for a program that does it often: see sys/syscall.zig.
pub inline fn close_inlined(fd: i32) i32 {
    const result = syscall.inlined_once(named(.close), .{fd});
    return if (result == negated(.INTR)) 0 else result;
}
