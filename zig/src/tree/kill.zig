//! Kills a stopped tree, the deepest level first, and waits until each level has exited.
//!
//! The exit of a process may resume its parent or its children: an exit signal, or a parent-death
//! signal, may be SIGCONT. So each process is checked right before it is killed, and its level has
//! exited before the next one is checked.
const std = @import("std");
const sys_fd = @import("../sys/fd.zig");
const kernel = @import("../sys/kernel.zig");
const looking = @import("look.zig");
const standing = @import("stand.zig");
const syscall = @import("../sys/syscall.zig");
const tree = @import("tree.zig");
const linux = std.os.linux;

const Answer = tree.Answer;
const Outcome = looking.Outcome;
const Tree = tree.Tree;
const TreeRow = tree.TreeRow;

/// Kills level by level: one of `Answer`, or a negated errno.
pub fn kill(proc: i32, budget_us: i32, record: *tree.TreeRecord) i32 {
    const t = Tree.init(proc, budget_us, record);
    if (record.options.anyway) {
        const killed = kill_level(&t, null);
        if (killed != 0) return killed;
        return @intFromEnum(if (deepest(&t) == null) Answer.done else Answer.waiting);
    }
    if (record.top >= 0) return @intFromEnum(Answer.unsettled);
    while (deepest(&t)) |depth| {
        const killed = kill_level(&t, depth);
        if (killed != 0) return killed;
        const waited = wait_for_level(&t, depth);
        if (waited != .done) return @intFromEnum(waited);
    }
    return @intFromEnum(Answer.done);
}

/// Who is to be killed, or was killed and is waited for. The caller waits for one that it has
/// called stubborn: that one may wait for a process above it, as a traced one waits for its tracer.
fn is_wanted(row: *const TreeRow) bool {
    return !row.flags.ended and !row.flags.hands_off and !(row.flags.killed and row.flags.stubborn);
}

fn deepest(t: *const Tree) ?u32 {
    var found: ?u32 = null;
    for (t.rows[0..t.record.count]) |*row| {
        if (is_wanted(row) and row.depth >= found orelse 0) found = row.depth;
    }
    return found;
}

/// Kills one level; or all of them as they are, parents first, and those that are found meanwhile.
fn kill_level(t: *const Tree, depth: ?u32) i32 {
    var number: u32 = 0;
    while (number < t.record.count) : (number += 1) {
        const row = &t.rows[number];
        if (!is_wanted(row) or row.flags.killed or row.depth != depth orelse row.depth) continue;
        const result = kill_one(t, number);
        if (standing.is_cut_short(result)) return standing.answer(result);
        if (t.record.top >= 0 and depth != null) return @intFromEnum(Answer.unsettled);
        if (t.is_late()) return @intFromEnum(Answer.again);
    }
    return 0;
}

/// Kills a stopped process; one that runs has to be stopped again first.
fn kill_one(t: *const Tree, number: u32) i32 {
    const row = &t.rows[number];
    const is_as_it_is = row.flags.free or row.flags.stubborn or t.record.options.anyway;
    if (is_as_it_is) return standing.kill_running(t, number);
    const result = looking.look(t, number, .standing);
    if (result == Outcome.runs or result == Outcome.changed) {
        row.flags.stands = false;
        t.record.epoch = 0;
        // It is chased, which says so.
        t.push(number);
    } else if (!standing.is_cut_short(result) and result != Outcome.ended) {
        if (row.send(linux.SIG.KILL)) row.flags.killed = true;
    }
    return result;
}

/// Waits for as long as there is time.
fn wait_for_level(t: *const Tree, depth: u32) Answer {
    var last: ?*TreeRow = null;
    for (t.rows[0..t.record.count]) |*row| {
        if (row.depth != depth or !is_wanted(row)) continue;
        while (sys_fd.poll(row.pidfd, kernel.POLLIN, 1) <= 0) {
            if (t.is_late()) return if (last == null) .waiting else .again;
        }
        t.end(row);
        last = row;
    }
    // The parent's signal comes while the kernel holds its lock of all processes: this call waits
    // for that.
    var change = std.mem.zeroes(kernel.WaitSiginfo);
    if (last) |row| {
        const options = kernel.WEXITED | kernel.WNOHANG | kernel.WNOWAIT | kernel.WALL;
        const number = syscall.number_of(.waitid);
        _ = syscall.call(number, .{ kernel.P_PIDFD, row.pidfd, &change, options, null });
    }
    return .done;
}
