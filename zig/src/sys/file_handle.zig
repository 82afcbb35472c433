//! pidfds as file handles (Linux 6.14): eight bytes, the whole inode number, from which the kernel
//! opens a pidfd again.
const std = @import("std");
const kernel = @import("kernel.zig");
const syscall = @import("syscall.zig");
const linux = std.os.linux;

/// struct file_handle with the eight bytes of a pidfd, name_to_handle_at(2).
const FileHandle = extern struct {
    length: u32 = 8,
    kind: i32 = FILEID_KERNFS,
    inode: [8]u8 = @splat(0),
};

const FILEID_KERNFS = 0xFE;

/// The number behind a pidfd, also where the CPU's inode numbers are cut to 32 bits.
/// EOPNOTSUPP: before 6.14.
pub fn inode_of(pidfd: i32, inode: *u64) i32 {
    var handle = FileHandle{};
    var mount: i32 = 0;
    const number = syscall.named(.name_to_handle_at);
    const result = syscall.call(number, .{ pidfd, "", &handle, &mount, kernel.AT_EMPTY_PATH });
    if (result < 0) return result;
    if (handle.length != 8 or handle.kind != FILEID_KERNFS) return syscall.negated(.OPNOTSUPP);
    inode.* = @bitCast(handle.inode);
    return 0;
}

/// A pidfd of the process that has this inode. Any pidfd identifies the file system, so one of this
/// process does. ESTALE: reaped, or in a pid namespace not seen from here. EBADF, EOPNOTSUPP:
/// before 6.14. EPERM: a seccomp profile forbids it.
pub fn open(inode: u64) i32 {
    const pid = syscall.call(syscall.named(.getpid), .{});
    const own = syscall.call(syscall.number_of(.pidfd_open), .{ pid, 0 });
    if (own < 0) return own;
    defer _ = syscall.call_once(syscall.named(.close), .{own});
    var handle = FileHandle{ .inode = @bitCast(inode) };
    const flags: u32 = @bitCast(linux.O{ .CLOEXEC = true });
    return syscall.call(syscall.named(.open_by_handle_at), .{ own, &handle, flags });
}

comptime {
    std.debug.assert(@sizeOf(FileHandle) == 16);
}
