//! Finds all processes below the root of a tree, and stops them all.
//!
//! Each process that is found is stopped at once, and its children are read before it has stopped:
//! so the newest of a fork chain is reached before it forks again. A pending SIGSTOP does not
//! prevent a fork, because fork(2) checks for signals only when it begins. So each one is read
//! again once it is stopped, and in the end all are read once more: a child made with CLONE_PARENT
//! appears below a process that was read before.
const std = @import("std");
const boot = @import("../proc/boot.zig");
const kernel = @import("../sys/kernel.zig");
const looking = @import("look.zig");
const proc_births = @import("../proc/births.zig");
const syscall = @import("../sys/syscall.zig");
const tree = @import("tree.zig");
const linux = std.os.linux;

const Answer = tree.Answer;
const Outcome = looking.Outcome;
const Tree = tree.Tree;
const TreeRow = tree.TreeRow;

/// How long a process may take to stop. Who is forced to end is killed then: the parent in vfork(2)
/// of a child that was stopped would never stop. Who is not is no longer waited for.
const force_after_ms = 20;
const wait_at_most_ms = 100;

/// A tree that forks at full speed and is not stopped is looked over no more often.
const most_epochs = 64;

/// One that others resume so often is killed, where it is forced.
const most_resumed = 3;

/// Looks until nothing is new, or until all are stopped: one of `Answer`, or a negated errno.
pub fn stand(proc: i32, budget_us: i32, record: *tree.TreeRecord) i32 {
    const t = Tree.init(proc, budget_us, record);
    var pause_ns: u32 = 20_000;
    while (record.options.stop or record.epochs < most_epochs) {
        const chased = chase(&t);
        if (chased != 0) return answer(chased);
        const settled = if (record.epoch == 0) settle(&t) else look_over_all(&t);
        switch (settled) {
            Outcome.same => if (is_confirmed(&t)) return @intFromEnum(Answer.done),
            // Sleeps instead of spinning, which would keep the CPU from those it waits for: they
            // stop sooner.
            Outcome.runs => {
                if (!t.is_late()) sleep(pause_ns);
                pause_ns = @min(2 * pause_ns, 400_000);
            },
            Outcome.changed => pause_ns = 20_000,
            else => return answer(settled),
        }
        if (t.is_late()) return @intFromEnum(Answer.again);
    }
    return @intFromEnum(Answer.unsettled);
}

/// The same outcome as one of `Answer`.
pub fn answer(outcome: i32) i32 {
    return switch (outcome) {
        Outcome.late => @intFromEnum(Answer.again),
        Outcome.full => @intFromEnum(Answer.full),
        else => outcome,
    };
}

/// Whether a look ended before it was over.
pub fn is_cut_short(outcome: i32) bool {
    // Below zero, late or full.
    return @as(u32, @bitCast(outcome)) >= Outcome.late;
}

/// A tree of so many is looked at twice; of a larger one the forks are counted, which takes as long
/// as three looks or more.
const looked_over = 8;

/// Counts the forks of the whole machine from now on; those listed before have to be listed again.
fn count_births(t: *const Tree) void {
    const births = proc_births.count(t.proc);
    t.record.births = births orelse 0;
    t.record.births_state = if (births == null) .in_vain else .counted;
    for (t.rows[0..t.record.count], 0..) |*row, number| {
        if (!row.flags.ended) t.push(@intCast(number));
    }
}

/// Whether the tree is known to be complete: no process was forked since the lists were read, or a
/// round over all found none new.
fn is_confirmed(t: *const Tree) bool {
    const record = t.record;
    if (record.epoch != 0) return true;
    if (record.births_state == .counted) {
        if (all_listed(t) and proc_births.count(t.proc) == record.births) return true;
        record.births_state = .in_vain;
        if (record.options.stop) {
            for (t.rows[0..record.count]) |*row| {
                row.flags.stands = false;
                row.flags.known = false;
            }
            return false;
        }
    }
    begin_epoch(record);
    return false;
}

fn all_listed(t: *const Tree) bool {
    for (t.rows[0..t.record.count]) |*row| if (!row.flags.ended and !row.flags.listed) return false;
    return true;
}

fn begin_epoch(record: *tree.TreeRecord) void {
    record.epochs += 1;
    record.epoch = record.epochs;
    record.hidden = 0;
}

fn sleep(nanoseconds: u32) void {
    const time = kernel.Timespec{ .sec = 0, .nsec = nanoseconds };
    _ = syscall.call_once(kernel.clock_nanosleep_number, .{ boot.CLOCK_MONOTONIC, 0, &time, null });
}

/// So many are chased in one call however long that takes: where the machine is busy, the time is
/// up before anything was done.
const chased_at_least = 32;

/// Reads the children of the new members, the newest first.
fn chase(t: *const Tree) i32 {
    var count: u32 = 0;
    while (t.record.top >= 0) : (count += 1) {
        if (count >= chased_at_least and t.is_late()) return Outcome.late;
        const number: u32 = @intCast(t.record.top);
        const row = &t.rows[number];
        t.record.top = row.next;
        row.flags.queued = false;
        if (row.flags.ended) continue;
        if (t.record.births_state == .not_yet and t.record.count > looked_over) count_births(t);
        t.record.epoch = 0;
        if (row.flags.unread) looking.read_first(t, number);
        t.stop(row);
        const result = looking.chase(t, number);
        if (is_cut_short(result)) {
            t.push(number);
            return result;
        }
        if (result == Outcome.unlisted) note_unlisted(t, row);
        if (!t.record.options.stop) row.flags.known = false; // It runs.
        // If nothing is to be stopped, nothing is waited for: one more round over all is enough.
        row.flags.stands = !t.record.options.stop;
    }
    return 0;
}

/// Looks at those that do not stand yet, the newest first.
fn settle(t: *const Tree) i32 {
    var result: i32 = Outcome.same;
    var number = t.record.count;
    while (number > 0) {
        number -= 1;
        const row = &t.rows[number];
        if (row.flags.stands or row.flags.ended) continue;
        const one = settle_one(t, number);
        if (is_cut_short(one)) return one;
        // A new member is chased before any other is looked at.
        if (t.record.top >= 0) return Outcome.changed;
        const is_worse = one == Outcome.runs and result == Outcome.same;
        if (one == Outcome.changed or is_worse) result = one;
        if (t.is_late()) return Outcome.late;
    }
    return result;
}

fn settle_one(t: *const Tree, number: u32) i32 {
    const row = &t.rows[number];
    const need = need_of(t, row);
    const is_counted = t.record.births_state == .counted and row.flags.listed;
    const narrowed = if (need == .standing and is_counted) .only_standing else need;
    const one = looking.look(t, number, narrowed);
    switch (one) {
        Outcome.same, Outcome.unlisted => {
            note_standing(t, row);
            if (one == Outcome.unlisted) note_unlisted(t, row);
            return Outcome.same;
        },
        Outcome.ended => return Outcome.same,
        Outcome.runs => return hurry(t, number),
        else => return one,
    }
}

/// Who may not be stopped is only read.
fn need_of(t: *const Tree, row: *const TreeRow) looking.Need {
    const runs_on = row.flags.hands_off or row.flags.free or row.flags.killed or row.flags.stubborn;
    return if (t.record.options.stop and !runs_on) .standing else .any;
}

fn note_standing(t: *const Tree, row: *TreeRow) void {
    row.flags.stands = true;
    row.looked = t.record.epoch;
    // A fork that is under way when SIGKILL comes fails, so one that was killed can have no more
    // children either.
    const is_still = need_of(t, row) == .standing or row.flags.killed;
    if (!t.record.options.stop or !is_still) return;
    row.flags.known = true;
    row.flags.was_known = true;
    row.since = tree.ticks_now();
}

fn note_unlisted(t: *const Tree, row: *TreeRow) void {
    if (row.flags.unlisted) return;
    row.flags.unlisted = true;
    t.record.unlisted += 1;
}

/// Sends SIGSTOP to a running process, again and again, until its time is up.
fn hurry(t: *const Tree, number: u32) i32 {
    const row = &t.rows[number];
    // Others have resumed it: now it is ours to stop, and to resume.
    if (row.flags.was_stopped or row.flags.known) row.resumed += 1;
    row.flags.was_stopped = false;
    row.flags.known = false;
    t.stop(row);
    if (row.flags.hands_off or row.asked_ms == 0) return Outcome.changed;
    const since_ms = tree.milliseconds() -% row.asked_ms;
    if (!t.record.options.force) {
        if (since_ms < wait_at_most_ms) return Outcome.runs;
        row.flags.stubborn = true;
        return Outcome.changed;
    }
    if (since_ms < force_after_ms and row.resumed < most_resumed) return Outcome.runs;
    return kill_running(t, number);
}

/// Kills one that does not stand still, and reads its children before and after it.
pub fn kill_running(t: *const Tree, number: u32) i32 {
    const row = &t.rows[number];
    const before = looking.look(t, number, .any);
    if (is_cut_short(before)) return before;
    if (row.flags.ended) return Outcome.changed;
    if (row.send(linux.SIG.KILL)) row.flags.killed = true;
    row.flags.stands = false;
    const after = looking.look(t, number, .any);
    // The list of a process that has exited is empty, so it means something only for one that has
    // not.
    if (after == Outcome.same and !row.has_ended()) note_standing(t, row);
    return if (is_cut_short(after)) after else Outcome.changed;
}

/// Looks at all once more: one that runs has to be stopped again.
fn look_over_all(t: *const Tree) i32 {
    var number = t.record.count;
    while (number > 0) {
        number -= 1;
        const row = &t.rows[number];
        if (row.flags.ended or row.looked == t.record.epoch) continue;
        const one = if (t.record.options.stop)
            looking.look(t, number, need_of(t, row))
        else
            looking.chase(t, number);
        if (is_cut_short(one)) return one;
        if (one == Outcome.runs or one == Outcome.changed) {
            row.flags.stands = !t.record.options.stop;
            t.record.epoch = 0;
            return if (one == Outcome.runs) hurry(t, number) else one;
        }
        if (one == Outcome.same or one == Outcome.unlisted) note_standing(t, row);
        if (t.is_late()) return Outcome.late;
    }
    return Outcome.same;
}
