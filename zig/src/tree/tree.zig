//! The table of a tree: one row a process, in memory of the caller, with an index by pid behind the
//! rows.
//!
//! The caller may add rows and change flags between two calls. The caller owns a row's pidfd: it
//! sets -1 before it closes one, because the number may then be another file's.
const std = @import("std");
const boot = @import("../proc/boot.zig");
const thread_fds = @import("../sys/thread_fds.zig");
const proc_stat = @import("../proc/stat.zig");
const rows_file = @import("row.zig");
const linux = std.os.linux;

pub const Flags = rows_file.Flags;
pub const TreeRow = rows_file.TreeRow;

/// What is asked for.
pub const Options = packed struct(u32) {
    /// Stop the members that are found; else only look.
    stop: bool,
    /// Kill those that do not stop.
    force: bool,
    /// Kill without stopping them first.
    anyway: bool,
    /// Count those that may have left children.
    counts: bool,
    /// Find the members of sessions, and of process groups, that a member leads.
    sessions: bool,
    groups: bool,
    /// Begin anew: all are looked at again. It is cleared.
    begin: bool,
    /// With it: those that have exited by now are not counted.
    fresh: bool,
    unused: u24,
};

/// Whether the forks of the whole machine are counted in this walk.
pub const BirthsState = enum(u32) { not_yet, counted, in_vain };

const spared_words = 512;

/// The header. The rows follow, and then the index, which has twice as many places of 32 bits.
pub const TreeRecord = extern struct {
    /// The earliest `since` of those that were lost.
    lost_since: u64,
    /// When it was begun afresh, in clock ticks since boot.
    begun: u64,
    /// How many processes were ever forked when the walk began: while that number stays, none is
    /// new. 0: not known.
    births: u64,
    births_state: BirthsState,
    lost: u32,
    /// How many rows there is room for: a power of two.
    capacity: u32,
    count: u32,
    /// How many rows are in the index. The caller clears the index, and sets this to 0, where it
    /// gives more room.
    indexed: u32,
    options: Options,
    /// The row to be chased next; -1 is none.
    top: i32,
    /// Counts the rounds over all; 0 while not all are stopped.
    epoch: u32,
    epochs: u32,
    /// How many processes were listed but could not be read.
    hidden: u32,
    /// How many rows can't be listed, so that only a scan finds their children.
    unlisted: u32,
    /// The slot in which the pidfds are tracked, see sys/thread_fds.zig.
    slot: i32,
    /// A scan goes on behind this pid.
    scan_after: i32,
    /// How many a scan took for members who were gone when it came to pin them.
    missed: u32,
    /// How many of the lost were never seen standing.
    never_known: u32,
    /// A bit for each pid that may be spared; many pids share one.
    spared: [spared_words]u32,
};

/// What the functions answer; below zero it is a negated errno, of a shortage.
pub const Answer = enum(i32) {
    done,
    /// The time is up: call again.
    again,
    /// There is no free row.
    full,
    /// One runs, or is new: the tree has to be stopped first.
    unsettled,
    /// Those that were killed have not ended yet.
    waiting,
};

/// What a row is added with.
pub const Found = struct {
    pidfd: i32,
    stat: *const proc_stat.Stat,
    parent: u32,
    flags: Flags = .{},
};

/// One call's view of the table.
pub const Tree = struct {
    proc: i32,
    record: *TreeRecord,
    rows: [*]TreeRow,
    slots: [*]u32,
    deadline: u64,

    pub fn init(proc: i32, budget_us: i32, record: *TreeRecord) Tree {
        const bytes: [*]u8 = @ptrCast(record);
        const rows: [*]TreeRow = @ptrCast(@alignCast(bytes + @sizeOf(TreeRecord)));
        const tree = Tree{
            .proc = proc,
            .record = record,
            .rows = rows,
            .slots = @ptrCast(rows + record.capacity),
            .deadline = monotonic() + @as(u64, @intCast(budget_us)) * std.time.ns_per_us,
        };
        while (record.indexed < record.count) : (record.indexed += 1) tree.index(record.indexed);
        if (record.options.begin) tree.begin();
        // The caller closes only what has ended.
        for (tree.rows[0..record.count]) |*row| if (row.pidfd < 0) tree.end(row);
        return tree;
    }

    fn begin(tree: *const Tree) void {
        const record = tree.record;
        record.options.begin = false;
        record.epoch = 0;
        record.epochs = 0;
        record.births_state = .not_yet;
        if (record.options.fresh) {
            record.begun = ticks_now();
            record.lost = 0;
            record.never_known = 0;
        }
        for (tree.rows[0..record.count], 0..) |*row, number| {
            if (record.options.fresh and row.has_ended()) row.flags.ended = true;
            if (row.flags.ended) continue;
            row.looked = 0;
            // A refusal may be over: the process may have become a user of ours.
            if (row.flags.refused) row.flags.hands_off = false;
            row.flags.refused = false;
            row.flags.stands = false;
            row.flags.stubborn = false;
            row.flags.listed = false;
            row.asked_ms = 0;
            row.resumed = 0;
            row.cursor = 0;
            tree.push(@intCast(number));
        }
    }

    pub fn is_late(tree: *const Tree) bool {
        return monotonic() >= tree.deadline;
    }

    pub fn is_full(tree: *const Tree) bool {
        return tree.record.count == tree.record.capacity;
    }

    /// The last row that was added with this pid.
    pub fn find(tree: *const Tree, pid: i32) ?u32 {
        const slot = tree.slot_of(pid).*;
        return if (slot == 0) null else slot - 1;
    }

    fn slot_of(tree: *const Tree, pid: i32) *u32 {
        const mask = tree.record.capacity * 2 - 1;
        var at = (@as(u32, @bitCast(pid)) *% 0x9E37_79B1) >> 7 & mask;
        while (true) : (at = at + 1 & mask) {
            const slot = &tree.slots[at];
            if (slot.* == 0 or tree.rows[slot.* - 1].pid == pid) return slot;
        }
    }

    fn index(tree: *const Tree, number: u32) void {
        tree.slot_of(tree.rows[number].pid).* = number + 1;
        tree.push(number);
    }

    /// The newest is chased first: it is the one that may fork next.
    pub fn push(tree: *const Tree, number: u32) void {
        const row = &tree.rows[number];
        if (row.flags.queued) return;
        row.flags.queued = true;
        row.next = tree.record.top;
        tree.record.top = @intCast(number);
    }

    /// Adds a process that was pinned and read; its row. There is a free one.
    pub fn add(tree: *const Tree, found: Found) u32 {
        const number = tree.record.count;
        const row = &tree.rows[number];
        row.* = std.mem.zeroes(TreeRow);
        row.pid = found.stat.pid;
        row.pidfd = found.pidfd;
        row.parent = @intCast(found.parent);
        row.depth = tree.rows[found.parent].depth + 1;
        row.flags = found.flags;
        row.since = found.stat.start_ticks;
        row.name_length = @intCast(@min(found.stat.name.len, row.name.len));
        for (found.stat.name[0..row.name_length], 0..) |byte, at| row.name[at] = byte;
        row.take(found.stat);
        row.flags.undecided = tree.may_spare(row.pid);
        if (row.flags.undecided) row.flags.hands_off = true;
        // It is not known when a zombie exited. Children that it left before the call are not
        // looked for, those that it left since are.
        if (row.flags.ended) {
            row.flags.ended = false;
            row.since = @max(row.since, tree.record.begun);
            tree.end(row);
        }
        tree.record.count += 1;
        tree.record.indexed += 1;
        if (tree.record.slot != 0) _ = thread_fds.track(tree.record.slot, row.pidfd, 1);
        tree.index(number);
        return number;
    }

    /// Whether the pid may be that of the caller or of an ancestor of it, which are not stopped.
    /// src/tree/table.ts sets the same bits.
    fn may_spare(tree: *const Tree, pid: i32) bool {
        const number: u32 = @bitCast(pid);
        return tree.record.spared[number / 32 % spared_words] >> @truncate(number) & 1 != 0;
    }

    /// Sends SIGSTOP, where that is asked for.
    pub fn stop(tree: *const Tree, row: *TreeRow) void {
        const keeps = row.flags.hands_off or row.flags.free or row.flags.killed;
        if (!tree.record.options.stop or keeps) return;
        if (row.flags.deaf) return row.refuse();
        if (row.asked_ms == 0) row.asked_ms = milliseconds();
        // One that was stopped before stays stopped: another process did that, and it is not ours
        // to undo.
        if (row.flags.was_stopped) return;
        if (row.send(linux.SIG.STOP)) row.flags.stopped = true;
    }

    /// Notes that a process has exited. A stopped one exits by a signal of ours, or because another
    /// process has resumed or killed it.
    pub fn end(tree: *const Tree, row: *TreeRow) void {
        if (row.flags.ended) return;
        row.flags.ended = true;
        const is_sure = row.flags.known and (row.flags.killed or row.flags.dying);
        const is_left_alone = row.flags.hands_off and !row.flags.refused;
        if (is_sure or is_left_alone) return;
        tree.lose(row.since, row.flags.was_known);
    }

    /// Counts one that may have left children since then.
    pub fn lose(tree: *const Tree, since: u64, was_known: bool) void {
        const record = tree.record;
        if (!record.options.counts) return;
        if (record.lost == 0 or since < record.lost_since) record.lost_since = since;
        record.lost += 1;
        if (!was_known) record.never_known += 1;
    }
};

/// Now, as start times are counted: see proc_pid_stat(5).
pub fn ticks_now() u64 {
    return boot.now(boot.CLOCK_BOOTTIME) / (10 * std.time.ns_per_ms);
}

/// The monotonic clock, in nanoseconds.
pub fn monotonic() u64 {
    return boot.now(boot.CLOCK_MONOTONIC);
}

/// The same in milliseconds, and never 0.
pub fn milliseconds() u32 {
    return @as(u32, @truncate(monotonic() / std.time.ns_per_ms)) | 1;
}
