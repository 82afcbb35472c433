//! Starts native threads that leave every signal to the program.
const std = @import("std");
const syscall = @import("syscall.zig");
const imported = @import("pthread.zig").imported;
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// Every signal but those that C libraries send to their own threads (32 and 33 in glibc, 34 too in
/// musl): setuid(2) and its like wait until each thread has answered one.
const blocked: u64 = ~@as(u64, 0b111 << 31);

/// Replaces the signal mask of the calling thread, and answers the one before.
pub fn mask(signals: u64) u64 {
    var before: u64 = 0;
    const size: usize = 8;
    _ = call(named(.rt_sigprocmask), .{ @as(u32, linux.SIG.SETMASK), &signals, &before, size });
    return before;
}

/// The host's threads bring the thread-local storage that its allocator and signal handlers rely
/// on. The thread inherits the mask: it takes no signal that is meant for the program. ENOSYS: the
/// host has no threads. EAGAIN: it can make no more.
pub fn start(main: *const fn (usize) callconv(.c) usize, argument: usize) i32 {
    const create = imported("pthread_create") orelse return negated(.NOSYS);
    const detach = imported("pthread_detach") orelse return negated(.NOSYS);
    const before = mask(blocked);
    var thread: usize = 0;
    const failure = create(&thread, null, main, argument);
    _ = mask(before);
    if (failure != 0) return -failure;
    _ = detach(thread);
    return 0;
}
