//! Processes that hand something over, for the tests.
const std = @import("std");
const helper = @import("helper.zig");
const linux = std.os.linux;

/// `connect NAME CODE` connects to the abstract Unix socket of this name, and ends with CODE at the
/// end of its input.
pub fn run_connect() void {
    _ = connect_to(helper.text(2));
    helper.print("connected", .{});
    while (helper.next_line()) {}
    linux.exit_group(helper.number(u8, 3));
}

/// `connect-exec NAME CMD…` connects to the abstract Unix socket of this name, and prints
/// "connected"; at the next line it sends a byte, forks a child that keeps the socket until the end
/// of the input, and becomes CMD.
pub fn run_connect_exec() void {
    const socket = connect_to(helper.text(2));
    helper.print("connected", .{});
    _ = helper.next_line();
    _ = helper.check(linux.write(socket, "x", 1), "write");
    if (helper.check(linux.fork(), "fork") == 0) {
        while (helper.next_line()) {}
        linux.exit_group(0);
    }
    helper.exec(3);
}

fn connect_to(name: []const u8) i32 {
    var address = linux.sockaddr.un{ .path = @splat(0) };
    @memcpy(address.path[1..][0..name.len], name);
    const socket: i32 = @intCast(
        helper.check(linux.socket(linux.AF.UNIX, linux.SOCK.STREAM, 0), "socket"),
    );
    const length = @offsetOf(linux.sockaddr.un, "path") + 1 + name.len;
    _ = helper.check(linux.connect(socket, &address, @intCast(length)), "connect");
    return socket;
}

/// `hand-over [SOCKET]` makes a pair of sockets. It sends one end over the socket with this number,
/// where one is given, and prints the number of that end, and those of two sockets which are not
/// connected: a Unix one and one of the Internet. At the next line it gives that end up and prints
/// "listening"; from then on it sends back in capitals what comes in at the other end, and ends
/// when nobody has the first any more.
pub fn run_hand_over() void {
    var pair: [2]i32 = undefined;
    _ = helper.check(linux.socketpair(linux.AF.UNIX, linux.SOCK.STREAM, 0, &pair), "socketpair");
    if (std.os.argv.len > 2) send_descriptor(helper.number(i32, 2), pair[1]);
    const lonely = helper.check(linux.socket(linux.AF.UNIX, linux.SOCK.STREAM, 0), "socket");
    const internet = helper.check(linux.socket(linux.AF.INET, linux.SOCK.STREAM, 0), "socket");
    helper.print("{d} {d} {d}", .{ pair[1], lonely, internet });
    _ = helper.next_line();
    _ = linux.close(pair[1]);
    helper.print("listening", .{});
    var buffer: [64]u8 = undefined;
    while (true) {
        const length = helper.check(linux.read(pair[0], &buffer, buffer.len), "read");
        if (length == 0) linux.exit_group(0);
        for (buffer[0..length]) |*character| character.* = std.ascii.toUpper(character.*);
        _ = helper.check(linux.write(pair[0], &buffer, length), "write");
    }
}

pub fn send_descriptor(socket: i32, fd: i32) void {
    const Control = extern struct { length: usize, level: i32, kind: i32, fd: i32 };
    const control = Control{
        .length = @offsetOf(Control, "fd") + 4,
        .level = linux.SOL.SOCKET,
        .kind = 1, // SCM_RIGHTS
        .fd = fd,
    };
    const part = std.posix.iovec_const{ .base = "x", .len = 1 };
    const message = linux.msghdr_const{
        .name = null,
        .namelen = 0,
        .iov = @ptrCast(&part),
        .iovlen = 1,
        .control = &control,
        .controllen = @intCast(control.length),
        .flags = 0,
    };
    _ = helper.check(linux.sendmsg(socket, &message, 0), "sendmsg");
}

/// `out-of-band SOCKET` sends one byte out of band over the socket with this number, prints "sent",
/// or "none" where Unix sockets have no such thing, and stays.
pub fn run_out_of_band() void {
    const socket = helper.number(i32, 2);
    const result = linux.sendto(socket, "!", 1, linux.MSG.OOB, null, 0);
    helper.print("{s}", .{if (result == 1) "sent" else "none"});
    while (helper.next_line()) {}
}

/// `memory MIB` has so much memory in use, prints its address and size, and stays.
pub fn run_memory() void {
    const memory = std.heap.page_allocator.alloc(u8, helper.number(usize, 2) << 20) catch
        helper.fail("no memory");
    @memset(memory, 1);
    helper.print("{d} {d}", .{ @intFromPtr(memory.ptr), memory.len });
    while (true) _ = linux.pause();
}

/// `hold-exit PID` traces it and prints "traced"; holds it when it begins to end, and prints
/// "ending"; lets it end at the next line.
pub fn run_hold_exit() void {
    const pid = helper.number(i32, 2);
    const trace_exit = 0x40;
    const event_exit = 6;
    const listen = 0x4208;
    _ = helper.check(linux.ptrace(linux.PTRACE.SEIZE, pid, 0, trace_exit, 0), "ptrace");
    helper.print("traced", .{});
    var status: u32 = 0;
    while (true) {
        _ = helper.check(linux.waitpid(pid, &status, 0x4000_0000), "waitpid");
        if (!linux.W.IFSTOPPED(status) or status >> 16 == event_exit) break;
        // Somebody stops it: it is to stand still as it would without us.
        _ = linux.ptrace(listen, pid, 0, 0, 0);
    }
    helper.print("{s}", .{if (linux.W.IFSTOPPED(status)) "ending" else "ended"});
    _ = helper.next_line();
    _ = linux.ptrace(linux.PTRACE.DETACH, pid, 0, 0, 0);
    while (helper.next_line()) {}
}
