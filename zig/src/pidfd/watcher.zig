//! The watcher: one native thread for each JavaScript thread that waits. It sleeps in
//! epoll_pwait(2) over pidfds, and writes a record to its end of a socket pair for each that has
//! ended; the runtime's loop reads the other end.
//!
//! It keeps no state: it knows two descriptors, which are its own. JavaScript has another
//! descriptor of the same epoll, so that neither side ever uses a number that the other one has
//! closed. What it watches are the handles' own pidfds; whoever closes one removes it first. A
//! shutdown of the pair ends the watcher, and so does the end of the JavaScript thread.
//!
//! A call that fails for want of memory is tried again: the watcher ends only when nobody can read
//! what it writes.
const std = @import("std");
const kernel = @import("../sys/kernel.zig");
const records = @import("../records.zig");
const syscall = @import("../sys/syscall.zig");
const sys_fd = @import("../sys/fd.zig");
const sys_pidfd = @import("../sys/pidfd.zig");
const channel = @import("watcher_channel.zig");
const thread = @import("../sys/thread.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// struct epoll_event: packed on x86_64 alone.
const Event = linux.epoll_event;

/// The event of the thread's own end of the pair; tokens fit in 31 bits.
const hang_up = std.math.maxInt(u64);

/// The bit of an event that is about a pipe or a socket, not about a process.
const of_stream: u64 = 1 << 63;

/// The calls that start a watcher, in their order.
pub const Step = enum(i32) { socketpair, epoll_create1, fcntl, epoll_ctl, pthread_create };

/// What a start has opened so far.
const Opened = struct {
    pair: [2]i32 = .{ -1, -1 },
    /// JavaScript's descriptor of the epoll, and the thread's.
    epolls: [2]i32 = .{ -1, -1 },
    /// The library's own descriptor of the end that JavaScript reads.
    ending: i32 = -1,
};

/// Fills in the record, or says in `step` which call failed.
pub fn start(record: *records.WatcherRecord) i32 {
    const first = @intFromEnum(Step.socketpair);
    record.* = .{ .socket = -1, .epoll = -1, .step = first, .slot = 0, .inner = @splat(-1) };
    var opened = Opened{};
    const result = prepare(record, &opened);
    if (result < 0) {
        for (opened.pair ++ opened.epolls ++ [1]i32{opened.ending}) |fd| if (fd >= 0) {
            _ = sys_fd.close(fd);
        };
        return result;
    }
    record.socket = opened.pair[0];
    record.epoll = opened.epolls[0];
    record.inner = .{ opened.pair[1], opened.epolls[1], opened.ending };
    record.slot = channel.keep(record.socket, record.epoll, opened.ending);
    return 0;
}

/// Ends a watcher that `start` has started, and closes what it opened but for the socket, which is
/// the runtime's; with `with_socket`, where the runtime has refused that, the socket too.
pub fn stop(record: *const records.WatcherRecord, with_socket: bool) i32 {
    return channel.stop(record, with_socket);
}

fn prepare(record: *records.WatcherRecord, opened: *Opened) i32 {
    const kind: u32 = linux.SOCK.STREAM | linux.SOCK.CLOEXEC;
    const paired = call(named(.socketpair), .{ @as(u32, linux.AF.UNIX), kind, 0, &opened.pair });
    if (paired < 0) return paired;
    record.step = @intFromEnum(Step.epoll_create1);
    opened.epolls[0] = call(named(.epoll_create1), .{@as(u32, linux.EPOLL.CLOEXEC)});
    if (opened.epolls[0] < 0) return opened.epolls[0];
    record.step = @intFromEnum(Step.fcntl);
    opened.ending = sys_fd.fcntl(opened.pair[0], kernel.F_DUPFD_CLOEXEC, 0);
    if (opened.ending < 0) return opened.ending;
    opened.epolls[1] = sys_fd.fcntl(opened.epolls[0], kernel.F_DUPFD_CLOEXEC, 0);
    if (opened.epolls[1] < 0) return opened.epolls[1];
    record.step = @intFromEnum(Step.epoll_ctl);
    // The end that JavaScript reads reports a hang-up if the watcher's end was closed behind its
    // back.
    for ([_]i32{ opened.pair[1], opened.ending }) |socket| {
        const added = add_event(opened.epolls[0], socket, linux.EPOLL.RDHUP, hang_up);
        if (added < 0) return added;
    }
    record.step = @intFromEnum(Step.pthread_create);
    return spawn(opened.epolls[1], opened.pair[1]);
}

fn add_event(epoll: i32, fd: i32, events: u32, data: u64) i32 {
    var event = Event{ .events = events, .data = .{ .u64 = data } };
    return call(named(.epoll_ctl), .{ epoll, @as(u32, linux.EPOLL.CTL_ADD), fd, &event });
}

fn spawn(epoll: i32, socket: i32) i32 {
    // Two descriptors fit into one word on every CPU: on a 32-bit one the default RLIMIT_NOFILE
    // never reaches 2^16.
    const arguments = pack(epoll, socket) orelse return negated(.MFILE);
    return thread.start(main, arguments);
}

const half = @bitSizeOf(usize) / 2;

fn pack(epoll: i32, socket: i32) ?usize {
    if (half == 16 and (epoll > 0xFFFF or socket > 0xFFFF)) return null;
    return @as(usize, @intCast(epoll)) << half | @as(usize, @intCast(socket));
}

fn main(arguments: usize) callconv(.c) usize {
    const epoll: i32 = @intCast(arguments >> half);
    const socket: i32 = @intCast(arguments & ((1 << half) - 1));
    const cookie = channel.cookie(socket);
    watch(epoll, socket);
    // Only while the numbers are still the watcher's: a program may close descriptors that it knows
    // nothing of.
    if (cookie == null or channel.cookie(socket) != cookie) return 0;
    if (remove(epoll, socket) == 0) _ = sys_fd.close(epoll);
    _ = sys_fd.close(socket);
    return 0;
}

/// How many processes it reports at a time.
const at_once = 32;

fn watch(epoll: i32, socket: i32) void {
    var events: [at_once]Event = undefined;
    var told: [at_once]records.WatchRecord = undefined;
    while (true) {
        const forever: i32 = -1;
        const room: u32 = at_once;
        const count = call(named(.epoll_pwait), .{ epoll, &events, room, forever, null, 0 });
        if (count < 0) {
            if (!passes(count)) return;
            continue;
        }
        const length: usize = @intCast(count);
        // First: after a hang-up the number may be another socket's, and what follows writes to it.
        for (events[0..length]) |event| if (event.data.u64 == hang_up) return;
        for (events[0..length], told[0..length]) |event, *record| look(event, record);
        if (!send(socket, std.mem.sliceAsBytes(told[0..length]))) return;
    }
}

/// Whether a call failed for want of something that may come back: then, after a moment, it is
/// tried again.
fn passes(result: i32) bool {
    const passing = [_]i32{ negated(.AGAIN), negated(.NOBUFS), negated(.NOMEM) };
    if (std.mem.indexOfScalar(i32, &passing, result) == null) return false;
    const moment_ms = 5;
    _ = sys_fd.poll(-1, 0, moment_ms);
    return true;
}

/// What became of one process. If its watch was removed meanwhile, the descriptor may be another
/// process's by now: then no listener has the token.
fn look(event: Event, record: *records.WatchRecord) void {
    record.* = std.mem.zeroes(records.WatchRecord);
    record.fd = @intCast(event.data.u64 & 0xFFFF_FFFF);
    record.token = @intCast((event.data.u64 & ~of_stream) >> 32);
    if (event.data.u64 & of_stream != 0) return;
    record.reaped = @intFromBool(event.events & linux.EPOLL.HUP != 0);
    const options = kernel.WEXITED | kernel.WNOHANG | kernel.WNOWAIT | kernel.WALL;
    record.told = sys_pidfd.wait(record.fd, options, &record.status);
    if (record.told < 0 and record.reaped == 1) tell_of_reaped(record);
}

/// The kernel reports to everybody how a reaped process ended (6.15).
fn tell_of_reaped(record: *records.WatchRecord) void {
    var info = std.mem.zeroes(kernel.PidfdInfo);
    info.mask = kernel.PIDFD_INFO_EXIT;
    if (sys_pidfd.info(record.fd, &info) < 0 or info.mask & kernel.PIDFD_INFO_EXIT == 0) return;
    record.told = @intFromEnum(records.WatchTold.wait_status);
    record.status.status = info.exit_code;
}

/// False when JavaScript no longer listens.
fn send(socket: i32, bytes: []const u8) bool {
    var sent: usize = 0;
    while (sent < bytes.len) {
        const rest = bytes[sent..];
        const flags: u32 = linux.MSG.NOSIGNAL;
        const count = call(named(.sendto), .{ socket, rest.ptr, rest.len, flags, null, 0 });
        if (count > 0) sent += @intCast(count) else if (!passes(count)) return false;
    }
    return true;
}

/// Watches a pidfd under a token, until `remove`, which must come before the pidfd is closed: an
/// epoll registration outlives its descriptor while the open file has another one. Edge-triggered:
/// one event when the process exits, and a second when it is reaped (6.9).
pub fn add(epoll: i32, pidfd: i32, token: i32) i32 {
    const name = @as(u64, @as(u32, @bitCast(token))) << 32 | @as(u32, @intCast(pidfd));
    return add_event(epoll, pidfd, linux.EPOLL.IN | linux.EPOLL.ET, name);
}

/// Waits once until a pipe or a socket can be read, or, under a negative token, be written.
pub fn arm(epoll: i32, fd: i32, token: i32) i32 {
    const positive: u32 = @abs(token);
    const events: u32 = if (token < 0) linux.EPOLL.OUT else linux.EPOLL.IN;
    var event = Event{
        .events = events | linux.EPOLL.ONESHOT,
        .data = .{ .u64 = of_stream | @as(u64, positive) << 32 | @as(u32, @intCast(fd)) },
    };
    const changed = call(named(.epoll_ctl), .{ epoll, @as(u32, linux.EPOLL.CTL_MOD), fd, &event });
    if (changed != negated(.NOENT)) return changed;
    return call(named(.epoll_ctl), .{ epoll, @as(u32, linux.EPOLL.CTL_ADD), fd, &event });
}

/// Ends a watch.
pub fn remove(epoll: i32, pidfd: i32) i32 {
    return call(named(.epoll_ctl), .{ epoll, @as(u32, linux.EPOLL.CTL_DEL), pidfd, null });
}
