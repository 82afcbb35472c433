//! The descriptors of a Worker's handles. When a Worker is terminated its JavaScript just stops, and nobody would close them until
//! the process ends. So they are noted in memory that is not JavaScript's, and the C library says when the thread ends.
const std = @import("std");
const calls = @import("calls.zig");
const syscall = @import("syscall.zig");
const imported = @import("pthread.zig").imported;
const linux = std.os.linux;

/// A bit for each descriptor that the kernel gives out, unless somebody has raised fs.nr_open. Memory that has never
/// been written takes no room.
const Noted = std.bit_set.ArrayBitSet(usize, 1 << 20);

/// One more than the key of all threads; 0 before there is one.
var place: u32 = 0;

/// Notes that a descriptor has an owner in this thread, or that it has none any more, which must come before its number is free.
/// 1: this is the thread that the process ends with, so that nothing need be noted.
pub fn note(fd: i32, is_owned: i32) i32 {
    const noted = of_this_thread(@atomicLoad(u32, &place, .acquire)) orelse first: {
        if (syscall.call(syscall.named(.gettid), .{}) == calls.own_pid()) return 1;
        break :first make() orelse return syscall.negated(.NOMEM);
    };
    const index: usize = @intCast(fd);
    if (index >= Noted.bit_length) return syscall.negated(.MFILE);
    noted.setValue(index, is_owned == 1);
    return 0;
}

/// Null before there is a key, and before this thread has noted anything.
fn of_this_thread(found: u32) ?*Noted {
    const get = imported("pthread_getspecific") orelse return null;
    return if (found == 0) null else @ptrFromInt(get(found - 1));
}

fn make() ?*Noted {
    const key = key_of_all() orelse return null;
    const allocate = imported("calloc") orelse return null;
    const set = imported("pthread_setspecific") orelse return null;
    // Where there is no memory, or no room for the word, the word stays 0.
    _ = set(key, @intFromPtr(allocate(1, @sizeOf(Noted))));
    return of_this_thread(key + 1);
}

fn key_of_all() ?u32 {
    const found = @atomicLoad(u32, &place, .acquire);
    if (found != 0) return found - 1;
    const create = imported("pthread_key_create") orelse return null;
    var key: u32 = 0;
    if (create(&key, thread_ends) != 0) return null;
    // Of two Workers that come here at once the second one takes the first one's.
    const first = @cmpxchgStrong(u32, &place, 0, key + 1, .acq_rel, .acquire) orelse return key;
    if (imported("pthread_key_delete")) |delete| _ = delete(key);
    return first - 1;
}

fn thread_ends(word: usize) callconv(.c) void {
    const noted: *Noted = @ptrFromInt(word);
    var owned = noted.iterator(.{});
    while (owned.next()) |fd| _ = calls.close(@intCast(fd));
    if (imported("free")) |free| free(noted);
}
