//! Takes numbers and surroundings away from processes, for the tests of who is who.
const std = @import("std");
const helper = @import("helper.zig");
const linux = std.os.linux;

/// Each process after the first is a stranger that has the first one's number.
pub fn run_recycle() void {
    var child: i32 = @intCast(helper.check(linux.fork(), "fork"));
    if (child == 0) stay();
    while (true) {
        helper.print("{d}", .{child});
        const goes_on = helper.next_line();
        end(child);
        if (!goes_on) return;
        const again = helper.clone_as(child);
        if (again == 0) stay();
        child = again;
    }
}

fn stay() noreturn {
    while (true) _ = linux.pause();
}

/// The child is ours and unreaped, so this number is still its own; it may have been ended by
/// whoever has it, too.
fn end(child: i32) void {
    _ = linux.kill(child, linux.SIG.KILL);
    var status: u32 = 0;
    _ = helper.check(linux.waitpid(child, &status, 0), "waitpid");
}

/// The one user and group that are mapped are our own, to the given number; 4294967295 maps nobody.
pub fn run_in_user_namespace() void {
    const inside = helper.number(u32, 2);
    var buffer: [64]u8 = undefined;
    const user = std.fmt.bufPrint(&buffer, "{d} {d} 1", .{ inside, linux.geteuid() }) catch
        unreachable;
    _ = helper.check(linux.unshare(linux.CLONE.NEWUSER), "unshare");
    if (inside != std.math.maxInt(u32)) {
        write("/proc/self/setgroups", "deny");
        write("/proc/self/uid_map", user);
        write("/proc/self/gid_map", user);
    }
    helper.exec(3);
}

fn write(path: [*:0]const u8, value: []const u8) void {
    const file: i32 = @intCast(helper.check(linux.open(path, .{ .ACCMODE = .WRONLY }, 0), "open"));
    _ = helper.check(linux.write(file, value.ptr, value.len), "write");
    _ = linux.close(file);
}

/// A fresh /proc for the pid namespace that we are in.
pub fn run_mount_proc() void {
    own_mounts();
    const options = @intFromPtr(helper.text(2).ptr);
    _ = helper.check(linux.mount("proc", "/proc", "proc", 0, options), "mount");
    helper.exec(3);
}

/// The /proc of a new pid namespace, in which whoever looks is nobody, for all who share our
/// mounts.
pub fn run_cover_proc() void {
    const ready = pipe();
    var arguments = helper.CloneArguments{
        .flags = linux.CLONE.NEWPID,
        .set_tid = 0,
        .set_tid_size = 0,
    };
    const size = @sizeOf(helper.CloneArguments);
    const child: i32 = @intCast(
        helper.check(linux.syscall2(.clone3, @intFromPtr(&arguments), size), "clone3"),
    );
    if (child == 0) {
        _ = linux.prctl(@intFromEnum(linux.PR.SET_PDEATHSIG), linux.SIG.KILL, 0, 0, 0);
        _ = helper.check(linux.mount("proc", "/proc", "proc", 0, 0), "mount");
        _ = linux.write(ready[1], "m", 1);
        stay();
    }
    _ = linux.close(ready[1]);
    var byte: [1]u8 = undefined;
    const is_mounted = linux.read(ready[0], &byte, 1) == 1;
    if (is_mounted) helper.print("covered", .{});
    while (is_mounted and helper.next_line()) {}
    end(child);
}

fn pipe() [2]i32 {
    var ends: [2]i32 = undefined;
    _ = helper.check(linux.pipe2(&ends, .{ .CLOEXEC = true }), "pipe2");
    return ends;
}

/// An empty folder in the place of another one.
pub fn run_mount_empty() void {
    own_mounts();
    const target: [*:0]const u8 = @ptrCast(helper.text(2).ptr);
    _ = helper.check(linux.mount("none", target, "tmpfs", 0, 0), "mount");
    helper.exec(3);
}

/// A file in the place of another one.
pub fn run_mount_file() void {
    own_mounts();
    const source: [*:0]const u8 = @ptrCast(helper.text(2).ptr);
    const target: [*:0]const u8 = @ptrCast(helper.text(3).ptr);
    _ = helper.check(linux.mount(source, target, null, linux.MS.BIND, 0), "mount");
    helper.exec(4);
}

/// What is mounted from here on is seen by us and our children alone.
pub fn own_mounts() void {
    _ = helper.check(linux.unshare(linux.CLONE.NEWNS), "unshare");
    const private = linux.MS.REC | linux.MS.PRIVATE;
    _ = helper.check(linux.mount("none", "/", null, private, 0), "mount");
}
