//! Reads and writes the pipes and sockets of a child. They don't block: EAGAIN, and the watcher says when to come again.
const std = @import("std");
const syscall = @import("syscall.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// The first of so many bytes as are read or written.
pub const Bytes = extern struct { first: [1]u8 };

pub fn read(fd: i32, length: i32, bytes: *Bytes) i32 {
    return call(named(.read), .{ fd, bytes, @as(usize, @intCast(length)) });
}

/// A socket takes the flag that spares the program a SIGPIPE; a pipe has none, and every runtime
/// ignores that signal.
pub fn write(fd: i32, length: i32, bytes: *const Bytes) i32 {
    const size: usize = @intCast(length);
    const flags: u32 = linux.MSG.NOSIGNAL;
    const sent = call(named(.sendto), .{ fd, bytes, size, flags, null, 0 });
    if (sent != negated(.NOTSOCK)) return sent;
    return call(named(.write), .{ fd, bytes, size });
}

/// shutdown(2) of the half that this process writes.
pub fn end(socket: i32) i32 {
    return call(named(.shutdown), .{ socket, @as(u32, linux.SHUT.WR) });
}
