//! Finds members of a tree in a pass over all of /proc: children where the kernel has no lists of
//! them, and members of the sessions and process groups that a member leads, also where their
//! parents ended earlier.
const std = @import("std");
const looking = @import("look.zig");
const pinning = @import("pin.zig");
const proc_scan = @import("../proc/scan.zig");
const proc_stat = @import("../proc/stat.zig");
const standing = @import("stand.zig");
const syscall = @import("../sys/syscall.zig");
const tree = @import("tree.zig");
const linux = std.os.linux;

const Answer = tree.Answer;
const Outcome = looking.Outcome;
const Tree = tree.Tree;
const negated = syscall.negated;

/// Where the folder of pid 0 would be: fs/proc/base.c lists what is no process first.
const first_offset = 258;

/// Goes on behind the pid in `scan_after`; done at the end of the pass.
pub fn scan(proc: i32, budget_us: i32, record: *tree.TreeRecord) i32 {
    const t = Tree.init(proc, budget_us, record);
    if (record.scan_after == 0) {
        record.hidden = 0;
        record.missed = 0;
    }
    const offset = if (record.scan_after == 0) 0 else record.scan_after + first_offset;
    seek(proc, offset);
    var entries = proc_scan.Entries{ .folder = proc };
    while (entries.next()) |pid| {
        if (pid <= record.scan_after) continue;
        const result = meet(&t, pid);
        if (standing.is_cut_short(result)) return standing.answer(result);
        record.scan_after = pid;
        if (t.is_late()) return @intFromEnum(Answer.again);
    }
    return if (entries.failure < 0) entries.failure else @intFromEnum(Answer.done);
}

fn seek(proc: i32, offset: i32) void {
    const from_start: u32 = 0;
    if (@sizeOf(usize) == 8) {
        _ = syscall.call(syscall.named(.lseek), .{ proc, offset, from_start });
    } else {
        var position: u64 = 0;
        _ = syscall.call(syscall.named(.llseek), .{ proc, 0, offset, &position, from_start });
    }
}

fn meet(t: *const Tree, pid: i32) i32 {
    var buffer: [proc_stat.max_length]u8 = undefined;
    var stat: proc_stat.Stat = undefined;
    const read = proc_scan.read_stat(t.proc, pid, &buffer, &stat);
    switch (read) {
        0 => {},
        negated(.NOENT), negated(.SRCH) => return 0,
        negated(.PERM), negated(.ACCES) => {
            t.record.hidden += 1;
            return 0;
        },
        else => return read,
    }
    if (t.find(pid)) |number| if (t.rows[number].holds_pid()) {
        t.rows[number].take(&stat);
        return 0;
    };
    const options = t.record.options;
    const ways = [_]struct { i32, pinning.Relation, bool }{
        .{ stat.ppid, .parent, true },
        .{ stat.session, .session, options.sessions },
        .{ stat.group, .group, options.groups },
    };
    for (ways) |way| {
        const through = t.find(way[0]) orelse continue;
        if (way[2] and leads(&t.rows[through], way[1])) return take(t, pid, through, way[1]);
    }
    return 0;
}

fn take(t: *const Tree, pid: i32, through: u32, relation: pinning.Relation) i32 {
    const count = t.record.count;
    const result = pinning.pin(t, pid, through, relation);
    if (result == Outcome.changed and t.record.count == count) t.record.missed += 1;
    return result;
}

fn leads(row: *const tree.TreeRow, relation: pinning.Relation) bool {
    return switch (relation) {
        .parent => row.holds_pid(),
        .session => row.flags.leads_session,
        .group => row.flags.leads_group,
    };
}
