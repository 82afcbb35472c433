//! Asks all descendants of the guard to end. They are found as a tree is (../tree/tree.zig): each
//! is pinned, and verified to be the child of one that is pinned, before it is signalled.
const std = @import("std");
const sys_fd = @import("../sys/fd.zig");
const sys_pidfd = @import("../sys/pidfd.zig");
const sys_process = @import("../sys/process.zig");
const kernel = @import("../sys/kernel.zig");
const standing = @import("../tree/stand.zig");
const syscall = @import("../sys/syscall.zig");
const tree = @import("../tree/tree.zig");
const linux = std.os.linux;

const TreeRecord = tree.TreeRecord;

const first_capacity = 64;

/// Looking for them ends after so many turns of so many microseconds.
const most_turns = 20;
const turn_us = 50_000;

/// Sends the signal, and SIGCONT to those that are stopped: how many it was sent to.
pub fn ask(proc: i32, signal: i32) u32 {
    raise_limit();
    var table = Table.make(first_capacity) orelse return 0;
    defer table.free();
    table.begin() orelse return 0;
    for (0..most_turns) |_| switch (standing.stand(proc, turn_us, table.record)) {
        @intFromEnum(tree.Answer.again) => {},
        @intFromEnum(tree.Answer.full) => table = table.grow() orelse break,
        // Found all, or there is no room for more descriptors.
        else => break,
    };
    var count: u32 = 0;
    const rows = table.rows();
    for (rows[1..]) |*row| {
        if (row.flags.ended or !row.send(signal)) continue;
        count += 1;
        if (signal != linux.SIG.KILL) _ = row.send(linux.SIG.CONT);
    }
    for (rows) |*row| if (row.pidfd >= 0) {
        _ = sys_fd.close(row.pidfd);
    };
    return count;
}

/// Each of them takes a descriptor.
fn raise_limit() void {
    var limit: [2]u64 = undefined;
    const nofile: u32 = 7;
    const prlimit = syscall.named(.prlimit64);
    if (syscall.call(prlimit, .{ 0, nofile, null, &limit }) < 0) return;
    limit[0] = limit[1];
    _ = syscall.call(prlimit, .{ 0, nofile, &limit, null });
}

/// A table in memory of its own, which is given back as soon as all were asked.
const Table = struct {
    record: *TreeRecord,
    size: usize,

    fn make(capacity: u32) ?Table {
        const size = @sizeOf(TreeRecord) + capacity * (@sizeOf(tree.TreeRow) + 2 * @sizeOf(u32));
        const flags = linux.MAP{ .TYPE = .PRIVATE, .ANONYMOUS = true };
        const protection = linux.PROT.READ | linux.PROT.WRITE;
        const address = linux.mmap(null, size, protection, flags, -1, 0);
        if (linux.E.init(address) != .SUCCESS) return null;
        const record: *TreeRecord = @ptrFromInt(address);
        record.capacity = capacity;
        record.top = -1;
        return .{ .record = record, .size = size };
    }

    fn rows(table: Table) []tree.TreeRow {
        const first: [*]tree.TreeRow = @ptrCast(@as([*]TreeRecord, @ptrCast(table.record)) + 1);
        return first[0..table.record.count];
    }

    /// The guard itself is the root, and is not signalled.
    fn begin(table: Table) ?void {
        const pidfd = sys_pidfd.open(sys_process.own_pid(), 0);
        if (pidfd < 0) return null;
        table.record.count = 1;
        const root = &table.rows()[0];
        root.pid = sys_process.own_pid();
        root.pidfd = pidfd;
        root.parent = -1;
        root.threads = 1;
        root.flags.hands_off = true;
    }

    fn grow(table: Table) ?Table {
        const larger = make(2 * table.record.capacity) orelse return null;
        const capacity = larger.record.capacity;
        larger.record.* = table.record.*;
        larger.record.capacity = capacity;
        larger.record.indexed = 0;
        for (larger.rows(), table.rows()) |*to, *from| to.* = from.*;
        table.free();
        return larger;
    }

    fn free(table: Table) void {
        _ = syscall.call(syscall.named(.munmap), .{ @intFromPtr(table.record), table.size });
    }
};
