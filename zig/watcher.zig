//! The watcher: one native thread for each JavaScript thread that waits. It sleeps in epoll_pwait(2) over pidfds, and
//! writes a record to its end of a socket pair for each that has ended; the other end is read by the runtime's loop.
//!
//! It keeps no state: all it knows are two descriptors. What it watches are the handles' own pidfds; whoever closes one
//! removes it first. When the JavaScript thread ends (a Worker was terminated, say) the watcher hears it by the shutdown of the
//! pair, and ends too. The runtimes can't be left to close the pair: Deno leaves the sockets of a terminated Worker open.
const std = @import("std");
const kernel = @import("kernel.zig");
const records = @import("records.zig");
const syscall = @import("syscall.zig");
const calls = @import("calls.zig");
const imported = @import("pthread.zig").imported;
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// struct epoll_event: packed on x86_64 alone.
const Event = linux.epoll_event;

/// The event of the thread's own end of the pair; tokens of processes fit in 32 bits.
const hang_up = std.math.maxInt(u64);

/// The calls that start a watcher, in their order; src/watch/watcher.ts has their names.
const Step = enum(i32) { socketpair, epoll_create1, fcntl, epoll_ctl, pthread_create };

/// Fills in the two descriptors, or says in `step` which call failed.
pub fn start(record: *records.WatcherRecord) i32 {
    record.* = .{ .socket = -1, .epoll = -1, .step = @intFromEnum(Step.socketpair) };
    var pair = [2]i32{ -1, -1 };
    var ending: i32 = -1;
    const result = prepare(record, &pair, &ending);
    if (result >= 0) {
        hang_up_when_thread_ends(ending, pair[0]);
        record.socket = pair[0];
        return 0;
    }
    for ([_]i32{ record.epoll, ending, pair[0], pair[1] }) |fd| if (fd >= 0) {
        _ = calls.close(fd);
    };
    return result;
}

fn prepare(record: *records.WatcherRecord, pair: *[2]i32, ending: *i32) i32 {
    const kind: u32 = linux.SOCK.STREAM | linux.SOCK.CLOEXEC;
    const paired = call(named(.socketpair), .{ @as(u32, linux.AF.UNIX), kind, 0, pair });
    if (paired < 0) return paired;
    record.step = @intFromEnum(Step.epoll_create1);
    record.epoll = call(named(.epoll_create1), .{@as(u32, linux.EPOLL.CLOEXEC)});
    if (record.epoll < 0) return record.epoll;
    record.step = @intFromEnum(Step.fcntl);
    ending.* = calls.fcntl(pair[0], kernel.F_DUPFD_CLOEXEC, 0);
    if (ending.* < 0) return ending.*;
    record.step = @intFromEnum(Step.epoll_ctl);
    var event = Event{ .events = linux.EPOLL.RDHUP, .data = .{ .u64 = hang_up } };
    const added = call(named(.epoll_ctl), .{ record.epoll, @as(u32, linux.EPOLL.CTL_ADD), pair[1], &event });
    if (added < 0) return added;
    record.step = @intFromEnum(Step.pthread_create);
    return spawn(record.epoll, pair[1]);
}

/// Every signal but those that C libraries send to their own threads (32 and 33 in glibc, 34 too in musl): setuid(2) and its
/// like wait until each thread has answered one.
const blocked: u64 = ~@as(u64, 0b111 << 31);

/// The host's threads bring the thread-local storage that its allocator and signal handlers rely on. The thread inherits the
/// mask: it takes no signal that is meant for the program.
fn spawn(epoll: i32, socket: i32) i32 {
    const create = imported("pthread_create") orelse return negated(.NOSYS);
    const detach = imported("pthread_detach") orelse return negated(.NOSYS);
    var before: u64 = 0;
    const size: usize = 8;
    _ = call(named(.rt_sigprocmask), .{ @as(u32, linux.SIG.SETMASK), &blocked, &before, size });
    // Two descriptors fit into one word on every CPU: RLIMIT_NOFILE never reaches 2^16 on one with 32 bits by default.
    const arguments = pack(epoll, socket) orelse return negated(.MFILE);
    var thread: usize = 0;
    const failure = create(&thread, null, main, arguments);
    _ = call(named(.rt_sigprocmask), .{ @as(u32, linux.SIG.SETMASK), &before, null, size });
    if (failure != 0) return -failure;
    _ = detach(thread);
    return 0;
}

/// Has the C library call `thread_ends` when the calling thread ends; the descriptor is the library's until then.
/// Where that can't be had, the pair hangs up when the runtime closes it.
fn hang_up_when_thread_ends(ending: i32, read: i32) void {
    var key: u32 = 0;
    if (imported("pthread_key_create")) |create| {
        if (create(&key, thread_ends) == 0) {
            if (Ending.of(key, ending, read)) |value| {
                const set = imported("pthread_setspecific");
                if (set != null and set.?(key, @bitCast(value)) == 0) return;
            }
        }
    }
    _ = calls.close(ending);
}

/// What the end of a thread needs to know, in the word that the C library keeps for it. The word is never 0, which would mean that
/// there is nothing to do, because the place is one more than the key.
const Ending = packed struct(usize) {
    const Number = if (half == 32) u24 else u16;

    ending: Number,
    read: if (half == 32) Number else u0,
    place: u16,

    fn of(key: u32, ending: i32, read: i32) ?Ending {
        return .{
            .ending = std.math.cast(Number, ending) orelse return null,
            .read = if (half == 32) std.math.cast(Number, read) orelse return null else 0,
            .place = std.math.cast(u16, key + 1) orelse return null,
        };
    }
};

/// Deno, which does, runs on these CPUs alone.
const leaves_sockets = switch (@import("builtin").cpu.arch) {
    .x86_64, .aarch64 => true,
    else => false,
};

fn thread_ends(value: usize) callconv(.c) void {
    const word: Ending = @bitCast(value);
    const both: u32 = linux.SHUT.RDWR;
    _ = call(named(.shutdown), .{ @as(i32, word.ending), both });
    if (leaves_sockets) close_left(word.ending, word.read);
    _ = calls.close(word.ending);
    if (imported("pthread_key_delete")) |delete| _ = delete(@as(u32, word.place) - 1);
}

/// Closes the end that JavaScript has read, if this thread's runtime is gone without having closed it, as Deno's is: what has that
/// number is this very socket still, which the kernel's cookie says, and nobody is left who knows the number.
fn close_left(ending: i32, read: i32) void {
    const ours = cookie(ending) orelse return;
    const its = cookie(read) orelse return;
    if (ours == its) _ = calls.close(read);
}

/// getsockopt(2) of SO_COOKIE, Linux 4.12: a number that no other socket of this boot has.
fn cookie(fd: i32) ?u64 {
    var value: u64 = 0;
    var length: u32 = @sizeOf(u64);
    const so_cookie: u32 = 57;
    const result = call(named(.getsockopt), .{ fd, @as(u32, linux.SOL.SOCKET), so_cookie, &value, &length });
    return if (result < 0) null else value;
}

const half = @bitSizeOf(usize) / 2;

fn pack(epoll: i32, socket: i32) ?usize {
    if (half == 16 and (epoll > 0xFFFF or socket > 0xFFFF)) return null;
    return @as(usize, @intCast(epoll)) << half | @as(usize, @intCast(socket));
}

fn main(arguments: usize) callconv(.c) usize {
    const epoll: i32 = @intCast(arguments >> half);
    const socket: i32 = @intCast(arguments & ((1 << half) - 1));
    watch(epoll, socket);
    _ = calls.close(epoll);
    _ = calls.close(socket);
    return 0;
}

/// How many processes it tells of in one go.
const at_once = 32;

fn watch(epoll: i32, socket: i32) void {
    var events: [at_once]Event = undefined;
    var told: [at_once]records.WatchRecord = undefined;
    while (true) {
        const forever: i32 = -1;
        const count = call(named(.epoll_pwait), .{ epoll, &events, @as(u32, at_once), forever, null, 0 });
        if (count < 0) return;
        const length: usize = @intCast(count);
        for (events[0..length], told[0..length]) |event, *record| {
            if (event.data.u64 == hang_up) return;
            look(event, record);
        }
        if (!send(socket, std.mem.sliceAsBytes(told[0..length]))) return;
    }
}

/// What became of one process. If its watch was removed meanwhile, the descriptor may be another process's by now: then
/// nobody knows the token any more.
fn look(event: Event, record: *records.WatchRecord) void {
    record.* = std.mem.zeroes(records.WatchRecord);
    record.fd = @intCast(event.data.u64 & 0xFFFF_FFFF);
    record.token = @intCast(event.data.u64 >> 32);
    record.reaped = @intFromBool(event.events & linux.EPOLL.HUP != 0);
    const options = kernel.WEXITED | kernel.WNOHANG | kernel.WNOWAIT | kernel.WALL;
    record.told = calls.wait(record.fd, options, &record.status);
    if (record.told < 0 and record.reaped == 1) tell_of_reaped(record);
}

/// Of what was reaped the kernel tells everybody how it ended (6.15).
fn tell_of_reaped(record: *records.WatchRecord) void {
    var info = std.mem.zeroes(kernel.PidfdInfo);
    info.mask = kernel.PIDFD_INFO_EXIT;
    if (calls.info(record.fd, &info) < 0 or info.mask & kernel.PIDFD_INFO_EXIT == 0) return;
    record.told = records.WatchRecord.wait_status_told;
    record.status.status = info.exit_code;
}

/// False when JavaScript no longer listens.
fn send(socket: i32, bytes: []const u8) bool {
    var sent: usize = 0;
    while (sent < bytes.len) {
        const rest = bytes[sent..];
        const flags: u32 = linux.MSG.NOSIGNAL;
        const count = call(named(.sendto), .{ socket, rest.ptr, rest.len, flags, null, 0 });
        if (count <= 0) return false;
        sent += @intCast(count);
    }
    return true;
}

/// Watches a pidfd under a token, until `remove`, which must come before the pidfd is closed: as long as the open file has another
/// descriptor, a registration outlives the closing of its own.
/// Edge-triggered: there is one event when the process ends, and a second when it is reaped (6.9).
pub fn add(epoll: i32, pidfd: i32, token: i32) i32 {
    const name = @as(u64, @as(u32, @bitCast(token))) << 32 | @as(u32, @intCast(pidfd));
    var event = Event{ .events = linux.EPOLL.IN | linux.EPOLL.ET, .data = .{ .u64 = name } };
    return call(named(.epoll_ctl), .{ epoll, @as(u32, linux.EPOLL.CTL_ADD), pidfd, &event });
}

/// Ends a watch.
pub fn remove(epoll: i32, pidfd: i32) i32 {
    return call(named(.epoll_ctl), .{ epoll, @as(u32, linux.EPOLL.CTL_DEL), pidfd, null });
}
