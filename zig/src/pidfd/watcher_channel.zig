//! What the JavaScript thread has of its watcher: a descriptor of the epoll, and the end of the
//! socket pair that its runtime reads.
//!
//! When the thread ends (a Worker was terminated, say) its JavaScript just stops, so the C library
//! says when to end the watcher. The runtimes can't be left to close the pair: Deno leaves the
//! sockets of a terminated Worker open.
//!
//! Before anything is shut down or closed, the kernel is asked whether the number is still the
//! library's: a program may have closed descriptors that it knows nothing of, and then others have
//! their numbers.
const std = @import("std");
const sys_fd = @import("../sys/fd.zig");
const records = @import("../records.zig");
const syscall = @import("../sys/syscall.zig");
const pthread = @import("../sys/pthread.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;

/// Kept in memory of the C library's, which lives for as long as the thread or until `stop`.
const Channel = struct {
    key: u32,
    epoll: i32,
    /// The end that JavaScript reads, and the library's own descriptor of it.
    socket: i32,
    ending: i32,
    /// What no other socket of this boot has.
    cookie: u64,
};

/// Keeps a channel until `stop`, or until the calling thread ends. Returns its slot, or 0 if there
/// is none to be had: then the pair hangs up when the runtime closes it.
pub fn keep(socket: i32, epoll: i32, ending: i32) i32 {
    if (make(.{
        .key = 0,
        .epoll = epoll,
        .socket = socket,
        .ending = ending,
        .cookie = cookie(ending) orelse 0,
    })) |channel| return @intCast(channel.key + 1);
    _ = remove(epoll, ending);
    _ = sys_fd.close(ending);
    return 0;
}

fn make(channel: Channel) ?*Channel {
    var key: u32 = 0;
    const memory = pthread.keep(@sizeOf(Channel), thread_ends, &key) orelse return null;
    const kept: *Channel = @ptrCast(@alignCast(memory));
    kept.* = channel;
    kept.key = key;
    return kept;
}

/// As `watcher.stop`, which says what it is for.
pub fn stop(record: *const records.WatcherRecord, with_socket: bool) i32 {
    if (record.slot == 0) {
        if (with_socket) _ = sys_fd.close(record.socket);
        return sys_fd.close(record.epoll);
    }
    const get = pthread.imported("pthread_getspecific") orelse return syscall.negated(.NOSYS);
    const word = get(@intCast(record.slot - 1));
    if (word == 0) return syscall.negated(.INVAL);
    end(@ptrFromInt(word), with_socket);
    return 0;
}

/// Deno, which leaves sockets open, runs on these CPUs alone.
const leaves_sockets = switch (@import("builtin").cpu.arch) {
    .x86_64, .aarch64 => true,
    else => false,
};

fn thread_ends(word: usize) callconv(.c) void {
    end(@ptrFromInt(word), leaves_sockets);
}

/// The shutdown ends the watcher, wherever it is: it sleeps, or waits for room in the socket.
fn end(channel: *Channel, with_socket: bool) void {
    if (cookie(channel.ending) == channel.cookie) {
        // It takes the registration away only of the epoll that has it: then the number is still
        // the channel's.
        if (remove(channel.epoll, channel.ending) == 0) _ = sys_fd.close(channel.epoll);
        const both: u32 = linux.SHUT.RDWR;
        _ = call(named(.shutdown), .{ channel.ending, both });
        _ = sys_fd.close(channel.ending);
    }
    if (with_socket and cookie(channel.socket) == channel.cookie) _ = sys_fd.close(channel.socket);
    pthread.release(channel.key, channel);
}

fn remove(epoll: i32, fd: i32) i32 {
    return call(named(.epoll_ctl), .{ epoll, @as(u32, linux.EPOLL.CTL_DEL), fd, null });
}

/// getsockopt(2) of SO_COOKIE, Linux 4.12: a number that no other socket of this boot has.
pub fn cookie(fd: i32) ?u64 {
    var value: u64 = 0;
    var length: u32 = @sizeOf(u64);
    const so_cookie: u32 = 57;
    const level: u32 = linux.SOL.SOCKET;
    const result = call(named(.getsockopt), .{ fd, level, so_cookie, &value, &length });
    return if (result < 0) null else value;
}
