//! The library as a program in between: how it is started, and what it is told to be. It takes
//! another user, or becomes the guard, and then runs the command that follows (../program.zig).
const std = @import("std");
const descriptors = @import("descriptors.zig");
const exec = @import("exec.zig");
const kernel = @import("../sys/kernel.zig");
const making = @import("making.zig");
const proc_file = @import("../proc/file.zig");
const sys_fd = @import("../sys/fd.zig");
const syscall = @import("../sys/syscall.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;

/// The role, the channel's number, the command.
pub const arguments_in_front = 3;

pub const as_user = "pidfd-as-user";
pub const as_guard = "pidfd-guard";

/// In the parent: the channel, by numbers that are no targets.
pub noinline fn open_channel(plan: *making.Plan) i32 {
    const kind: u32 = linux.SOCK.SEQPACKET | linux.SOCK.CLOEXEC;
    var pair: [2]i32 = undefined;
    const paired = call(named(.socketpair), .{ @as(u32, linux.AF.UNIX), kind, 0, &pair });
    if (paired < 0) return plan.fail(.socketpair, paired);
    for (&plan.channel, pair) |*fd, low| {
        fd.* = descriptors.duplicate(plan, low);
        _ = sys_fd.close(low);
    }
    for (plan.channel) |fd| if (fd < 0) return fd;
    return 0;
}

/// In the child: runs this program, which is to run the command. Answers why not.
pub fn execute(plan: *making.Plan) i32 {
    var number = std.mem.zeroes([12:0]u8);
    proc_file.write_decimal(&number, @intCast(plan.channel[1]));
    _ = sys_fd.fcntl(plan.channel[1], linux.F.SETFD, 0);
    const arguments: [*]?making.Text = @ptrCast(plan.arguments - arguments_in_front);
    const role: making.Text = if (plan.options.contained) as_guard else as_user;
    arguments[0..arguments_in_front].* = .{ role, &number, plan.command };
    const empty: making.Text = "";
    const at_empty: u32 = kernel.AT_EMPTY_PATH;
    return call(named(.execveat), .{ plan.program, empty, arguments, plan.environment, at_empty });
}

pub fn is_role(text: making.Text, name: making.Text) bool {
    return exec.has_name(text, name) and exec.has_name(name, text);
}
