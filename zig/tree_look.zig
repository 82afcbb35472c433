//! Looks at one member of a tree: whether it stands still, and whom it has as children.
//!
//! The kernel lists a child under the thread that forked it, in /proc/PID/task/TID/children. The list of a thread that
//! runs may be out of date when it has been read. That of a thread that stands still is whole if everybody in it still
//! has its number afterwards: the kernel finds its place in the list again by the pid that it wrote last, and may skip
//! somebody where that one was reaped.
const std = @import("std");
const calls = @import("calls.zig");
const kernel = @import("kernel.zig");
const proc_file = @import("proc_file.zig");
const proc_scan = @import("proc_scan.zig");
const proc_stat = @import("proc_stat.zig");
const syscall = @import("syscall.zig");
const tree = @import("tree.zig");
const words = @import("words.zig");
const linux = std.os.linux;

const Tree = tree.Tree;
const TreeRow = tree.TreeRow;
const negated = syscall.negated;

/// What a look has found; below zero it is a negated errno, of a shortage.
pub const Outcome = struct {
    /// Nothing is new, and it stands still if that was asked for.
    pub const same: i32 = 0;
    /// Somebody is new, or the list was not whole: look again.
    pub const changed: i32 = 1;
    /// It does not stand still.
    pub const runs: i32 = 2;
    pub const ended: i32 = 3;
    pub const unlisted: i32 = 4;
    /// There was no time for all of its threads.
    pub const late: i32 = 5;
    pub const full: i32 = 6;
};

/// What a look asks for: the children, those of a process that stands still, or only whether it stands still.
pub const Need = enum { any, standing, only_standing };

/// Looks at a member, and adds the children that are new.
pub fn look(t: *const Tree, number: u32, need: Need) i32 {
    const row = &t.rows[number];
    if (row.has_ended()) return end(t, row);
    var buffer: [proc_stat.max_length]u8 = undefined;
    var stat: proc_stat.Stat = undefined;
    const read = proc_scan.read_stat(t.proc, row.pid, &buffer, &stat);
    if (need != .only_standing and row.cursor == 0) row.flags.listed = true;
    const result = if (read < 0) read else if (stat.threads > 1)
        look_at_threads(t, number, need)
    else if (need != .any and !stands(t, &stat))
        Outcome.runs
    else if (need == .only_standing)
        Outcome.same
    else
        list(t, number, row.pid, row.pid);
    // What was read by its number was read of it, if it has that number still.
    if (!row.holds_pid()) return end(t, row);
    if (read == 0) row.take(&stat);
    return if (is_missing(result)) Outcome.unlisted else result;
}

/// The same for one that was read just now: only its children.
pub fn chase(t: *const Tree, number: u32) i32 {
    const row = &t.rows[number];
    if (row.threads > 1) return look(t, number, .any);
    row.flags.listed = true;
    const result = list(t, number, row.pid, row.pid);
    if (!row.holds_pid()) return end(t, row);
    return if (is_missing(result)) Outcome.unlisted else result;
}

/// Reads one that the caller has added, before it is stopped.
pub fn read_first(t: *const Tree, number: u32) void {
    const row = &t.rows[number];
    row.flags.unread = false;
    var buffer: [proc_stat.max_length]u8 = undefined;
    var stat: proc_stat.Stat = undefined;
    if (proc_scan.read_stat(t.proc, row.pid, &buffer, &stat) < 0 or !row.holds_pid()) return;
    row.take(&stat);
    row.since = stat.start_ticks;
    row.flags.was_stopped = is_stopped(t, number, &stat);
}

/// Whether a process that was found is stopped. A first thread that has ended before others tells nothing of these.
fn is_stopped(t: *const Tree, number: u32, stat: *const proc_stat.Stat) bool {
    return stat.state == 'T' or stat.state == 't' or
        (stat.state == 'Z' and stat.threads > 1 and look_at_threads(t, number, .only_standing) == Outcome.same);
}

fn end(t: *const Tree, row: *TreeRow) i32 {
    t.end(row);
    return Outcome.ended;
}

fn is_missing(result: i32) bool {
    return switch (result) {
        negated(.NOENT), negated(.SRCH), negated(.PERM), negated(.ACCES) => true,
        else => false,
    };
}

/// Whether a thread stands still. Its tracer may resume a traced one, unless that one stands still too.
fn stands(t: *const Tree, stat: *const proc_stat.Stat) bool {
    return stat.state == 'T' or stat.state == 'Z' or stat.state == 'X' or
        (stat.state == 't' and is_traced_by_member(t, stat.pid));
}

fn is_traced_by_member(t: *const Tree, pid: i32) bool {
    const path = proc_scan.path_of(pid, "/status");
    var buffer: [512]u8 = undefined;
    const length = proc_file.read(t.proc, &path, &buffer);
    if (length < 0) return false;
    var rest = words.Words{ .rest = words.after(buffer[0..@intCast(length)], "TracerPid:") orelse return false };
    const tracer = t.find(rest.number(i32) orelse return false) orelse return false;
    return t.rows[tracer].flags.stands and t.rows[tracer].holds_pid();
}

/// The threads of a process, one after the other; goes on behind `cursor` where a look had to be interrupted.
fn look_at_threads(t: *const Tree, number: u32, need: Need) i32 {
    const row = &t.rows[number];
    const first = row.cursor;
    row.cursor = 0;
    const path = proc_scan.path_of(row.pid, "/task");
    const tasks = proc_file.open(t.proc, &path, .{ .DIRECTORY = true });
    if (tasks < 0) return tasks;
    defer proc_file.close(tasks);
    var result: i32 = Outcome.same;
    var entries = proc_scan.Entries{ .folder = tasks };
    while (entries.next()) |tid| {
        if (tid <= first) continue;
        const one = look_at_thread(t, number, tasks, tid, need);
        if (is_missing(one)) {
            // The first thread is always there. Another one may have executed a program, and have its number now.
            result = if (tid == row.pid) Outcome.unlisted else @max(result, Outcome.changed);
            row.flags.listed = false;
        } else if (one == Outcome.changed) {
            result = @max(result, one);
        } else if (one != Outcome.same) return one;
        if (t.is_late()) {
            row.cursor = tid;
            return Outcome.late;
        }
    }
    if (entries.failure < 0) return entries.failure;
    // No thread at all tells nothing.
    return if (entries.count == 0) Outcome.changed else result;
}

fn look_at_thread(t: *const Tree, number: u32, tasks: i32, tid: i32, need: Need) i32 {
    if (need != .any) {
        var buffer: [proc_stat.max_length]u8 = undefined;
        var stat: proc_stat.Stat = undefined;
        const read = proc_scan.read_stat(tasks, tid, &buffer, &stat);
        if (read < 0) return read;
        if (!stands(t, &stat)) return Outcome.runs;
        if (need == .only_standing) return Outcome.same;
    }
    return list(t, number, t.rows[number].pid, tid);
}

/// Reads the children of one thread.
fn list(t: *const Tree, number: u32, pid: i32, tid: i32) i32 {
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
    /// Somebody is new, or is gone.
    is_changed: bool = false,
    /// Somebody may have been skipped.
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
        reader.polled[reader.count] = .{ .fd = reader.t.rows[row].pidfd, .events = kernel.POLLIN, .revents = 0 };
        reader.rows[reader.count] = row;
        reader.count += 1;
        reader.last = row;
        return if (reader.count == at_once) reader.flush() else 0;
    }

    /// Whoever runs has its number still. Of the others it is asked one by one.
    fn flush(reader: *Reader) i32 {
        const count = reader.count;
        reader.count = 0;
        if (count == 0) return 0;
        var no_time = std.mem.zeroes(kernel.Timespec);
        const ready = syscall.call(kernel.ppoll_number, .{ &reader.polled, count, &no_time, null, 0 });
        if (ready < 0) return ready;
        for (reader.polled[0..count], reader.rows[0..count]) |polled, number| {
            const row = &reader.t.rows[number];
            if (polled.revents == 0 and polled.fd >= 0) continue;
            reader.t.end(row);
            if (row.holds_pid()) continue;
            // It was reaped: the number that was listed is another one's, or nobody's any more.
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
        const result = pin(reader.t, pid, reader.parent, .parent);
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

/// Pins, reads, verifies, and adds. `same` where /proc hides it, `changed` also where it is not of the tree, or is gone.
pub fn pin(t: *const Tree, pid: i32, through: u32, relation: Relation) i32 {
    if (t.is_full()) return Outcome.full;
    const pidfd = calls.open(pid, 0);
    if (is_shortage(pidfd)) return pidfd;
    // ESRCH; before Linux 6.16 EINVAL where it is being reaped just now.
    if (pidfd < 0) return Outcome.changed;
    var buffer: [proc_stat.max_length]u8 = undefined;
    var stat: proc_stat.Stat = undefined;
    const read = proc_scan.read_stat(t.proc, pid, &buffer, &stat);
    const holds = tree.pidfd_holds_pid(pidfd);
    const has_ended = tree.pidfd_has_ended(pidfd);
    // A zombie stays listed until it is reaped, also once the caller has closed its pidfd.
    const is_known = read == 0 and has_ended and if (t.find(pid)) |row| t.rows[row].start_ticks == stat.start_ticks else false;
    if (is_known) {
        _ = calls.close(pidfd);
        return Outcome.same;
    }
    if (read == 0 and holds and is_member(t, through, &stat, relation)) {
        const number = t.add(.{ .pidfd = pidfd, .stat = &stat, .parent = through, .flags = .{
            .by_session = relation == .session,
            .by_group = relation == .group,
            .ended = has_ended,
        } });
        const row = &t.rows[number];
        row.flags.was_stopped = is_stopped(t, number, &stat);
        if (!row.flags.ended) t.stop(row);
        return Outcome.changed;
    }
    _ = calls.close(pidfd);
    if (is_shortage(read)) return read;
    // One that /proc does not show has a number and no folder.
    if (read == 0 or !is_missing(read) or !holds or has_ended) return Outcome.changed;
    t.record.hidden += 1;
    return Outcome.same;
}

/// How somebody is found: as a child, or by the session or the process group that a member leads.
pub const Relation = enum { parent, session, group };

fn is_member(t: *const Tree, through: u32, stat: *const proc_stat.Stat, relation: Relation) bool {
    const row = &t.rows[through];
    const number = switch (relation) {
        .parent => stat.ppid,
        .session => stat.session,
        .group => stat.group,
    };
    if (number != row.pid) return false;
    return row.holds_pid() or (relation != .parent and is_kept(t, row.pid, relation));
}

/// Whether the number of a session or group is the tree's though its leader was reaped: it can't go to another one while a
/// member that was in it is in it. Nobody goes back into a session, and into a group only from its session.
fn is_kept(t: *const Tree, wanted: i32, relation: Relation) bool {
    for (t.rows[0..t.record.count]) |*row| {
        if (row.flags.ended or row.pid == wanted) continue;
        if ((if (relation == .session) row.session else row.group) != wanted) continue;
        var buffer: [proc_stat.max_length]u8 = undefined;
        var stat: proc_stat.Stat = undefined;
        if (proc_scan.read_stat(t.proc, row.pid, &buffer, &stat) < 0) continue;
        const now = if (relation == .session) stat.session else stat.group;
        if (now == wanted and row.holds_pid()) return true;
    }
    return false;
}

fn is_shortage(result: i32) bool {
    return result == negated(.MFILE) or result == negated(.NFILE) or result == negated(.NOMEM);
}
