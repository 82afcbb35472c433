//! Makes processes that end in a given way, with a parent of a given kind, for the tests.
//!
//! An order is a line of input: `exit CODE`, `signal NUMBER` or `core NUMBER`. The new process
//! prints its pid. At the next line it ends as it was ordered; "gone STATUS" follows once it was
//! reaped, with the wait status that its parent saw, or -1 where the parent ignores SIGCHLD and
//! sees none.
//!
//!   breed parent     children, reaped as soon as they have ended
//!   breed ignoring   children of a parent that ignores SIGCHLD: the kernel reaps them
//!   breed daemon     daemons by a double fork, which belong to the nearest subreaper
const std = @import("std");
const helper = @import("helper.zig");
const linux = std.os.linux;

const Order = struct {
    end: enum { exit, signal, core },
    number: u8,

    fn parse(line: []const u8) Order {
        var words = std.mem.splitScalar(u8, line, ' ');
        const how = words.next() orelse "";
        const digits = words.next() orelse "";
        return .{
            .end = std.meta.stringToEnum(@FieldType(Order, "end"), how) orelse helper.fail(
                "no such end",
            ),
            .number = std.fmt.parseInt(u8, digits, 10) catch helper.fail("not a number"),
        };
    }

    fn obey(order: Order) noreturn {
        if (order.end == .exit) linux.exit_group(order.number);
        const unlimited = std.math.maxInt(u64);
        const size: u64 = if (order.end == .core) unlimited else 0;
        _ = linux.setrlimit(.CORE, &.{ .cur = size, .max = unlimited });
        die_of(order.number);
    }
};

/// Whatever the parent has ignored or blocked is put back first.
fn die_of(signal: u8) noreturn {
    if (signal != linux.SIG.KILL) {
        const default = linux.Sigaction{
            .handler = .{ .handler = linux.SIG.DFL },
            .mask = linux.sigemptyset(),
            .flags = 0,
        };
        _ = helper.check(linux.sigaction(signal, &default, null), "sigaction");
    }
    const none = linux.sigemptyset();
    _ = linux.sigprocmask(linux.SIG.SETMASK, &none, null);
    _ = helper.check(linux.kill(linux.getpid(), signal), "kill");
    helper.fail("this signal ends nobody");
}

pub fn run_end() void {
    var buffer: [40]u8 = undefined;
    const line = std.fmt.bufPrint(&buffer, "{s} {s}", .{ helper.text(2), helper.text(3) }) catch
        helper.fail("too long");
    Order.parse(line).obey();
}

pub fn run_breed() void {
    const kind = std.meta.stringToEnum(enum { parent, ignoring, daemon }, helper.text(2)) orelse
        helper.fail("no such kind");
    const ignore = linux.Sigaction{
        .handler = .{ .handler = linux.SIG.IGN },
        .mask = linux.sigemptyset(),
        .flags = 0,
    };
    if (kind == .ignoring) _ = helper.check(
        linux.sigaction(linux.SIG.CHLD, &ignore, null),
        "sigaction",
    );
    if (kind == .daemon) _ = helper.check(
        linux.prctl(@intFromEnum(linux.PR.SET_CHILD_SUBREAPER), 1, 0, 0, 0),
        "prctl",
    );
    var buffer: [40]u8 = undefined;
    while (read_line(&buffer)) |line| {
        const order = Order.parse(line);
        var hold: [2]i32 = undefined;
        _ = helper.check(linux.pipe2(&hold, .{ .CLOEXEC = true }), "pipe2");
        const pid = helper.check(linux.fork(), "fork");
        if (pid == 0) be_born(order, hold, kind == .daemon);
        // The one in the middle: the daemon itself is ours from then on.
        if (kind == .daemon) _ = reap();
        _ = linux.close(hold[0]);
        _ = helper.next_line();
        _ = linux.close(hold[1]);
        helper.print("gone {d}", .{reap()});
    }
}

fn be_born(order: Order, hold: [2]i32, is_daemon: bool) noreturn {
    if (is_daemon) {
        _ = linux.setsid();
        if (helper.check(linux.fork(), "fork") != 0) linux.exit_group(0);
    }
    _ = linux.close(hold[1]);
    helper.print("{d}", .{linux.getpid()});
    var byte: [1]u8 = undefined;
    _ = linux.read(hold[0], &byte, 1);
    order.obey();
}

/// Waits for a child and reaps it; -1 where there is none any more, as for a parent that ignores
/// SIGCHLD.
fn reap() i64 {
    var status: u32 = 0;
    return if (linux.E.init(linux.waitpid(-1, &status, 0)) == .SUCCESS) status else -1;
}

fn read_line(buffer: []u8) ?[]const u8 {
    var length: usize = 0;
    while (length < buffer.len and linux.read(0, buffer[length..].ptr, 1) == 1) : (length += 1) {
        if (buffer[length] == '\n') return buffer[0..length];
    }
    return null;
}

pub fn run_crowd() void {
    const count = helper.number(usize, 2);
    // A crowd that outlived its maker would stay for good.
    const parent = linux.getpid();
    for (0..count) |_| {
        const pid = helper.check(linux.fork(), "fork");
        if (pid != 0) {
            helper.print("{d}", .{pid});
            continue;
        }
        _ = linux.prctl(@intFromEnum(linux.PR.SET_PDEATHSIG), linux.SIG.KILL, 0, 0, 0);
        if (linux.getppid() != parent) linux.exit_group(0);
        while (true) _ = linux.pause();
    }
    for (0..count) |_| _ = reap();
    while (helper.next_line()) {}
}
