//! Builds trees of processes for the tests. Nothing that is made here can outlive a test: it lives
//! in a pid namespace of its own, where one may be had, whose first process ends with its standard
//! input; and each has an alarm.
//!
//!   helper tree SHAPE COUNT [BEHAVIOUR]…   prints the root's pid when COUNT processes are there,
//!                                  and for a shape with an outsider that one's pid behind it
//!
//! Shapes: wide, deep, binary; fork-loop (COUNT processes whose children end at once, at full
//! speed); restart (the root starts again what ends); moving (COUNT generations end while the next
//! is born); double-fork (the root leads a session, the last one's parent has ended); daemon (the
//! same, in a session of its own); bomb (every process forks, up to COUNT that live); unstoppable
//! (the root has two children, and one of them sleeps too deeply to be stopped until its own child
//! ends, as in vfork(2)); tangle (an outsider shares a process group with the root and with others
//! below).
//! Behaviours: ignore (SIGTERM), stubborn (ignore SIGINT, SIGHUP and SIGUSR1; in a wide tree all
//! but the root), stop, session, group, exit (at once), odd-name, root-session.
//!
//!   helper chain COUNT                     a chain of processes that begins with this one, "ready"
//!                                  when it is there; each ends when the input does
//!   helper strangers LEAVES SPREAD_US      each line of input begins a step, see `run_strangers`
const std = @import("std");
const helper = @import("helper.zig");
const linux = std.os.linux;

const check = helper.check;
const print = helper.print;

const alarm_seconds = 120;

/// What all processes of the tree share.
const Shared = extern struct {
    ready: u32 = 0,
    born: u32 = 0,
    root: u32 = 0,
    other: u32 = 0,
    go: u32 = 0,
    leaves: [64]u32 = @splat(0),
};

var shared: *Shared = undefined;
var count: u32 = 1;
var behaviours: [][*:0]u8 = &.{};

fn has(behaviour: []const u8) bool {
    for (behaviours) |given| if (std.mem.eql(u8, std.mem.span(given), behaviour)) return true;
    return false;
}

fn share() void {
    const protection = linux.PROT.READ | linux.PROT.WRITE;
    const flags = linux.MAP{ .TYPE = .SHARED, .ANONYMOUS = true };
    const address = check(linux.mmap(null, 4096, protection, flags, -1, 0), "mmap");
    shared = @ptrFromInt(address);
    shared.* = .{};
}

pub fn run() void {
    const shape = helper.text(2);
    count = helper.number(u32, 3);
    behaviours = std.os.argv[4..];
    share();
    const first = begin_namespace();
    if (first != 0) return end_with(first);
    die_with_parent();
    alarm();
    const root = fork();
    if (root == 0) grow(shape);
    serve();
}

/// 0 in the first process of the new namespace, or in a subreaper where there can be none.
fn begin_namespace() usize {
    const own = linux.E.init(linux.unshare(linux.CLONE.NEWPID)) == .SUCCESS;
    const first = fork();
    if (first == 0 and !own) _ = linux.prctl(
        @intFromEnum(linux.PR.SET_CHILD_SUBREAPER),
        1,
        0,
        0,
        0,
    );
    return first;
}

fn end_with(pid: usize) void {
    var status: u32 = 0;
    _ = linux.waitpid(@intCast(pid), &status, 0);
}

pub fn die_with_parent() void {
    _ = linux.prctl(@intFromEnum(linux.PR.SET_PDEATHSIG), linux.SIG.KILL, 0, 0, 0);
}

/// Prints the root's pid when everything is there, reaps what is given to it, and ends with its
/// input.
fn serve() void {
    var printed = false;
    var rounds: u32 = 0;
    while (rounds < alarm_seconds * 1000) : (rounds += 1) {
        if (!printed and get(&shared.ready) >= count) {
            if (shared.other == 0) print("{d}", .{shared.root}) else print(
                "{d} {d}",
                .{ shared.root, shared.other },
            );
            printed = true;
        }
        var status: u32 = 0;
        while (@as(isize, @bitCast(linux.waitpid(-1, &status, linux.W.NOHANG))) > 0) {}
        var input = [_]linux.pollfd{.{ .fd = 0, .events = linux.POLL.IN, .revents = 0 }};
        if (linux.poll(&input, 1, 1) == 1 and !helper.next_line()) break;
    }
    linux.exit_group(0);
}

fn get(word: *u32) u32 {
    return @atomicLoad(u32, word, .seq_cst);
}

pub fn add(word: *u32) u32 {
    return @atomicRmw(u32, word, .Add, 1, .seq_cst) + 1;
}

pub fn alarm() void {
    const limit = linux.itimerspec{
        .it_interval = .{ .sec = 0, .nsec = 0 },
        .it_value = .{ .sec = alarm_seconds, .nsec = 0 },
    };
    _ = linux.setitimer(0, &limit, null);
}

/// A fork whose child has an alarm too, which is not inherited.
fn fork() usize {
    const pid = linux.fork();
    if (linux.E.init(pid) != .SUCCESS) return std.math.maxInt(usize);
    if (pid == 0) alarm();
    return pid;
}

pub fn ignore(signal: u8) void {
    const action = linux.Sigaction{
        .handler = .{ .handler = linux.SIG.IGN },
        .mask = linux.sigemptyset(),
        .flags = 0,
    };
    _ = linux.sigaction(signal, &action, null);
}

/// The number that the /proc of whoever looks at the tree gives to this process.
fn outer_pid() u32 {
    var buffer: [16]u8 = undefined;
    const length = check(linux.readlink("/proc/self", &buffer, buffer.len), "readlink");
    return std.fmt.parseInt(u32, buffer[0..length], 10) catch 0;
}

pub fn stay() noreturn {
    while (true) _ = linux.pause();
}

/// Takes on what every process of the tree is to be.
fn behave() void {
    if (has("ignore")) ignore(linux.SIG.TERM);
    const survived = [_]u8{ linux.SIG.INT, linux.SIG.HUP, linux.SIG.USR1 };
    if (has("stubborn")) for (survived) |signal| ignore(signal);
    if (has("session")) _ = linux.setsid();
    if (has("group")) _ = linux.setpgid(0, 0);
    if (has("odd-name")) _ = linux.prctl(
        @intFromEnum(linux.PR.SET_NAME),
        @intFromPtr(") S 1\n(\xff"),
        0,
        0,
        0,
    );
    _ = add(&shared.ready);
    if (has("stop")) _ = linux.kill(linux.getpid(), linux.SIG.STOP);
    if (has("exit")) linux.exit_group(0);
}

fn grow(shape: []const u8) noreturn {
    shared.root = outer_pid();
    // Whoever ends is reaped at once, by the kernel.
    ignore(linux.SIG.CHLD);
    if (has("root-session")) _ = linux.setsid();
    const shapes = .{
        .{ "wide", wide },           .{ "deep", deep },
        .{
            "binary",
            binary_root,
        },
        .{ "fork-loop", fork_loop }, .{ "restart", restart },
        .{ "moving", moving },       .{ "double-fork", double_fork },
        .{ "daemon", daemon },       .{ "bomb", bomb },
        .{ "tangle", tangle },
        .{ "unstoppable", unstoppable },
    };
    inline for (shapes) |entry| {
        if (std.mem.eql(u8, shape, entry[0])) entry[1]();
    }
    helper.fail("no such shape");
}

fn wide() noreturn {
    for (1..count) |_| if (fork() == 0) {
        behave();
        stay();
    };
    if (has("ignore")) ignore(linux.SIG.TERM);
    _ = add(&shared.ready);
    stay();
}

fn deep() noreturn {
    for (1..count) |_| if (fork() != 0) break;
    behave();
    stay();
}

fn binary_root() noreturn {
    binary(0);
}

fn binary(index: u32) noreturn {
    for ([_]u32{ 2 * index + 1, 2 * index + 2 }) |child| {
        if (child < count and fork() == 0) binary(child);
    }
    behave();
    stay();
}

fn fork_loop() noreturn {
    for (1..count) |_| if (fork() == 0) {
        _ = add(&shared.ready);
        while (get(&shared.born) < 100_000) {
            if (fork() == 0) linux.exit_group(0);
            _ = add(&shared.born);
        }
        stay();
    };
    _ = add(&shared.ready);
    stay();
}

fn restart() noreturn {
    // Its children are to be waited for.
    const action = linux.Sigaction{
        .handler = .{ .handler = linux.SIG.DFL },
        .mask = linux.sigemptyset(),
        .flags = 0,
    };
    _ = linux.sigaction(linux.SIG.CHLD, &action, null);
    if (has("ignore")) ignore(linux.SIG.TERM);
    _ = add(&shared.ready);
    var living: u32 = 0;
    while (get(&shared.born) < 5000) {
        while (living + 1 < count) : (living += 1) {
            _ = add(&shared.born);
            if (fork() == 0) {
                _ = add(&shared.ready);
                stay();
            }
        }
        var status: u32 = 0;
        if (@as(isize, @bitCast(linux.waitpid(-1, &status, 0))) > 0) living -= 1;
    }
    stay();
}

/// Each generation ends when the next is born, so that the newest is always somebody else's child.
fn moving() noreturn {
    if (fork() == 0) {
        for (0..20_000) |_| {
            _ = add(&shared.ready);
            if (fork() != 0) linux.exit_group(0);
        }
        stay();
    }
    stay();
}

fn orphan(in_own_session: bool) noreturn {
    _ = linux.setsid();
    if (fork() == 0) {
        if (in_own_session) _ = linux.setsid();
        const parent = linux.getpid();
        if (fork() != 0) linux.exit_group(0);
        // Until it was given to another parent.
        while (linux.getppid() == parent) _ = linux.sched_yield();
        shared.other = outer_pid();
        _ = add(&shared.ready);
        stay();
    }
    _ = add(&shared.ready);
    stay();
}

fn double_fork() noreturn {
    orphan(false);
}

fn daemon() noreturn {
    orphan(true);
}

/// As a user of its own, whose number of processes the kernel limits; where that is not allowed, as
/// many as are born.
fn bomb() noreturn {
    // Nobody else's, or the limit would be shared with another bomb.
    const user = (1 << 20) + shared.root;
    const limit = linux.rlimit{ .cur = count, .max = count };
    const is_limited = linux.E.init(linux.setresuid(user, user, user)) == .SUCCESS and
        linux.E.init(linux.setrlimit(.NPROC, &limit)) == .SUCCESS;
    const most: u32 = if (is_limited) 50_000 else count;
    _ = add(&shared.ready);
    while (get(&shared.born) < most) {
        _ = add(&shared.born);
        const pid = fork();
        if (pid == 0) _ = add(&shared.ready);
        // At the limit: again and again, as a bomb does, but the machine is not ours alone.
        if (pid == std.math.maxInt(usize)) sleep_us(200);
    }
    stay();
}

pub fn sleep_us(microseconds: u32) void {
    const time = linux.timespec{
        .sec = @intCast(microseconds / 1_000_000),
        .nsec = @as(isize, @intCast(microseconds % 1_000_000)) * 1000,
    };
    _ = linux.nanosleep(&time, null);
}

fn unstoppable() noreturn {
    if (fork() == 0) {
        behave();
        stay();
    }
    if (fork() == 0) {
        _ = add(&shared.ready);
        var arguments = helper.CloneArguments{
            .flags = linux.CLONE.VFORK,
            .set_tid = 0,
            .set_tid_size = 0,
        };
        const size = @sizeOf(helper.CloneArguments);
        if (linux.syscall2(.clone3, @intFromPtr(&arguments), size) == 0) {
            alarm();
            _ = add(&shared.ready);
        }
        stay();
    }
    _ = add(&shared.ready);
    stay();
}

/// The root is a member of the outsider's group, its child leads a group, and that one's child went
/// back. What COUNT says beyond these four are more children of the root, so that the last is let
/// go on long after the one that went back.
fn tangle() noreturn {
    _ = linux.setsid();
    const group = linux.getpid();
    shared.other = shared.root;
    if (fork() != 0) {
        _ = add(&shared.ready);
        stay();
    }
    shared.root = outer_pid();
    for (4..@max(count, 4)) |_| if (fork() == 0) {
        _ = add(&shared.ready);
        stay();
    };
    if (fork() == 0) {
        _ = linux.setpgid(0, 0);
        if (fork() == 0) {
            _ = linux.setpgid(0, group);
            _ = add(&shared.ready);
            stay();
        }
        _ = add(&shared.ready);
        stay();
    }
    _ = add(&shared.ready);
    stay();
}

pub fn run_chain() void {
    count = helper.number(u32, 2);
    share();
    alarm();
    for (1..count) |_| if (fork() != 0) break;
    if (add(&shared.ready) == count) print("ready", .{});
    while (helper.next_line()) {}
    linux.exit_group(0);
}

/// Gives the pids of a tree to strangers while the tree is ended. At each line of input: a tree is
/// made, a root with LEAVES children, and its root's pid is printed; then the leaves end, each
/// after a random time of up to SPREAD_US, and whoever ends is replaced at once by a stranger of
/// the same pid; then "STRANGERS HITS" is printed: how many there were, and how many got a signal
/// that was not for them; and the round is cleared away.
pub fn run_strangers() void {
    const leaves = @min(helper.number(u32, 2), 64);
    const spread = helper.number(u32, 3);
    share();
    die_with_parent();
    alarm();
    _ = check(linux.prctl(@intFromEnum(linux.PR.SET_CHILD_SUBREAPER), 1, 0, 0, 0), "prctl");
    var random = std.Random.DefaultPrng.init(@intCast(linux.getpid()));
    while (helper.next_line()) {
        alarm();
        round(leaves, spread, random.random());
    }
    linux.exit_group(0);
}

fn round(leaves: u32, spread: u32, random: std.Random) void {
    shared.* = .{};
    const root = fork();
    if (root == 0) grow_leaves(leaves, spread, random);
    while (get(&shared.ready) < leaves) _ = linux.sched_yield();
    var pidfds: [64]i32 = undefined;
    // Nobody ends before `go`, so that each number is that leaf's.
    for (pidfds[0..leaves], shared.leaves[0..leaves]) |*pidfd, pid| {
        pidfd.* = @intCast(check(linux.pidfd_open(@intCast(pid), 0), "pidfd_open"));
    }
    print("{d}", .{root});
    if (!helper.next_line()) linux.exit_group(0);
    @atomicStore(u32, &shared.go, 1, .seq_cst);
    var strangers: [64]i32 = @splat(0);
    while (!has_input()) {
        for (strangers[0..leaves], shared.leaves[0..leaves]) |*stranger, pid| {
            if (stranger.* == 0) stranger.* = replace(@intCast(pid));
        }
        _ = linux.sched_yield();
    }
    _ = helper.next_line();
    for (pidfds[0..leaves]) |pidfd| {
        _ = linux.pidfd_send_signal(pidfd, linux.SIG.KILL, null, 0);
        _ = linux.close(pidfd);
    }
    // Our own child, not yet reaped.
    _ = linux.kill(@intCast(root), linux.SIG.KILL);
    var made: u32 = 0;
    var hits: u32 = 0;
    for (strangers[0..leaves]) |stranger| {
        if (stranger == 0) continue;
        made += 1;
        if (end_stranger(stranger)) hits += 1;
    }
    var status: u32 = 0;
    while (@as(isize, @bitCast(linux.waitpid(-1, &status, 0))) > 0) {}
    print("{d} {d}", .{ made, hits });
}

fn has_input() bool {
    var input = [_]linux.pollfd{.{ .fd = 0, .events = linux.POLL.IN, .revents = 0 }};
    return linux.poll(&input, 1, 0) == 1;
}

fn grow_leaves(leaves: u32, spread: u32, random: std.Random) noreturn {
    die_with_parent();
    ignore(linux.SIG.CHLD);
    for (0..leaves) |index| {
        const delay = random.uintLessThan(u32, spread + 1);
        if (fork() != 0) continue;
        shared.leaves[index] = @intCast(linux.getpid());
        _ = add(&shared.ready);
        while (get(&shared.go) == 0) sleep_us(20);
        sleep_us(delay);
        linux.exit_group(0);
    }
    stay();
}

/// A stranger that has exactly this pid, or 0 while somebody else has it.
fn replace(pid: i32) i32 {
    var wanted = pid;
    var arguments = helper.CloneArguments{ .set_tid = @intFromPtr(&wanted) };
    const size = @sizeOf(helper.CloneArguments);
    const child = linux.syscall2(.clone3, @intFromPtr(&arguments), size);
    if (linux.E.init(child) != .SUCCESS) return 0;
    if (child == 0) {
        alarm();
        stay();
    }
    return @intCast(child);
}

/// Ends a stranger; whether any signal had reached it before: one that ended, stopped or continued
/// it.
fn end_stranger(pid: i32) bool {
    const continued = 8;
    var status: u32 = 0;
    const change = linux.waitpid(pid, &status, linux.W.NOHANG | linux.W.UNTRACED | continued);
    if (change == pid and !linux.W.IFSTOPPED(status) and status != 0xffff) return true;
    _ = linux.kill(pid, linux.SIG.USR2);
    _ = linux.kill(pid, linux.SIG.CONT);
    _ = linux.waitpid(pid, &status, 0);
    return change == pid or linux.W.TERMSIG(status) != linux.SIG.USR2;
}
