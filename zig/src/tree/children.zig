//! Reads the children of a member. The kernel lists a child under the thread that forked it, in
//! /proc/PID/task/TID/children.
//!
//! The list of a running thread may be out of date once it is read. That of a stopped thread is
//! complete if every child in it still has its pid afterwards: the kernel resumes the list after
//! the pid that it wrote last, and may skip a child if that one was reaped.
const std = @import("std");
const kernel = @import("../sys/kernel.zig");
const pinning = @import("pin.zig");
const proc_file = @import("../proc/file.zig");
const proc_scan = @import("../proc/scan.zig");
const syscall = @import("../sys/syscall.zig");
const tree = @import("tree.zig");

const Outcome = @import("look.zig").Outcome;
const Tree = tree.Tree;

/// Reads the children of one thread.
pub fn list(t: *const Tree, number: u32, pid: i32, tid: i32) i32 {
    const file = open_list(t.proc, pid, tid);
    if (file < 0) {
        t.rows[number].flags.listed = false;
        return file;
    }
    defer proc_file.close(file);
    var reader = Reader{ .t = t, .parent = number };
    var buffer: [1024]u8 = undefined;
    while (true) {
        const count = syscall.call(syscall.named(.read), .{ file, &buffer, buffer.len });
        if (count < 0) return count;
        if (count == 0) break;
        const result = reader.feed(buffer[0..@intCast(count)]);
        if (result != 0) return result;
    }
    if (reader.is_partial) t.rows[number].flags.listed = false;
    return if (reader.is_changed) Outcome.changed else Outcome.same;
}

fn open_list(proc: i32, pid: i32, tid: i32) i32 {
    // "PID/task/TID/children"
    var path = std.mem.zeroes([48:0]u8);
    var at = proc_scan.append_number(&path, 0, pid);
    at = proc_scan.append(&path, at, "/task/");
    at = proc_scan.append_number(&path, at, tid);
    _ = proc_scan.append(&path, at, "/children");
    return proc_file.open(proc, &path, .{});
}

const at_once = 32;

/// Takes in a list, a piece at a time.
const Reader = struct {
    t: *const Tree,
    parent: u32,
    pid: i32 = 0,
    /// A child is new, or is gone.
    is_changed: bool = false,
    /// A child may have been skipped.
    is_partial: bool = false,
    /// The last one of the piece before: the kernel goes on behind it.
    last: ?u32 = null,
    count: usize = 0,
    polled: [at_once]kernel.Pollfd = undefined,
    rows: [at_once]u32 = undefined,

    fn feed(reader: *Reader, text: []const u8) i32 {
        if (reader.last) |last| if (!reader.t.rows[last].holds_pid()) reader.lose();
        for (text) |byte| {
            if (byte != ' ') {
                reader.pid = reader.pid * 10 + byte - '0';
                continue;
            }
            const result = reader.meet(reader.pid);
            if (result < 0 or result == Outcome.full) return result;
            reader.pid = 0;
        }
        return reader.flush();
    }

    fn meet(reader: *Reader, pid: i32) i32 {
        const row = reader.t.find(pid) orelse return reader.take(pid);
        const fd = reader.t.rows[row].pidfd;
        reader.polled[reader.count] = .{ .fd = fd, .events = kernel.POLLIN, .revents = 0 };
        reader.rows[reader.count] = row;
        reader.count += 1;
        reader.last = row;
        return if (reader.count == at_once) reader.flush() else 0;
    }

    /// A running child still has its pid. The others are checked one by one.
    fn flush(reader: *Reader) i32 {
        const count = reader.count;
        reader.count = 0;
        if (count == 0) return 0;
        var no_time = std.mem.zeroes(kernel.Timespec);
        const ppoll = kernel.ppoll_number;
        const ready = syscall.call(ppoll, .{ &reader.polled, count, &no_time, null, 0 });
        if (ready < 0) return ready;
        for (reader.polled[0..count], reader.rows[0..count]) |polled, number| {
            const row = &reader.t.rows[number];
            if (polled.revents == 0 and polled.fd >= 0) continue;
            reader.t.end(row);
            if (row.holds_pid()) continue;
            // It was reaped: the listed pid names another process, or none.
            const result = reader.take(row.pid);
            if (result != 0) return result;
        }
        return 0;
    }

    fn lose(reader: *Reader) void {
        reader.is_changed = true;
        reader.is_partial = true;
    }

    fn take(reader: *Reader, pid: i32) i32 {
        const count = reader.t.record.count;
        const result = pinning.pin(reader.t, pid, reader.parent, .parent);
        if (result != Outcome.changed) return result;
        reader.is_changed = true;
        if (reader.t.record.count == count) {
            // It was listed, and is gone: it may have left others.
            reader.is_partial = true;
            reader.t.lose(reader.t.record.begun, false);
        } else reader.last = count;
        return 0;
    }
};
