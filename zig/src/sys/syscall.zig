//! The one way into the kernel: a raw syscall whose result is an i32, below zero a negated errno.
const std = @import("std");
const kernel = @import("kernel.zig");
const linux = std.os.linux;

/// The calls whose number a program may replace: for a kernel that differs, and to test a fallback.
/// The order is part of the ABI: `numbers` and its record in calls.zig follow it.
pub const Replaceable = enum(u32) {
    pidfd_send_signal,
    pidfd_open,
    waitid,
    pidfd_getfd,
    process_madvise,
    process_mrelease,
};

/// The numbers of this CPU. It never changes.
pub const defaults = [_]u32{
    @intFromEnum(linux.SYS.pidfd_send_signal),
    @intFromEnum(linux.SYS.pidfd_open),
    @intFromEnum(linux.SYS.waitid),
    @intFromEnum(linux.SYS.pidfd_getfd),
    @intFromEnum(linux.SYS.process_madvise),
    @intFromEnum(linux.SYS.process_mrelease),
};

/// The only global variable of the library; thread_fds.zig has memory for each Worker besides. Each
/// access is one atomic word, because Workers share it.
var numbers = defaults;

pub fn number_of(replaceable: Replaceable) u32 {
    return @atomicLoad(u32, &numbers[@intFromEnum(replaceable)], .monotonic);
}

pub fn replace_number(replaceable: Replaceable, number: u32) void {
    @atomicStore(u32, &numbers[@intFromEnum(replaceable)], number, .monotonic);
}

/// An argument as the kernel reads it: an int, such as a descriptor, sign-extended; a pointer's
/// address.
fn word(argument: anytype) usize {
    return switch (@typeInfo(@TypeOf(argument))) {
        .pointer => @intFromPtr(argument),
        .null => 0,
        .comptime_int => @bitCast(@as(isize, argument)),
        .int => |int| switch (int.signedness) {
            .signed => @bitCast(@as(isize, argument)),
            .unsigned => argument,
        },
        else => @compileError("not an argument of a syscall"),
    };
}

/// Not inlined, with the words in registers: copies of it would be a quarter of the library.
/// The calls that programs make most have one all the same, see `inlined`.
noinline fn once(number: u32, a: usize, b: usize, c: usize, d: usize, e: usize, f: usize) i32 {
    // The number may be one that SYS has no name for: a program may have replaced it.
    @setRuntimeSafety(false);
    const result = linux.syscall6(@enumFromInt(@as(usize, number)), a, b, c, d, e, f);
    return @truncate(@as(isize, @bitCast(result)));
}

noinline fn until_done(
    number: u32,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) i32 {
    while (true) {
        const result = once(number, a, b, c, d, e, f);
        if (result != negated(.INTR)) return result;
    }
}

/// The registers after the arguments keep what they held, as in a C library: the kernel reads none
/// of them.
inline fn words_of(arguments: anytype) [6]usize {
    var words: [6]usize = undefined;
    inline for (arguments, 0..) |argument, index| words[index] = word(argument);
    return words;
}

/// Calls the kernel once. For close(2), which must not be repeated.
pub inline fn call_once(number: u32, arguments: anytype) i32 {
    const w = words_of(arguments);
    return once(number, w[0], w[1], w[2], w[3], w[4], w[5]);
}

/// Calls the kernel, again for as long as a signal handler interrupts it.
pub inline fn call(number: u32, arguments: anytype) i32 {
    const w = words_of(arguments);
    return until_done(number, w[0], w[1], w[2], w[3], w[4], w[5]);
}

/// `call_once` and `call` with the syscall in the calling function itself, for what programs call
/// most. The kernel's own calls displace the CPU's predictions of our returns, so every function
/// between the syscall and JavaScript costs time; and only the registers that are used are set.
pub inline fn inlined_once(number: u32, arguments: anytype) i32 {
    // As in `once`, the number may be one that SYS has no name for.
    @setRuntimeSafety(false);
    const sys: linux.SYS = @enumFromInt(@as(usize, number));
    const w = words_of(arguments);
    const result = switch (arguments.len) {
        0 => @call(.always_inline, linux.syscall0, .{sys}),
        1 => @call(.always_inline, linux.syscall1, .{ sys, w[0] }),
        2 => @call(.always_inline, linux.syscall2, .{ sys, w[0], w[1] }),
        3 => @call(.always_inline, linux.syscall3, .{ sys, w[0], w[1], w[2] }),
        4 => @call(.always_inline, linux.syscall4, .{ sys, w[0], w[1], w[2], w[3] }),
        5 => @call(.always_inline, linux.syscall5, .{ sys, w[0], w[1], w[2], w[3], w[4] }),
        else => @compileError("no syscall with so many arguments is inlined"),
    };
    return @truncate(@as(isize, @bitCast(result)));
}

pub inline fn inlined(number: u32, arguments: anytype) i32 {
    while (true) {
        const result = inlined_once(number, arguments);
        if (result != negated(.INTR)) return result;
    }
}

pub fn named(comptime sys: linux.SYS) u32 {
    return @intFromEnum(sys);
}

pub fn negated(comptime errno: linux.E) i32 {
    return -@as(i32, @intFromEnum(errno));
}
