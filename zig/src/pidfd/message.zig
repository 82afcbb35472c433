//! Messages over Unix sockets that carry descriptors (SCM_RIGHTS) and identify their sender
//! (SCM_PIDFD, Linux 6.5): unix(7).
//!
//! No descriptor that the kernel hands over is lost: each is in the record or was closed. If this
//! process's table of descriptors is full, the kernel itself drops the rest and sets MSG_CTRUNC.
const std = @import("std");
const builtin = @import("builtin");
const kernel = @import("../sys/kernel.zig");
const records = @import("../records.zig");
const syscall = @import("../sys/syscall.zig");
const sys_fd = @import("../sys/fd.zig");
const linux = std.os.linux;
const assert = std.debug.assert;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// The same on every CPU that the library is built for; asm/socket.h of others differs.
pub const SOL_SOCKET: i32 = 1;
const SO_PASSCRED: i32 = 16;
const SO_PEERGROUPS: i32 = 59;
pub const SO_PEERPIDFD: i32 = 77;
pub const SCM_RIGHTS: i32 = 1;
const SCM_CREDENTIALS: i32 = 2;
const SCM_PIDFD: i32 = 4;
const MSG_DONTWAIT: u32 = 0x40;
pub const MSG_NOSIGNAL: u32 = 0x4000;
pub const MSG_CMSG_CLOEXEC: u32 = 0x4000_0000;

/// struct cmsghdr; what follows it is aligned to a C long.
pub const Header = extern struct { length: usize, level: i32, kind: i32 };

/// struct user_msghdr.
pub const Message = extern struct {
    name: usize = 0,
    name_length: u32 = 0,
    parts: usize,
    part_count: usize = 1,
    control: usize,
    control_length: usize,
    flags: u32 = 0,
};

/// All descriptors of a message, its sender, and room for what other socket options add:
/// credentials, a security label.
const Control = [2048]u8;

const most = @typeInfo(@FieldType(records.MessageRecord, "descriptors")).array.len;

pub fn option(socket: i32, name: i32) i32 {
    var value: i32 = 0;
    var size: u32 = @sizeOf(i32);
    const result = call(named(.getsockopt), .{ socket, SOL_SOCKET, name, &value, &size });
    return if (result < 0) result else value;
}

pub fn set_option(socket: i32, name: i32, value: i32) i32 {
    const size: u32 = @sizeOf(i32);
    // Of the options that are set from here, this one alone has another number on powerpc.
    const number = if (name == SO_PASSCRED) linux.SO.PASSCRED else name;
    return call(named(.setsockopt), .{ socket, SOL_SOCKET, number, &value, size });
}

pub fn peer_credentials(socket: i32, record: *records.PeerRecord) i32 {
    var size: u32 = @sizeOf(records.Credentials);
    const peer: i32 = linux.SO.PEERCRED;
    const number = named(.getsockopt);
    const result = call(number, .{ socket, SOL_SOCKET, peer, &record.who, &size });
    if (result < 0) return result;
    size = @as(u32, @bitCast(record.group_count)) * 4;
    const answer = call(number, .{ socket, SOL_SOCKET, SO_PEERGROUPS, &record.groups, &size });
    // Where there is no room for all of them, the kernel says how much they need.
    const is_told = answer == 0 or answer == negated(.RANGE);
    record.group_count = if (is_told) @bitCast(size / 4) else answer;
    return 0;
}

pub fn pair(kind: i32, record: *records.PairRecord) i32 {
    var fds: [2]i32 = undefined;
    const flags = kind | @as(i32, linux.SOCK.CLOEXEC);
    const result = call(named(.socketpair), .{ @as(u32, linux.AF.UNIX), flags, 0, &fds });
    if (result == 0) record.* = .{ .first = fds[0], .second = fds[1] };
    return result;
}

pub fn send(socket: i32, record: *const records.MessageRecord) i32 {
    var control: Control align(@alignOf(Header)) = undefined;
    // Nothing behind the record is read, whatever its counts say.
    const fds = std.mem.sliceAsBytes(record.descriptors[0..@min(record.descriptor_count, most)]);
    const header = Header{
        .length = @sizeOf(Header) + fds.len,
        .level = SOL_SOCKET,
        .kind = SCM_RIGHTS,
    };
    control[0..@sizeOf(Header)].* = std.mem.toBytes(header);
    @memcpy(control[@sizeOf(Header)..][0..fds.len], fds);
    const part = kernel.Iovec{
        .base = @intFromPtr(&record.data),
        .length = @min(record.length, record.data.len),
    };
    const message = Message{
        .parts = @intFromPtr(&part),
        .control = @intFromPtr(&control),
        .control_length = if (fds.len == 0) 0 else header.length,
    };
    return call(named(.sendmsg), .{ socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL });
}

pub fn receive(socket: i32, record: *records.MessageRecord) i32 {
    var control: Control align(@alignOf(Header)) = undefined;
    const part = kernel.Iovec{ .base = @intFromPtr(&record.data), .length = record.data.len };
    var message = Message{
        .parts = @intFromPtr(&part),
        .control = @intFromPtr(&control),
        .control_length = control.len,
    };
    const result = call(named(.recvmsg), .{ socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC });
    if (result < 0) return result;
    record.length = @intCast(result);
    record.flags = message.flags;
    record.sender = negated(.NODATA);
    record.descriptor_count = 0;
    record.has_credentials = 0;
    take_all(record, control[0..message.control_length]);
    return 0;
}

fn take_all(record: *records.MessageRecord, control: []const u8) void {
    var rest = control;
    while (rest.len >= @sizeOf(Header)) {
        const header = std.mem.bytesToValue(Header, rest[0..@sizeOf(Header)]);
        if (header.length < @sizeOf(Header) or header.length > rest.len) return;
        take(record, header, rest[@sizeOf(Header)..header.length]);
        // The last one may end before it is aligned.
        rest = rest[@min(std.mem.alignForward(usize, header.length, @alignOf(usize)), rest.len)..];
    }
}

fn take(record: *records.MessageRecord, header: Header, bytes: []const u8) void {
    if (header.level != SOL_SOCKET) return;
    if (header.kind == SCM_CREDENTIALS and bytes.len >= @sizeOf(records.Credentials)) {
        const who = bytes[0..@sizeOf(records.Credentials)];
        record.who = std.mem.bytesToValue(records.Credentials, who);
        record.has_credentials = 1;
    }
    var rest = bytes;
    while (rest.len >= 4) : (rest = rest[4..]) {
        const fd = std.mem.bytesToValue(i32, rest[0..4]);
        if (header.kind == SCM_PIDFD) record.sender = fd;
        if (header.kind != SCM_RIGHTS) continue;
        if (record.descriptor_count == most) {
            _ = sys_fd.close(fd);
            continue;
        }
        record.descriptors[record.descriptor_count] = fd;
        record.descriptor_count += 1;
    }
}

comptime {
    const wide = @sizeOf(usize) == 8;
    assert(@sizeOf(Header) == if (wide) 16 else 12);
    assert(@sizeOf(Message) == if (wide) 56 else 28);
    assert(@offsetOf(Message, "parts") == if (wide) 16 else 8);
    assert(@offsetOf(Message, "control") == if (wide) 32 else 16);
    assert(@offsetOf(Message, "flags") == if (wide) 48 else 24);
    assert(SOL_SOCKET == linux.SOL.SOCKET);
    const is_powerpc = @import("builtin").cpu.arch.isPowerPC();
    assert(linux.SO.PASSCRED == if (is_powerpc) 20 else 16);
    assert(linux.SO.PEERCRED == if (is_powerpc) 21 else 17);
    assert(@sizeOf(Control) >= @sizeOf(Header) + most * 4 + 2 * (@sizeOf(Header) + 16) + 256);
}

test "control messages are taken whole, and nothing is read behind a torn one" {
    const expectEqual = std.testing.expectEqual;
    var record = std.mem.zeroes(records.MessageRecord);
    var control: [64]u8 align(@alignOf(Header)) = @splat(0);
    const header = Header{ .length = @sizeOf(Header) + 4, .level = SOL_SOCKET, .kind = SCM_PIDFD };
    control[0..@sizeOf(Header)].* = std.mem.toBytes(header);
    control[@sizeOf(Header)..][0..4].* = std.mem.toBytes(@as(i32, -3));
    take_all(&record, control[0 .. @sizeOf(Header) + 4]);
    try expectEqual(-3, record.sender);
    record.sender = 0;
    take_all(&record, control[0 .. @sizeOf(Header) + 3]);
    try expectEqual(0, record.sender);
    try expectEqual(0, record.descriptor_count);
}
