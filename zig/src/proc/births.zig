//! How many processes and threads the kernel has ever forked, in whatever namespace and with
//! whatever pid. It counts one in the moment in which it also puts it into its parent's list of
//! children (kernel/fork.c, total_forks).
const std = @import("std");
const kernel = @import("../sys/kernel.zig");
const proc_file = @import("file.zig");
const records = @import("../records.zig");
const text = @import("../sys/text.zig");

const label = "processes ";

/// Null where /proc/stat can't be read, or is not the kernel's own: containers may have another one
/// in its place. Also where the machine has so many interrupts that their line fills the buffer: to
/// have it made is dear then.
pub fn count(proc: i32) ?u64 {
    const file = proc_file.open(proc, "stat", .{});
    if (file < 0) return null;
    defer proc_file.close(file);
    if (!records.is_proc(file)) return null;
    var buffer: [16 * 1024]u8 = undefined;
    const length = proc_file.read_open(file, &buffer);
    if (length < 0) return null;
    const line = text.after(buffer[0..@intCast(length)], label) orelse return null;
    var rest = text.Tokens{ .rest = line };
    return rest.number(u64);
}

test "it grows with each fork" {
    const proc = proc_file.open(proc_file.nowhere, "/proc", .{ .DIRECTORY = true });
    defer proc_file.close(proc);
    const before = count(proc).?;
    const pid = std.os.linux.fork();
    if (pid == 0) std.os.linux.exit_group(0);
    var status: u32 = 0;
    _ = std.os.linux.waitpid(@intCast(pid), &status, 0);
    try std.testing.expect(count(proc).? > before);
}
