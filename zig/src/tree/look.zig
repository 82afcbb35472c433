//! Looks at one member of a tree: whether it is stopped, and which children it has.
const proc_file = @import("../proc/file.zig");
const proc_scan = @import("../proc/scan.zig");
const proc_stat = @import("../proc/stat.zig");
const children = @import("children.zig");
const syscall = @import("../sys/syscall.zig");
const tree = @import("tree.zig");
const text = @import("../sys/text.zig");

const Tree = tree.Tree;
const TreeRow = tree.TreeRow;
const negated = syscall.negated;

/// What a look has found; below zero it is a negated errno, of a shortage.
pub const Outcome = struct {
    /// Nothing is new, and it stands still if that was asked for.
    pub const same: i32 = 0;
    /// A child is new, or the list was not complete: look again.
    pub const changed: i32 = 1;
    /// It does not stand still.
    pub const runs: i32 = 2;
    pub const ended: i32 = 3;
    pub const unlisted: i32 = 4;
    /// There was no time for all of its threads.
    pub const late: i32 = 5;
    pub const full: i32 = 6;
};

/// What a look asks for: the children, those of a process that stands still, or only whether it
/// stands still.
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
        children.list(t, number, row.pid, row.pid);
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
    const result = children.list(t, number, row.pid, row.pid);
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

/// Whether a new member is stopped. A first thread that has exited before the others does not show
/// it.
pub fn is_stopped(t: *const Tree, number: u32, stat: *const proc_stat.Stat) bool {
    if (stat.state == 'T' or stat.state == 't') return true;
    if (stat.state != 'Z' or stat.threads <= 1) return false;
    // Not late and tried again later: by then we would have stopped it ourselves. Each call gets on
    // by a thread at least.
    var result = look_at_threads(t, number, .only_standing);
    while (result == Outcome.late) result = look_at_threads(t, number, .only_standing);
    return result == Outcome.same;
}

fn end(t: *const Tree, row: *TreeRow) i32 {
    t.end(row);
    return Outcome.ended;
}

pub fn is_missing(result: i32) bool {
    return switch (result) {
        negated(.NOENT), negated(.SRCH), negated(.PERM), negated(.ACCES) => true,
        else => false,
    };
}

/// Whether a thread stands still. Its tracer may resume a traced one, unless that one stands still
/// too.
fn stands(t: *const Tree, stat: *const proc_stat.Stat) bool {
    return stat.state == 'T' or stat.state == 'Z' or stat.state == 'X' or
        (stat.state == 't' and is_traced_by_member(t, stat.pid));
}

fn is_traced_by_member(t: *const Tree, pid: i32) bool {
    const path = proc_scan.path_of(pid, "/status");
    var buffer: [512]u8 = undefined;
    const length = proc_file.read(t.proc, &path, &buffer);
    if (length < 0) return false;
    const line = text.after(buffer[0..@intCast(length)], "TracerPid:") orelse return false;
    var rest = text.Tokens{ .rest = line };
    const tracer = t.find(rest.number(i32) orelse return false) orelse return false;
    return t.rows[tracer].flags.stands and t.rows[tracer].holds_pid();
}

/// The threads of a process, one after the other; goes on behind `cursor` where a look had to be
/// interrupted.
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
            // The first thread is always there. Another one may have executed a program, and have
            // its number now.
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
    // Without a single thread nothing is known.
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
    return children.list(t, number, t.rows[number].pid, tid);
}
