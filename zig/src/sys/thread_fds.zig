//! The descriptors of a Worker's handles. When a Worker is terminated its JavaScript just stops, and nobody would close them until
//! the process ends. So they are noted in memory that is not JavaScript's, and the C library says when the thread ends.
//!
//! Each JavaScript thread has a place of its own, which is given back with it: a process has few (1,024 in glibc, 128 in musl), and
//! the library may be loaded anew for each Worker.
const std = @import("std");
const calls = @import("../calls.zig");
const syscall = @import("syscall.zig");
const imported = @import("pthread.zig").imported;

/// `bits` has one for each descriptor that the kernel gives out, unless somebody has raised fs.nr_open: 128 KiB for each Worker
/// that has a handle.
const Noted = struct {
    key: u32,
    bits: std.bit_set.ArrayBitSet(usize, 1 << 20),
};

/// Notes that a descriptor has an owner in this thread, or that it has none any more, which must come before its number is free.
/// Answers the thread's place, for the next call; 0: this is the thread that the process ends with, so that nothing need be noted.
pub fn note(place: i32, fd: i32, is_owned: i32) i32 {
    if (place == 0 and syscall.call(syscall.named(.gettid), .{}) == calls.own_pid()) return 0;
    const found = if (place == 0) make() else at(@intCast(place - 1));
    const noted = found orelse return syscall.negated(.NOMEM);
    const index: usize = @intCast(fd);
    if (index < @TypeOf(noted.bits).bit_length) noted.bits.setValue(index, is_owned == 1);
    return @intCast(noted.key + 1);
}

fn at(key: u32) ?*Noted {
    const get = imported("pthread_getspecific") orelse return null;
    return @ptrFromInt(get(key));
}

fn make() ?*Noted {
    const create = imported("pthread_key_create") orelse return null;
    const delete = imported("pthread_key_delete") orelse return null;
    const set = imported("pthread_setspecific") orelse return null;
    const allocate = imported("calloc") orelse return null;
    const free = imported("free") orelse return null;
    var key: u32 = 0;
    if (create(&key, thread_ends) != 0) return null;
    if (allocate(1, @sizeOf(Noted))) |memory| {
        const noted: *Noted = @ptrCast(@alignCast(memory));
        noted.key = key;
        if (set(key, @intFromPtr(noted)) == 0) return noted;
        free(memory);
    }
    _ = delete(key);
    return null;
}

fn thread_ends(word: usize) callconv(.c) void {
    const noted: *Noted = @ptrFromInt(word);
    var owned = noted.bits.iterator(.{});
    while (owned.next()) |fd| _ = calls.close(@intCast(fd));
    if (imported("pthread_key_delete")) |delete| _ = delete(noted.key);
    if (imported("free")) |free| free(noted);
}
