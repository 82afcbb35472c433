//! The library's own tests: real processes, no JavaScript.
const std = @import("std");
const builtin = @import("builtin");
const calls = @import("calls.zig");
const kernel = @import("sys/kernel.zig");
const records = @import("records.zig");
const syscall = @import("sys/syscall.zig");
const linux = std.os.linux;

const expectEqual = std.testing.expectEqual;
const expect = std.testing.expect;
const negated = syscall.negated;

test {
    _ = @import("proc/fdinfo.zig");
    _ = @import("proc/births.zig");
    _ = @import("proc/description.zig");
    _ = @import("proc/file.zig");
    _ = @import("proc/mark.zig");
    _ = @import("proc/scan.zig");
    _ = @import("proc/stat.zig");
    _ = @import("sys/text.zig");
    _ = @import("abi.zig");
    _ = @import("pidfd/message.zig");
    _ = @import("spawn/guard_channel.zig");
    _ = @import("guard/children.zig");
}

/// A child that waits for SIGCONT's cousin: it sleeps until it is signalled.
fn sleeping_child() !i32 {
    const pid: i32 = @intCast(linux.fork());
    if (pid == 0) while (true) {
        _ = linux.pause();
    };
    return pid;
}

fn ending_child(status: i32) !i32 {
    const pid: i32 = @intCast(linux.fork());
    if (pid == 0) linux.exit_group(status);
    return pid;
}

test "open names a process, signal ends it, wait tells how, close frees the descriptor" {
    const pid = try sleeping_child();
    const fd = calls.open(pid, 0, 0);
    try expect(fd >= 0);
    try expectEqual(pid, calls.pid_of(fd));
    try expectEqual(0, calls.poll(fd, kernel.POLLIN, 0));
    var record: records.WaitRecord = undefined;
    const peek = kernel.WEXITED | kernel.WNOHANG | kernel.WNOWAIT | kernel.WALL;
    try expectEqual(0, calls.wait(fd, peek, &record));
    try expectEqual(0, calls.signal(fd, 9, 0));
    try expectEqual(kernel.POLLIN, calls.poll(fd, kernel.POLLIN, 10_000));
    try expectEqual(negated(.SRCH), calls.signal(fd, 9, 0));
    try expectEqual(1, calls.wait(fd, peek, &record));
    try expectEqual(1, calls.wait(fd, kernel.WEXITED, &record));
    try expectEqual(pid, record.pid);
    try expectEqual(9, record.status);
    try expectEqual(2, record.code);
    try expectEqual(negated(.CHILD), calls.wait(fd, peek, &record));
    try expectEqual(negated(.SRCH), calls.pid_of(fd));
    try expectEqual(0, calls.close(fd));
    try expectEqual(negated(.BADF), calls.close(fd));
    try expectEqual(negated(.BADF), calls.signal(fd, 0, 0));
    try expectEqual(negated(.BADF), calls.pid_of(fd));
}

test "poll waits its time and no longer" {
    const fd = calls.open(calls.own_pid(), 0, 0);
    defer _ = calls.close(fd);
    var timer = try std.time.Timer.start();
    try expectEqual(0, calls.poll(fd, kernel.POLLIN, 30));
    try expect(timer.read() >= 30 * std.time.ns_per_ms);
}

var interruptions: u32 = 0;
/// Who is killed by the next interruption.
var victim: i32 = 0;

fn count_interruption(_: i32) callconv(.c) void {
    interruptions += 1;
    if (victim != 0) _ = linux.kill(victim, linux.SIG.KILL);
}

/// Has the handler run once, after this time.
fn interrupt_after(milliseconds: isize) void {
    const action = linux.Sigaction{
        .handler = .{ .handler = count_interruption },
        .mask = linux.sigemptyset(),
        .flags = 0,
    };
    _ = linux.sigaction(linux.SIG.ALRM, &action, null);
    // struct itimerval: the standard library takes its microseconds for nanoseconds.
    const times = [_]isize{ 0, 0, 0, milliseconds * 1000 };
    _ = syscall.call(syscall.named(.setitimer), .{ 0, &times, null });
}

test "a signal handler ends no poll, with a limit or without" {
    // The standard library's way back from a handler crashes there.
    if (builtin.cpu.arch == .s390x) return error.SkipZigTest;
    const pid = try sleeping_child();
    const fd = calls.open(pid, 0, 0);
    defer _ = calls.close(fd);
    var timer = try std.time.Timer.start();
    interrupt_after(5);
    try expectEqual(0, calls.poll(fd, kernel.POLLIN, 15));
    try expect(timer.read() >= 15 * std.time.ns_per_ms);
    victim = pid;
    interrupt_after(5);
    try expectEqual(kernel.POLLIN, calls.poll(fd, kernel.POLLIN, -1));
    try expectEqual(2, interruptions);
    var record: records.WaitRecord = undefined;
    try expectEqual(1, calls.wait(fd, kernel.WEXITED, &record));
}

test "pids that name nobody" {
    try expectEqual(negated(.INVAL), calls.open(0, 0, 0));
    try expectEqual(negated(.INVAL), calls.open(-1, 0, 0));
    try expectEqual(negated(.SRCH), calls.open(std.math.maxInt(i32), 0, 0));
}

test "a descriptor that is no pidfd" {
    const fd: i32 = @intCast(linux.eventfd(0, 0));
    defer _ = calls.close(fd);
    try expectEqual(negated(.NOTTY), calls.pid_of(fd));
    try expectEqual(negated(.BADF), calls.signal(fd, 0, 0));
}

test "stat and fcntl: two descriptors of one process share an inode" {
    const first = calls.open(calls.own_pid(), 0, 0);
    defer _ = calls.close(first);
    const second = calls.fcntl(first, kernel.F_DUPFD_CLOEXEC, 0);
    defer _ = calls.close(second);
    var one: records.FileRecord = undefined;
    var two: records.FileRecord = undefined;
    try expectEqual(0, calls.stat(first, &one));
    try expectEqual(0, calls.stat(second, &two));
    try expect(first != second);
    try expectEqual(one, two);
    try expectEqual(negated(.BADF), calls.stat(-1, &one));
}

test "a replaced number is what the kernel gets, and can be put back" {
    var numbers: records.NumbersRecord = undefined;
    try expectEqual(0, calls.numbers(0, &numbers));
    try expectEqual(434, numbers.pidfd_open);
    var changed = numbers;
    changed.pidfd_open = 60_000;
    changed.pidfd_send_signal = 60_000;
    const itself = calls.open(calls.own_pid(), 0, 0);
    defer _ = calls.close(itself);
    try expectEqual(0, calls.replace_numbers(&changed));
    try expectEqual(negated(.NOSYS), calls.open(calls.own_pid(), 0, 0));
    try expectEqual(negated(.NOSYS), calls.signal(itself, 0, 0));
    var defaults: records.NumbersRecord = undefined;
    try expectEqual(0, calls.numbers(1, &defaults));
    try expectEqual(434, defaults.pidfd_open);
    try expectEqual(0, calls.replace_numbers(&numbers));
    const fd = calls.open(calls.own_pid(), 0, 0);
    try expect(fd >= 0);
    try expectEqual(0, calls.close(fd));
}

test "what a kernel supports is read at both of its places" {
    var info = std.mem.zeroes(kernel.PidfdInfo);
    info.supported_mask = 0xFF;
    info.coredump_code = 7;
    try expectEqual(0xFF, info.supported());
    info.supported_mask = 0;
    const earlier: u64 = 0x7F;
    @memcpy(std.mem.asBytes(&info)[72..80], std.mem.asBytes(&earlier));
    try expectEqual(0x7F, info.supported());
}

test "the exit-record probe agrees with a child of our own and leaves none behind" {
    const answer = calls.probe_exit_record();
    try expect(answer >= 0);
    const pid = try ending_child(42);
    const fd = calls.open(pid, 0, 0);
    defer _ = calls.close(fd);
    var record: records.WaitRecord = undefined;
    try expectEqual(1, calls.wait(fd, kernel.WEXITED, &record));
    try expectEqual(42, record.status);
    var info = std.mem.zeroes(kernel.PidfdInfo);
    info.mask = kernel.PIDFD_INFO_EXIT;
    const told = calls.info(fd, &info) == 0 and info.mask & kernel.PIDFD_INFO_EXIT != 0;
    try expectEqual(answer == 1, told);
    if (told) try expectEqual(42 << 8, info.exit_code);
    const everybody: i32 = -1;
    const options = kernel.WNOHANG | kernel.WALL;
    const left = syscall.call(syscall.named(.wait4), .{ everybody, 0, options, 0 });
    try expectEqual(negated(.CHILD), left);
}

test "a signal carries a value, and a message a descriptor" {
    // Not a real-time signal: qemu's user mode renumbers those, but not in the siginfo.
    const number = linux.SIG.USR1;
    var set = linux.sigemptyset();
    linux.sigaddset(&set, number);
    _ = linux.sigprocmask(linux.SIG.BLOCK, &set, null);
    const itself = calls.open(calls.own_pid(), 0, 0);
    defer _ = calls.close(itself);
    try expectEqual(0, calls.queue(itself, &.{ .number = number, .flags = 0, .value = -7 }));
    var info = std.mem.zeroes(linux.siginfo_t);
    const timed_wait = syscall.named(.rt_sigtimedwait);
    const got = syscall.call(timed_wait, .{ &set, &info, null, @as(usize, 8) });
    try expectEqual(number, got);
    try expectEqual(kernel.SI_QUEUE, info.code);
    try expectEqual(calls.own_pid(), info.fields.common.first.piduid.pid);
    const value: i32 = @bitCast(std.mem.asBytes(&info.fields.common.second.value)[0..4].*);
    try expectEqual(-7, value);

    var pair: records.PairRecord = undefined;
    try expectEqual(0, calls.socket_pair(linux.SOCK.STREAM, &pair));
    var message = std.mem.zeroes(records.MessageRecord);
    try expectEqual(negated(.AGAIN), calls.receive_message(pair.second, &message, 0));
    message.length = 1;
    message.descriptor_count = 1;
    message.descriptors[0] = itself;
    try expectEqual(1, calls.send_message(pair.first, &message));
    try expectEqual(0, calls.receive_message(pair.second, &message, 0));
    try expectEqual(1, message.descriptor_count);
    try expectEqual(negated(.NODATA), message.sender);
    try expectEqual(calls.own_pid(), calls.pid_of(message.descriptors[0]));
    for ([_]i32{ message.descriptors[0], pair.first, pair.second }) |fd| {
        try expectEqual(0, calls.close(fd));
    }
}

test "the first thread tracks nothing; another one needs the C library's memory" {
    try expectEqual(0, calls.track_fd(0, 0, 1));
    const thread = try std.Thread.spawn(.{}, own_elsewhere, .{});
    thread.join();
}

fn own_elsewhere() void {
    std.debug.assert(calls.track_fd(0, 0, 1) == negated(.NOMEM));
}
