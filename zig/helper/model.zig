//! Processes to order, for the model of process life in proofs/model. Each line of input is one
//! command for a slot from 0 to 31, and gets one line as its answer:
//!
//!   n SLOT        starts a process, answers its pid
//!   i SLOT        starts one that ignores SIGTERM
//!   t SLOT        starts one with two children of its own, answers the three pids
//!   e SLOT CODE   lets the process exit with this code
//!   r SLOT        reaps it, answers its raw wait status
//!   s SLOT        gives its pid to a stranger, which has a child of its own, answers 1, or 0 where
//!                 somebody else has that pid
//!   c SLOT        clears the slot, answers how many signals reached the stranger and its child
const std = @import("std");
const helper = @import("helper.zig");
const tree = @import("tree.zig");
const linux = std.os.linux;

const check = helper.check;

const Slot = extern struct {
    ready: u32 = 0,
    code: u32 = 0,
    hits: u32 = 0,
    stranger_child: u32 = 0,
    leaves: [2]u32 = @splat(0),
};

const slots = 32;
const cleared = 77;

/// What the processes share with this one.
var shared: *[slots]Slot = undefined;
var own: *Slot = undefined;
var children: [slots]i32 = @splat(0);
var strangers: [slots]i32 = @splat(0);
var leaf_pidfds: [slots][2]i32 = @splat(@splat(-1));

pub fn run() void {
    const protection = linux.PROT.READ | linux.PROT.WRITE;
    const flags = linux.MAP{ .TYPE = .SHARED, .ANONYMOUS = true };
    shared = @ptrFromInt(check(linux.mmap(null, 4096, protection, flags, -1, 0), "mmap"));
    shared.* = @splat(.{});
    tree.die_with_parent();
    _ = check(linux.prctl(@intFromEnum(linux.PR.SET_CHILD_SUBREAPER), 1, 0, 0, 0), "prctl");
    var buffer: [32]u8 = undefined;
    while (read_line(&buffer)) |line| obey(line);
    for (0..slots) |slot| _ = clear(slot);
    linux.exit_group(0);
}

fn read_line(buffer: *[32]u8) ?[]u8 {
    for (buffer, 0..) |*byte, length| {
        if (linux.read(0, @ptrCast(byte), 1) != 1) return null;
        if (byte.* == '\n') return buffer[0..length];
    }
    helper.fail("the line is too long");
}

fn obey(line: []const u8) void {
    var words = std.mem.splitScalar(u8, line, ' ');
    const command = words.next().?[0];
    const slot = number(words.next()) % slots;
    own = &shared[slot];
    switch (command) {
        'n', 'i', 't' => start(slot, command),
        'e' => {
            own.code = @intCast(number(words.next()));
            _ = linux.kill(children[slot], linux.SIG.USR1);
            helper.print("0", .{});
        },
        'r' => helper.print("{d}", .{reap(slot)}),
        's' => helper.print("{d}", .{replace(slot)}),
        'c' => helper.print("{d}", .{clear(slot)}),
        else => helper.fail("no such command"),
    }
}

fn number(word: ?[]const u8) usize {
    return std.fmt.parseInt(usize, word orelse "", 10) catch helper.fail("not a number");
}

fn start(slot: usize, kind: u8) void {
    own.* = .{};
    const pid: i32 = @intCast(check(linux.fork(), "fork"));
    if (pid == 0) live(kind);
    children[slot] = pid;
    await_ready();
    if (kind != 't') return helper.print("{d}", .{pid});
    for (&leaf_pidfds[slot], own.leaves) |*pidfd, leaf| {
        pidfd.* = @intCast(check(linux.pidfd_open(@intCast(leaf), 0), "pidfd_open"));
    }
    helper.print("{d} {d} {d}", .{ pid, own.leaves[0], own.leaves[1] });
}

fn await_ready() void {
    while (@atomicLoad(u32, &own.ready, .seq_cst) == 0) _ = linux.sched_yield();
}

fn live(kind: u8) noreturn {
    tree.die_with_parent();
    tree.alarm();
    handle(linux.SIG.USR1, exit);
    if (kind == 'i') tree.ignore(linux.SIG.TERM);
    if (kind == 't') {
        tree.ignore(linux.SIG.CHLD);
        for (&own.leaves) |*leaf| {
            const pid = linux.fork();
            if (pid == 0) {
                tree.alarm();
                tree.stay();
            }
            leaf.* = @intCast(pid);
        }
    }
    _ = tree.add(&own.ready);
    tree.stay();
}

fn handle(signal: u8, function: linux.Sigaction.handler_fn) void {
    const action = linux.Sigaction{
        .handler = .{ .handler = function },
        .mask = linux.sigemptyset(),
        .flags = 0,
    };
    _ = linux.sigaction(signal, &action, null);
}

fn exit(_: i32) callconv(.c) void {
    linux.exit_group(@intCast(own.code));
}

fn count_hit(signal: i32) callconv(.c) void {
    if (signal == linux.SIG.USR2) linux.exit_group(cleared);
    _ = tree.add(&own.hits);
}

fn reap(slot: usize) u32 {
    var status: u32 = 0;
    _ = check(linux.waitpid(children[slot], &status, 0), "waitpid");
    return status;
}

fn replace(slot: usize) u32 {
    own.* = .{ .leaves = own.leaves };
    var wanted = children[slot];
    var arguments = helper.CloneArguments{ .set_tid = @intFromPtr(&wanted) };
    const size = @sizeOf(helper.CloneArguments);
    const child = linux.syscall2(.clone3, @intFromPtr(&arguments), size);
    if (linux.E.init(child) != .SUCCESS) return 0;
    if (child == 0) {
        tree.die_with_parent();
        tree.alarm();
        // Also SIGCHLD: its child was killed or stopped.
        for (1..32) |signal| handle(@intCast(signal), count_hit);
        const pid = linux.fork();
        if (pid != 0) {
            own.stranger_child = @intCast(pid);
        } else {
            tree.die_with_parent();
            tree.alarm();
        }
        _ = tree.add(&own.ready);
        tree.stay();
    }
    strangers[slot] = @intCast(child);
    while (@atomicLoad(u32, &own.ready, .seq_cst) < 2) _ = linux.sched_yield();
    return 1;
}

/// Ends whatever is left of the slot: children of ours, which nobody else reaps.
fn clear(slot: usize) u32 {
    var hits: u32 = 0;
    var status: u32 = 0;
    if (strangers[slot] != 0) {
        hits = end_stranger(slot);
    } else if (children[slot] != 0) {
        // Reaped before, or ours still: then this number is its own.
        const waited: isize = @bitCast(linux.waitpid(children[slot], &status, linux.W.NOHANG));
        if (waited == 0) {
            _ = linux.kill(children[slot], linux.SIG.KILL);
            _ = linux.waitpid(children[slot], &status, 0);
        }
    }
    for (&leaf_pidfds[slot], shared[slot].leaves) |*pidfd, leaf| {
        if (pidfd.* < 0) continue;
        _ = linux.pidfd_send_signal(pidfd.*, linux.SIG.KILL, null, 0);
        _ = linux.close(pidfd.*);
        pidfd.* = -1;
        _ = linux.waitpid(@intCast(leaf), &status, 0);
    }
    children[slot] = 0;
    strangers[slot] = 0;
    return hits;
}

fn end_stranger(slot: usize) u32 {
    const pid = strangers[slot];
    const hits = @atomicLoad(u32, &shared[slot].hits, .seq_cst);
    var status: u32 = 0;
    const change = linux.waitpid(pid, &status, linux.W.NOHANG | linux.W.UNTRACED);
    const has_ended = change == pid and !linux.W.IFSTOPPED(status);
    if (!has_ended) {
        _ = linux.kill(pid, linux.SIG.USR2);
        _ = linux.kill(pid, linux.SIG.CONT);
        _ = linux.waitpid(pid, &status, 0);
    }
    // It ends with its parent, and is ours then.
    var ignored: u32 = 0;
    _ = linux.waitpid(@intCast(shared[slot].stranger_child), &ignored, 0);
    const is_unharmed = linux.W.IFEXITED(status) and linux.W.EXITSTATUS(status) == cleared;
    return hits + @intFromBool(change == pid or !is_unharmed);
}
