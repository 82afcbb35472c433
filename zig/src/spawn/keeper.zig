//! The keeper: a native thread, one for each Worker that starts processes. It clones them, and
//! lives as long as they do: PR_SET_PDEATHSIG goes by the thread that made the child.
//!
//! When its JavaScript thread has ended, it reaps what that has left, which nobody else can: its
//! children alone (__WNOTHREAD), not one of the runtime's.
const std = @import("std");
const sys_fd = @import("../sys/fd.zig");
const channel = @import("../pidfd/watcher_channel.zig");
const kernel = @import("../sys/kernel.zig");
const making = @import("making.zig");
const records = @import("spawn.zig");
const syscall = @import("../sys/syscall.zig");
const thread = @import("../sys/thread.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// A `SpawnRecord`, whose thread waits until it is answered. The other word is there so that
/// nothing else that comes out of a descriptor is taken for one.
pub const Request = extern struct { magic: u64 = 0x7069_6466_6473_7061, record: u64 align(8) };

pub fn start(record: *records.SpawnerRecord) i32 {
    var pair: [2]i32 = undefined;
    const kind: u32 = linux.SOCK.SEQPACKET | linux.SOCK.CLOEXEC;
    const paired = call(named(.socketpair), .{ @as(u32, linux.AF.UNIX), kind, 0, &pair });
    if (paired < 0) return paired;
    const started = thread.start(main, @intCast(pair[1]));
    if (started < 0) {
        for (pair) |fd| _ = sys_fd.close(fd);
        return started;
    }
    record.socket = pair[0];
    record.cookie = channel.cookie(pair[0]) orelse 0;
    return 0;
}

fn main(argument: usize) callconv(.c) usize {
    const socket: i32 = @intCast(argument);
    while (true) {
        var request: Request = undefined;
        const size: usize = @sizeOf(Request);
        const got = call(named(.recvfrom), .{ socket, &request, size, 0, null, null });
        if (got == 0) break;
        // Somebody has closed its descriptor: whoever is its child must not end for that.
        if (got < 0) while (true) {
            _ = sys_fd.poll(-1, 0, -1);
        };
        const is_ours = got == size and request.magic == (Request{ .record = 0 }).magic;
        if (is_ours) answer(socket, request);
    }
    _ = sys_fd.close(socket);
    reap_all();
    return 0;
}

fn answer(socket: i32, request: Request) void {
    const result = making.make(@ptrFromInt(@as(usize, @intCast(request.record))));
    const flags: u32 = linux.MSG.NOSIGNAL;
    _ = call(named(.sendto), .{ socket, &result, @as(usize, 4), flags, null, 0 });
}

fn reap_all() void {
    const all: u32 = 0;
    const options = kernel.WEXITED | kernel.WALL | kernel.WNOTHREAD;
    while (call(syscall.number_of(.waitid), .{ all, 0, null, options, null }) >= 0) {}
}
