//! A cgroup of the command's own: by one write the kernel ends all that is in it, also what the
//! guard itself may not signal.
const std = @import("std");
const boot = @import("../proc/boot.zig");
const proc_file = @import("../proc/file.zig");
const exec = @import("exec.zig");
const removal = @import("cgroup_removal.zig");
const sys_fd = @import("../sys/fd.zig");
const sys_process = @import("../sys/process.zig");
const syscall = @import("../sys/syscall.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// Makes one in another one: a descriptor of its folder. ENOENT: the kernel has no cgroup.kill
/// (before Linux 5.14).
pub noinline fn make(parent: i32) i32 {
    while (true) {
        const name = new_name();
        const made = call(named(.mkdirat), .{ parent, &name, @as(u32, 0o755) });
        if (made == negated(.EXIST)) continue;
        if (made < 0) return made;
        const folder = proc_file.open(parent, &name, .{ .DIRECTORY = true });
        const file = if (folder < 0) folder else open_kill(folder);
        if (file >= 0) {
            proc_file.close(file);
            return folder;
        }
        if (folder >= 0) proc_file.close(folder);
        _ = call(named(.unlinkat), .{ parent, &name, @as(u32, linux.AT.REMOVEDIR) });
        return file;
    }
}

const Name = [40:0]u8;

/// Whoever has the same pid elsewhere, or had it, made its own at another moment.
fn new_name() Name {
    const prefix = "pidfd-";
    var name = std.mem.zeroes(Name);
    name[0..prefix.len].* = prefix.*;
    proc_file.write_decimal(name[prefix.len..], @intCast(sys_process.own_pid()));
    const length = exec.length_until(&name, 0);
    name[length] = '-';
    const moment: u32 = @truncate(boot.now(boot.CLOCK_BOOTTIME) / std.time.ns_per_us);
    proc_file.write_decimal(name[length + 1 ..], moment);
    return name;
}

fn open_kill(folder: i32) i32 {
    return proc_file.open(folder, "cgroup.kill", .{ .ACCMODE = .WRONLY });
}

/// Ends all that is in it.
pub noinline fn kill(folder: i32) void {
    const file = open_kill(folder);
    if (file < 0) return;
    defer proc_file.close(file);
    _ = call(named(.write), .{ file, "1", @as(usize, 1) });
}

/// Ends who has been left in it by the guard's death, or is in it without descending from the
/// guard, as an orphan in the pid namespace of others; and removes it.
pub noinline fn end(folder: i32) void {
    kill(folder);
    removal.remove(folder);
}

test "where there is no cgroup, nothing is left behind" {
    var folder = std.testing.tmpDir(.{ .iterate = true });
    defer folder.cleanup();
    try std.testing.expectEqual(negated(.NOENT), make(folder.dir.fd));
    var entries = folder.dir.iterate();
    try std.testing.expectEqual(null, try entries.next());
}

test "one is made, with a name of its own, and removed" {
    const parent = proc_file.open(proc_file.nowhere, "/sys/fs/cgroup", .{ .DIRECTORY = true });
    defer proc_file.close(parent);
    const first = make(parent);
    // No version 2, or not for us.
    if (first < 0) return error.SkipZigTest;
    const second = make(parent);
    for ([_]i32{ first, second }) |one| {
        try std.testing.expect(open_kill(one) >= 0);
        end(one);
        try std.testing.expectEqual(negated(.NODEV), open_kill(one));
        _ = sys_fd.close(one);
    }
}
