//! Makes one syscall of a program fail once, at a moment that the program chooses, for the tests: a
//! filter that simply refuses could not be taken away again.
//!
//! `fail-once CALL ERRNO CMD…` becomes CMD, with a child at its side that answers each call of this
//! number or name: the kernel may do it, but for the first that the program's main thread makes
//! after the child got SIGUSR1, unless it has got SIGUSR2 since. `fail-aside` is the same for the
//! first that another thread makes.
const std = @import("std");
const builtin = @import("builtin");
const helper = @import("helper.zig");
const linux = std.os.linux;

/// struct seccomp_notif and seccomp_notif_resp, seccomp_unotify(2).
const Call = extern struct { id: u64, thread: u32, flags: u32, data: [64]u8 };
const Answer = extern struct { id: u64, value: i64, errno: i32, flags: u32 };
const receive_call = linux.IOCTL.IOWR('!', 0, Call);
const send_answer = linux.IOCTL.IOWR('!', 1, Answer);
const go_on = 1; // SECCOMP_USER_NOTIF_FLAG_CONTINUE

var is_armed = false;

fn arm(signal: i32) callconv(.c) void {
    @as(*volatile bool, &is_armed).* = signal == linux.SIG.USR1;
}

/// Whether the main thread's calls fail, or those of the others.
var is_main = true;

pub fn run_aside() void {
    is_main = false;
    run();
}

pub fn run() void {
    const errno = helper.number(i32, 3);
    const program = linux.getpid();
    var ready: [2]i32 = undefined;
    _ = helper.check(linux.pipe2(&ready, .{ .CLOEXEC = true }), "pipe2");
    // One table of descriptors for both until the exec: so the listener is the child's too, under
    // the same number.
    const flags: usize = linux.CLONE.FILES | linux.SIG.CHLD;
    // On s390x the stack comes first, clone(2).
    const is_swapped = builtin.cpu.arch == .s390x;
    const first: usize = if (is_swapped) 0 else flags;
    const second: usize = if (is_swapped) flags else 0;
    const pid = helper.check(linux.syscall5(.clone, first, second, 0, 0, 0), "clone");
    if (pid == 0) supervise(program, ready[0], errno);
    const listener: i32 = @intCast(install(helper.syscall_number(2)));
    _ = linux.write(ready[1], std.mem.asBytes(&listener), 4);
    helper.exec(4);
}

fn install(number: u32) usize {
    const notify = helper.Filter{
        .code = 0x06,
        .jump_true = 0,
        .jump_false = 0,
        .value = linux.SECCOMP.RET.USER_NOTIF,
    };
    const call = helper.Filter{
        .code = helper.jump_equal,
        .jump_true = 0,
        .jump_false = 1,
        .value = number,
    };
    const filter = [_]helper.Filter{ helper.load(0), call, notify, helper.allow };
    const program = helper.Program{ .length = filter.len, .filter = &filter };
    _ = helper.check(linux.prctl(@intFromEnum(linux.PR.SET_NO_NEW_PRIVS), 1, 0, 0, 0), "prctl");
    return helper.check(
        linux.seccomp(1, linux.SECCOMP.FILTER_FLAG.NEW_LISTENER, &program),
        "seccomp",
    );
}

fn supervise(program: i32, ready: i32, errno: i32) noreturn {
    // One after the other, in the order of their numbers, where both have come.
    const Handler = @FieldType(linux.Sigaction, "handler");
    const handler = Handler{ .handler = arm };
    const action = linux.Sigaction{ .handler = handler, .mask = linux.sigfillset(), .flags = 0 };
    _ = helper.check(linux.sigaction(linux.SIG.USR1, &action, null), "sigaction");
    _ = helper.check(linux.sigaction(linux.SIG.USR2, &action, null), "sigaction");
    var listener: i32 = undefined;
    _ = helper.check(linux.read(ready, std.mem.asBytes(&listener), 4), "read");
    // From here on a table of its own, without the program's output: who reads that waits for its
    // last holder.
    _ = helper.check(linux.unshare(linux.CLONE.FILES), "unshare");
    for (0..3) |fd| _ = linux.close(@intCast(fd));
    while (true) {
        var poll = [_]linux.pollfd{.{ .fd = listener, .events = linux.POLL.IN, .revents = 0 }};
        if (linux.E.init(linux.poll(&poll, 1, -1)) == .INTR) continue;
        // The program and all its threads are gone.
        if (poll[0].revents & linux.POLL.IN == 0) linux.exit_group(0);
        answer(listener, program, errno);
    }
}

fn answer(listener: i32, program: i32, errno: i32) void {
    var call = std.mem.zeroes(Call);
    if (linux.E.init(linux.ioctl(listener, receive_call, @intFromPtr(&call))) != .SUCCESS) return;
    const is_meant = (call.thread == @as(u32, @intCast(program))) == is_main;
    const fails = @as(*volatile bool, &is_armed).* and is_meant;
    var reply = Answer{
        .id = call.id,
        .value = 0,
        .errno = if (fails) -errno else 0,
        .flags = if (fails) 0 else go_on,
    };
    if (fails) is_armed = false;
    _ = linux.ioctl(listener, send_answer, @intFromPtr(&reply));
}
