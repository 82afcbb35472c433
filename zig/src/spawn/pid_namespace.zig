//! A pid namespace whose first process is the guard: however that ends, the kernel ends all that is
//! in it. It has a /proc of its own, in a mount namespace of its own. Who may not make one makes it
//! in a new user namespace, where it stays the same user.
const std = @import("std");
const exec = @import("exec.zig");
const kernel = @import("../sys/kernel.zig");
const making = @import("making.zig");
const proc_file = @import("../proc/file.zig");
const syscall = @import("../sys/syscall.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;

pub const flags: u32 = linux.CLONE.NEWPID | linux.CLONE.NEWNS;
pub const user_flag: u32 = linux.CLONE.NEWUSER;

/// The user and the group that this process is outside.
pub const Ids = struct { user: u32 = 0, group: u32 = 0 };

pub fn own_ids() Ids {
    return .{
        .user = @bitCast(call(named(kernel.geteuid), .{})),
        .group = @bitCast(call(named(kernel.getegid), .{})),
    };
}

/// In the child, which is in the namespaces already.
pub noinline fn enter(plan: *making.Plan) i32 {
    if (plan.maps) |ids| {
        // The kernel lets nobody without privileges map a group who may still drop others.
        const files = .{ "setgroups", "uid_map", "gid_map" };
        inline for (files, .{ null, ids.user, ids.group }) |file, id| {
            const result = write_map("/proc/self/" ++ file, id);
            if (result < 0) return plan.fail(.uid_map, result);
        }
    }
    const root: making.Text = "/";
    const proc: making.Text = "proc";
    const folder: making.Text = "/proc";
    // What is mounted outside from now on is seen inside, and not the other way round.
    const whole: usize = linux.MS.REC | linux.MS.SLAVE;
    var result = call(named(.mount), .{ null, root, null, whole, null });
    const safe: usize = linux.MS.NOSUID | linux.MS.NODEV | linux.MS.NOEXEC;
    if (result >= 0) result = call(named(.mount), .{ proc, folder, proc, safe, null });
    return if (result < 0) plan.fail(.mount, result) else 0;
}

/// An id is the same inside and outside.
fn write_map(path: making.Text, id: ?u32) i32 {
    var text = std.mem.zeroes([32:0]u8);
    var length: usize = 4;
    text[0..4].* = "deny".*;
    if (id) |number| {
        proc_file.write_decimal(&text, number);
        length = exec.length_until(&text, 0);
        const one = length;
        text[one] = ' ';
        for (0..one) |at| text[one + 1 + at] = text[at];
        length = 2 * one + 1;
        text[length..][0..2].* = " 1".*;
        length += 2;
    }
    const file = proc_file.open(proc_file.nowhere, path, .{ .ACCMODE = .WRONLY });
    if (file < 0) return file;
    defer proc_file.close(file);
    return call(named(.write), .{ file, &text, length });
}
