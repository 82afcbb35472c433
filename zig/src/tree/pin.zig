//! Pins a process, reads it, and makes it a member of a tree if it belongs to it: while the pidfd
//! named it, and while the one that it was found through had its own number.
const sys_fd = @import("../sys/fd.zig");
const sys_pidfd = @import("../sys/pidfd.zig");
const looking = @import("look.zig");
const proc_description = @import("../proc/description.zig");
const proc_scan = @import("../proc/scan.zig");
const proc_stat = @import("../proc/stat.zig");
const syscall = @import("../sys/syscall.zig");
const rows = @import("row.zig");
const tree = @import("tree.zig");

const Outcome = looking.Outcome;
const Tree = tree.Tree;
const negated = syscall.negated;

/// Pins, reads, verifies, and adds. `same` where /proc hides it, `changed` also where it is not of
/// the tree, or is gone.
pub fn pin(t: *const Tree, pid: i32, through: u32, relation: Relation) i32 {
    if (t.is_full()) return Outcome.full;
    const pidfd = sys_pidfd.open(pid, 0);
    if (proc_description.is_shortage(pidfd)) return pidfd;
    // ESRCH; before Linux 6.16 EINVAL where it is being reaped just now.
    if (pidfd < 0) return Outcome.changed;
    var buffer: [proc_stat.max_length]u8 = undefined;
    var stat: proc_stat.Stat = undefined;
    const read = proc_scan.read_stat(t.proc, pid, &buffer, &stat);
    const holds = rows.pidfd_holds_pid(pidfd);
    const has_ended = rows.pidfd_has_ended(pidfd);
    // A zombie stays listed until it is reaped, also once the caller has closed its pidfd.
    if (read == 0 and has_ended) if (t.find(pid)) |row| {
        if (t.rows[row].start_ticks == stat.start_ticks) {
            _ = sys_fd.close(pidfd);
            return Outcome.same;
        }
    };
    if (read == 0 and holds and is_member(t, through, &stat, relation)) {
        const number = t.add(.{ .pidfd = pidfd, .stat = &stat, .parent = through, .flags = .{
            .by_session = relation == .session,
            .by_group = relation == .group,
            .ended = has_ended,
        } });
        const row = &t.rows[number];
        row.flags.was_stopped = looking.is_stopped(t, number, &stat);
        if (!row.flags.ended) t.stop(row);
        return Outcome.changed;
    }
    _ = sys_fd.close(pidfd);
    if (proc_description.is_shortage(read)) return read;
    // One that /proc does not show has a number and no folder.
    if (read == 0 or !looking.is_missing(read) or !holds or has_ended) return Outcome.changed;
    t.record.hidden += 1;
    return Outcome.same;
}

/// How a member is found: as a child, or by the session or the process group that a member leads.
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

/// Whether the id of a session or group is the tree's though its leader was reaped: it can't be
/// reused while a member that was in it still is. No process goes back into a session, and into a
/// group only from its session.
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
