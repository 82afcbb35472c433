//! Being given orphans, prctl(2): one setting for the whole process, which several of its threads may want at once. Those are
//! counted here, so that the first one turns it on, and the last one puts back how it was.
const std = @import("std");
const kernel = @import("kernel.zig");
const syscall = @import("syscall.zig");

const call = syscall.call;
const named = syscall.named;

/// Held for a few system calls. Whoever waits for it yields: a futex would be more than this is worth.
var is_locked: u32 = 0;

/// How many threads want it, and how it was before the first of them.
var count: u32 = 0;
var before: i32 = 0;

/// One thread more where `on` is 1, else one less.
pub fn change(on: i32) i32 {
    while (@atomicRmw(u32, &is_locked, .Xchg, 1, .acquire) != 0) _ = call(named(.sched_yield), .{});
    defer @atomicStore(u32, &is_locked, 0, .release);
    if (on == 1 and count == 0) {
        before = get();
        if (before < 0) return before;
    }
    const after = if (on == 1) count + 1 else count -| 1;
    const result = set(if (after > 0) 1 else before);
    // One that could not be turned on is none; one that is given up is none any more, whatever the kernel says to it.
    if (result == 0 or on != 1) count = after;
    return result;
}

/// 1 or 0.
pub fn get() i32 {
    var answer: i32 = 0;
    const result = call(named(.prctl), .{ kernel.PR_GET_CHILD_SUBREAPER, &answer, 0, 0, 0 });
    return if (result < 0) result else answer;
}

fn set(on: i32) i32 {
    return call(named(.prctl), .{ kernel.PR_SET_CHILD_SUBREAPER, on, 0, 0, 0 });
}

/// qemu's user mode knows no such prctl.
fn skip_without() !void {
    if (set(0) == syscall.negated(.INVAL)) return error.SkipZigTest;
}

test "many want it, and the last one puts back how it was" {
    try skip_without();
    for ([_]i32{ 0, 1 }) |earlier| {
        try std.testing.expectEqual(0, set(earlier));
        for ([_]i32{ 1, 1, 0, 1, 0 }) |on| {
            try std.testing.expectEqual(0, change(on));
            try std.testing.expectEqual(1, get());
        }
        try std.testing.expectEqual(0, change(0));
        try std.testing.expectEqual(earlier, get());
    }
    try std.testing.expectEqual(0, set(0));
}

test "threads that turn it on and off at once leave it as it was" {
    try skip_without();
    var threads: [4]std.Thread = undefined;
    for (&threads) |*thread| thread.* = try std.Thread.spawn(.{}, turn, .{});
    for (threads) |thread| thread.join();
    try std.testing.expectEqual(0, count);
    try std.testing.expectEqual(0, get());
}

fn turn() void {
    for (0..1000) |_| {
        std.debug.assert(change(1) == 0);
        // Whatever the others do, it is on for as long as this thread wants it.
        std.debug.assert(get() == 1);
        std.debug.assert(change(0) == 0);
    }
}
