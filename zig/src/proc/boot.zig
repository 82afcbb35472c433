//! This boot: its id, the pid namespace of this process, and the clocks.
const std = @import("std");
const proc_description = @import("description.zig");
const proc_file = @import("file.zig");
const syscall = @import("../sys/syscall.zig");
const kernel = @import("../sys/kernel.zig");

pub const BootRecord = extern struct {
    realtime_ns: u64,
    boottime_ns: u64,
    /// 0 if /proc does not say.
    pid_namespace: u32,
    unused: u32,
    /// A UUID as text.
    id: [36]u8,
    padding: [4]u8,
};

/// ENOENT, EACCES: /proc/sys/kernel/random/boot_id can't be read.
pub fn read(record: *BootRecord) i32 {
    record.* = std.mem.zeroes(BootRecord);
    record.realtime_ns = now(CLOCK_REALTIME);
    record.boottime_ns = now(CLOCK_BOOTTIME);
    record.pid_namespace = proc_description.inode_of(proc_file.nowhere, "/proc/self/ns/pid");
    const length = proc_file.read(proc_file.nowhere, "/proc/sys/kernel/random/boot_id", &record.id);
    if (length < 0) return length;
    return if (length == record.id.len) 0 else syscall.negated(.INVAL);
}

const CLOCK_REALTIME: u32 = 0;
pub const CLOCK_MONOTONIC: u32 = 1;
pub const CLOCK_BOOTTIME: u32 = 7;

/// What a clock shows, in nanoseconds.
pub fn now(clock: u32) u64 {
    var time = std.mem.zeroes(kernel.Timespec);
    // All of them exist on every kernel that has pidfds; the call can't fail.
    _ = syscall.call(kernel.clock_gettime_number, .{ clock, &time });
    return @as(u64, @intCast(time.sec)) * std.time.ns_per_s + @as(u64, @intCast(time.nsec));
}

comptime {
    std.debug.assert(@sizeOf(BootRecord) == 64);
}
