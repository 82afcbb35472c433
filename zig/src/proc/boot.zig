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
    page_size: u32,
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
    record.page_size = page_size();
    const length = proc_file.read(proc_file.nowhere, "/proc/sys/kernel/random/boot_id", &record.id);
    if (length < 0) return length;
    return if (length == record.id.len) 0 else syscall.negated(.INVAL);
}

/// msync(2) of nothing at an address says EINVAL where that is not the start of a page. No C
/// library is there to be asked, and /proc/self/auxv is closed to a process that does not dump.
fn page_size() u32 {
    var size: u32 = 4096;
    while (size < 1 << 20 and syscall.call(syscall.named(.msync), .{ size, 0, 0 }) < 0) size *= 2;
    return size;
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

test "the size of a page" {
    try std.testing.expectEqual(std.heap.pageSize(), page_size());
}

comptime {
    std.debug.assert(@sizeOf(BootRecord) == 64);
}
