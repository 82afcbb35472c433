//! The descriptors that a Worker owns. When a Worker is terminated its JavaScript just stops, so
//! its handles would stay open until the process ends. The library tracks them in memory that is
//! not JavaScript's, and the C library calls it when the thread ends.
//!
//! Each JavaScript thread has a slot of its own (a pthread key), which is freed with the thread: a
//! process has few of them (1,024 in glibc, 128 in musl), and the library may be loaded anew for
//! each Worker.
const std = @import("std");
const sys_fd = @import("fd.zig");
const sys_process = @import("process.zig");
const syscall = @import("syscall.zig");
const pthread = @import("pthread.zig");

/// One bit a descriptor, up to the default of fs.nr_open: 128 KiB for each Worker that has a
/// handle.
const Tracked = struct {
    key: u32,
    bits: std.bit_set.ArrayBitSet(usize, 1 << 20),
};

/// Tracks a descriptor of this thread, or no longer, which must come before its number is free.
/// Returns the thread's slot, for the next call. 0: this thread ends with the process, so nothing
/// needs to be tracked.
pub fn track(slot: i32, fd: i32, is_owned: i32) i32 {
    if (slot == 0 and sys_process.is_first_thread()) return 0;
    const found = if (slot == 0) make() else at(@intCast(slot - 1));
    const tracked = found orelse return syscall.negated(.NOMEM);
    const index: usize = @intCast(fd);
    if (index < @TypeOf(tracked.bits).bit_length) tracked.bits.setValue(index, is_owned == 1);
    return @intCast(tracked.key + 1);
}

fn at(key: u32) ?*Tracked {
    const get = pthread.imported("pthread_getspecific") orelse return null;
    return @ptrFromInt(get(key));
}

fn make() ?*Tracked {
    var key: u32 = 0;
    const memory = pthread.keep(@sizeOf(Tracked), thread_ends, &key) orelse return null;
    const tracked: *Tracked = @ptrCast(@alignCast(memory));
    tracked.key = key;
    return tracked;
}

fn thread_ends(word: usize) callconv(.c) void {
    const tracked: *Tracked = @ptrFromInt(word);
    var owned = tracked.bits.iterator(.{});
    while (owned.next()) |fd| _ = sys_fd.close(@intCast(fd));
    pthread.release(tracked.key, tracked);
}
