//! Brings processes into states that are hard to reach from JavaScript, for the tests. Not part of
//! the package.
//!
//!   helper exit CODE               ends with CODE
//!   helper pause                   prints "ready" and stays until it is signalled
//!   helper stop-parent             stops its parent, then prints "ready" and stays
//!   helper zombie CODE             makes a child that ends with CODE, prints its pid when it has,
//!                                  and reaps it at the next line of its standard input; ends at
//!                                  the end of the input
//!   helper parent                  makes a child that stays, prints its pid, and "ended" when it
//!                                  has ended; then as zombie does
//!   helper occupy PID              makes a process that has exactly this pid, prints it, kills it
//!                                  at the end of the input
//!   helper recycle                 makes a process that stays, prints its pid, and gives that pid
//!                                  to a new one at each line
//!   helper in-user-namespace UID CMD…   runs CMD in a new user namespace, where we are UID; nobody
//!                                  for 4294967295
//!   helper mount-proc OPTIONS CMD…      runs CMD with a fresh /proc
//!   helper cover-proc              mounts the /proc of a new pid namespace over ours, prints
//!                                  "covered", and ends the one that is in there at the end of the
//!                                  input
//!   helper mount-empty FOLDER CMD…      runs CMD with an empty folder in the place of this one
//!   helper mount-file FILE TARGET CMD…  runs CMD with this file in the place of that one
//!   helper deny CALL ERRNO CMD…  runs CMD with a seccomp filter: the syscall of this number or
//!                                name answers ERRNO
//!   helper deny-ioctl REQUEST ERRNO CMD…   the same for one ioctl request
//!   helper deny-flag CALL ARGUMENT VALUE ERRNO CMD…   the same for calls whose argument of this
//!                                  index has this value
//!   helper as UID CMD…             runs CMD as this user and group, who may read every file and
//!                                  nothing else
//!   helper with-groups COUNT CMD…  runs CMD with so many supplementary groups, from 1000 on
//!   helper set-capability FILE NUMBER   gives a file this capability, as setcap(8) does; 77 where
//!                                  it takes none
//!   helper in-pid-namespace PID CMD…   runs CMD in a new pid namespace, with a pidfd of PID as
//!                                  descriptor 9
//!   helper in-own-proc OPTIONS CMD…   runs CMD as pid 1 of a new pid namespace, whose /proc is
//!                                  mounted with OPTIONS ("")
//!   helper enter PID CMD…          runs CMD in the pid namespace and the mount namespace of PID
//!   helper in-cgroup NAME CMD…     runs CMD in a new cgroup of this name, which is removed when it
//!                                  is empty; 77: there can be none
//!   helper in-cgroup-namespace FOLDER OTHER CMD…   runs CMD in OTHER's cgroup, in a namespace
//!                                  whose root is FOLDER's
//!   helper tree, helper strangers  see tree.zig
//!   helper escape, helper can-set-tid   see escape.zig
//!   helper bystanders IDLE BUSY    see bystanders.zig
//!   helper two-owners                   see two_owners.zig
//!   helper time                    prints what the library's system calls cost in a loop, in
//!                                  nanoseconds
//!   helper end HOW NUMBER          ends now: HOW is exit, signal or core (a signal with
//!                                  RLIMIT_CORE raised)
//!   helper breed PARENT            makes processes to order: breed.zig
//!   helper crowd COUNT             makes so many that stay, prints each pid, and reaps each when
//!                                  it ends
//!   helper work MS MIB             uses this much time on a CPU and this much memory, and ends
//!   helper exec-then CMD…          prints "ready", and becomes CMD at the next line of its input
//!   helper thread-exec CMD…        the same, done by a second thread
//!   helper thread-execs first      prints "ready"; then a second thread executes this program, and
//!                                  so on until it is killed
//!   helper leader-ends CODE        its first thread ends; a second prints "ready", and ends with
//!                                  CODE at the next line
//!   helper above-hidden CMD…       runs CMD below a child that hidepid hides; an argument "@"
//!                                  becomes this one's pid
//!   helper trace PID               traces it, prints "traced", and "ended" when it has; lets go of
//!                                  it at the next line
//!   helper fail-once NUMBER ERRNO CMD…   runs CMD with a child that can make one syscall fail:
//!                                  fault.zig
//!   helper fail-aside NUMBER ERRNO CMD…  the same for a thread of CMD other than its first
//!   helper signals [PENDING]       two threads, which tell their signals: signals.zig
//!   helper group                   leads a process group with one member, and both tell their
//!                                  signals
//!   helper connect NAME CODE       connects to an abstract Unix socket; ends with CODE at the end
//!                                  of its input
//!   helper connect-exec NAME CMD…  connects likewise; at the next line sends "x", forks, and
//!                                  becomes CMD
//!   helper hand-over [SOCKET]      hands a socket over, and sends capitals back: handover.zig
//!   helper fuse PID SOCKET         sends a file that says it is a pidfd of PID: fuse.zig
//!   helper out-of-band SOCKET      sends a byte out of band: handover.zig
//!   helper memory MIB              has so much memory in use, prints its address and size, and
//!                                  stays
//!   helper model                   makes processes to order: model.zig
//!   helper hold-exit PID           holds this process when it begins to end
const std = @import("std");
const builtin = @import("builtin");
const handover = @import("handover.zig");
const identity = @import("identity.zig");
const signals = @import("signals.zig");
const states = @import("states.zig");
const linux = std.os.linux;

/// Otherwise Zig's start code would ignore SIGPIPE, which a test sends.
pub const std_options: std.Options = .{ .keep_sigpipe = true };

pub const panic = std.debug.FullPanic(struct {
    fn panic(message: []const u8, _: ?usize) noreturn {
        fail(message);
    }
}.panic);

var arguments: [][*:0]u8 = undefined;

pub fn main() void {
    arguments = std.os.argv;
    const commands = .{
        .{ "exit", run_exit },
        .{ "pause", run_pause },
        .{ "stop-parent", run_stop_parent },
        .{ "zombie", run_zombie },
        .{ "parent", run_parent },
        .{ "occupy", run_occupy },
        .{ "recycle", identity.run_recycle },
        .{ "in-user-namespace", identity.run_in_user_namespace },
        .{ "mount-proc", identity.run_mount_proc },
        .{ "cover-proc", identity.run_cover_proc },
        .{ "mount-empty", identity.run_mount_empty },
        .{ "mount-file", identity.run_mount_file },
        .{ "deny", run_deny },
        .{ "deny-ioctl", run_deny_ioctl },
        .{ "deny-flag", run_deny_flag },
        .{ "as", run_as },
        .{ "with-groups", run_with_groups },
        .{ "set-capability", run_set_capability },
        .{ "tree", @import("tree.zig").run },
        .{ "chain", @import("tree.zig").run_chain },
        .{ "strangers", @import("tree.zig").run_strangers },
        .{ "escape", @import("escape.zig").run },
        .{ "can-set-tid", @import("escape_forks.zig").run_can_set_tid },
        .{ "bystanders", @import("bystanders.zig").run },
        .{ "in-own-proc", run_in_own_proc },
        .{ "enter", run_enter },
        .{ "in-cgroup", run_in_cgroup },
        .{ "in-cgroup-namespace", run_in_cgroup_namespace },
        .{ "time", @import("time.zig").run },
        .{ "in-pid-namespace", run_in_pid_namespace },
        .{ "end", @import("breed.zig").run_end },
        .{ "breed", @import("breed.zig").run_breed },
        .{ "crowd", @import("breed.zig").run_crowd },
        .{ "work", states.run_work },
        .{ "exec-then", states.run_exec_then },
        .{ "thread-exec", states.run_thread_exec },
        .{ "thread-execs", states.run_thread_execs },
        .{ "leader-ends", states.run_leader_ends },
        .{ "above-hidden", states.run_above_hidden },
        .{ "trace", states.run_trace },
        .{ "signals", signals.run_signals },
        .{ "group", signals.run_group },
        .{ "connect", handover.run_connect },
        .{ "connect-exec", handover.run_connect_exec },
        .{ "hand-over", handover.run_hand_over },
        .{ "fuse", @import("fuse.zig").run },
        .{ "out-of-band", handover.run_out_of_band },
        .{ "memory", handover.run_memory },
        .{ "hold-exit", handover.run_hold_exit },
        .{ "two-owners", @import("two_owners.zig").run },
        .{ "model", @import("model.zig").run },
        .{ "fail-once", @import("fault.zig").run },
        .{ "fail-aside", @import("fault.zig").run_aside },
    };
    inline for (commands) |command| {
        if (std.mem.eql(u8, text(1), command[0])) return command[1]();
    }
    fail("no such command");
}

pub fn text(index: usize) []const u8 {
    if (index >= arguments.len) fail("an argument is missing");
    return std.mem.span(arguments[index]);
}

pub fn number(comptime T: type, index: usize) T {
    return std.fmt.parseInt(T, text(index), 0) catch fail("not a number");
}

/// A system call by its number, or by its name, which is right on every CPU.
pub fn syscall_number(index: usize) u32 {
    const name = text(index);
    if (std.ascii.isDigit(name[0])) return number(u32, index);
    // What 32-bit CPUs have besides is what everybody calls there.
    if (@sizeOf(usize) == 4 and std.mem.eql(u8, name, "fstatfs")) return @intFromEnum(
        linux.SYS.fstatfs64,
    );
    const sys = std.meta.stringToEnum(linux.SYS, name) orelse fail("no such system call");
    return @intCast(@intFromEnum(sys));
}

pub fn fail(message: []const u8) noreturn {
    _ = linux.write(2, message.ptr, message.len);
    _ = linux.write(2, "\n", 1);
    linux.exit_group(125);
}

pub fn check(result: usize, comptime what: []const u8) usize {
    const errno = linux.E.init(result);
    if (errno == .SUCCESS) return result;
    var buffer: [120]u8 = undefined;
    fail(std.fmt.bufPrint(&buffer, what ++ ": {t}", .{errno}) catch what);
}

pub fn print(comptime format: []const u8, values: anytype) void {
    var buffer: [120]u8 = undefined;
    const line = std.fmt.bufPrint(&buffer, format ++ "\n", values) catch unreachable;
    _ = check(linux.write(1, line.ptr, line.len), "write");
}

/// True when a byte came, false at the end of the input.
pub fn next_line() bool {
    var byte: [1]u8 = undefined;
    while (true) {
        if (linux.read(0, &byte, 1) != 1) return false;
        if (byte[0] == '\n') return true;
    }
}

pub fn exec(index: usize) noreturn {
    if (index >= arguments.len) fail("the command is missing");
    const argv: [*:null]const ?[*:0]const u8 = @ptrCast(arguments.ptr + index);
    const envp: [*:null]const ?[*:0]const u8 = @ptrCast(std.os.environ.ptr);
    _ = check(linux.execve(arguments[index], argv, envp), "execve");
    unreachable;
}

fn run_exit() void {
    linux.exit_group(number(u8, 2));
}

fn run_pause() void {
    print("ready", .{});
    while (true) _ = linux.pause();
}

fn run_stop_parent() void {
    _ = linux.kill(linux.getppid(), linux.SIG.STOP);
    run_pause();
}

fn run_zombie() void {
    const code = number(u8, 2);
    const pid: i32 = @intCast(check(linux.fork(), "fork"));
    if (pid == 0) linux.exit_group(code);
    wait_without_reaping(pid);
    print("{d}", .{pid});
    reap_when_told(pid);
}

fn run_parent() void {
    const pid: i32 = @intCast(check(linux.fork(), "fork"));
    if (pid == 0) while (true) {
        _ = linux.pause();
    };
    print("{d}", .{pid});
    wait_without_reaping(pid);
    print("ended", .{});
    reap_when_told(pid);
}

fn wait_without_reaping(pid: i32) void {
    var info = std.mem.zeroes(linux.siginfo_t);
    _ = check(linux.waitid(.PID, pid, &info, linux.W.EXITED | linux.W.NOWAIT), "waitid");
}

fn reap_when_told(pid: i32) void {
    if (!next_line()) return;
    var status: u32 = 0;
    _ = check(linux.waitpid(pid, &status, 0), "waitpid");
    print("reaped", .{});
    while (next_line()) {}
}

/// struct clone_args up to set_tid_size (VER1, 80 bytes), clone3(2).
pub const CloneArguments = extern struct {
    flags: u64 = 0,
    pidfd: u64 = 0,
    child_tid: u64 = 0,
    parent_tid: u64 = 0,
    exit_signal: u64 = linux.SIG.CHLD,
    stack: u64 = 0,
    stack_size: u64 = 0,
    tls: u64 = 0,
    set_tid: u64,
    set_tid_size: u64 = 1,
};

/// A child that has exactly this pid; 0 in the child.
pub fn clone_as(wanted: i32) i32 {
    var pid = wanted;
    var clone_arguments = CloneArguments{ .set_tid = @intFromPtr(&pid) };
    const size = @sizeOf(CloneArguments);
    return @intCast(check(linux.syscall2(.clone3, @intFromPtr(&clone_arguments), size), "clone3"));
}

fn run_occupy() void {
    const child = clone_as(number(i32, 2));
    if (child == 0) while (true) {
        _ = linux.pause();
    };
    print("{d}", .{child});
    while (next_line()) {}
    // The child is ours and unreaped, so this number is still its own.
    _ = linux.kill(child, linux.SIG.KILL);
    var status: u32 = 0;
    _ = linux.waitpid(child, &status, 0);
}

pub const Filter = extern struct { code: u16, jump_true: u8, jump_false: u8, value: u32 };
pub const Program = extern struct { length: u16, filter: [*]const Filter };

const load_word = 0x20; // BPF_LD | BPF_W | BPF_ABS
pub const jump_equal = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const give_back = 0x06; // BPF_RET | BPF_K

fn install(filter: []const Filter) void {
    const program = Program{ .length = @intCast(filter.len), .filter = filter.ptr };
    _ = check(linux.prctl(@intFromEnum(linux.PR.SET_NO_NEW_PRIVS), 1, 0, 0, 0), "prctl");
    const mode_filter = 1;
    _ = check(linux.seccomp(mode_filter, 0, &program), "seccomp");
}

pub fn refuse(errno: u16) Filter {
    return .{
        .code = give_back,
        .jump_true = 0,
        .jump_false = 0,
        .value = linux.SECCOMP.RET.ERRNO | @as(u32, errno),
    };
}

pub const allow = Filter{
    .code = give_back,
    .jump_true = 0,
    .jump_false = 0,
    .value = linux.SECCOMP.RET.ALLOW,
};

pub fn load(offset: u32) Filter {
    return .{ .code = load_word, .jump_true = 0, .jump_false = 0, .value = offset };
}

fn run_deny() void {
    const call = Filter{
        .code = jump_equal,
        .jump_true = 0,
        .jump_false = 1,
        .value = syscall_number(2),
    };
    install(&.{ load(0), call, refuse(number(u16, 3)), allow });
    exec(4);
}

fn run_deny_ioctl() void {
    deny_argument(@intFromEnum(linux.SYS.ioctl), 1, number(u32, 2), number(u16, 3));
    exec(4);
}

fn run_deny_flag() void {
    deny_argument(syscall_number(2), number(u32, 3), number(u32, 4), number(u16, 5));
    exec(6);
}

fn deny_argument(call_number: u32, index: u32, value: u32, errno: u16) void {
    const call = Filter{
        .code = jump_equal,
        .jump_true = 0,
        .jump_false = 3,
        .value = call_number,
    };
    const argument = Filter{ .code = jump_equal, .jump_true = 0, .jump_false = 1, .value = value };
    // The lower half of 64 bits, which on CPUs of the other byte order comes second.
    const first_argument: u32 = if (builtin.cpu.arch.endian() == .big) 20 else 16;
    install(&.{ load(0), call, load(first_argument + 8 * index), argument, refuse(errno), allow });
}

/// struct __user_cap_header_struct, version 3, capset(2). Zig's own makes the pid 64 bits wide.
const CapabilityHeader = extern struct { version: u32 = 0x20080522, pid: i32 = 0 };

/// The user keeps the right to read every file and nothing else: the runtime and the sources may
/// lie in a folder of root's, and what is tested is what this user may do to processes.
fn run_as() void {
    const id = number(u32, 2);
    _ = check(linux.prctl(@intFromEnum(linux.PR.SET_KEEPCAPS), 1, 0, 0, 0), "prctl");
    _ = check(linux.setgroups(0, undefined), "setgroups");
    _ = check(linux.setgid(id), "setgid");
    _ = check(linux.setuid(id), "setuid");
    const header = CapabilityHeader{};
    const reading = @as(u32, 1) << linux.CAP.DAC_READ_SEARCH;
    const none = linux.cap_user_data_t{ .effective = 0, .permitted = 0, .inheritable = 0 };
    const low = linux.cap_user_data_t{
        .effective = reading,
        .permitted = reading,
        .inheritable = reading,
    };
    const sets = [2]linux.cap_user_data_t{ low, none };
    _ = check(linux.syscall2(.capset, @intFromPtr(&header), @intFromPtr(&sets)), "capset");
    const ambient_raise = 2;
    const ambient = @intFromEnum(linux.PR.CAP_AMBIENT);
    _ = check(linux.prctl(ambient, ambient_raise, linux.CAP.DAC_READ_SEARCH, 0, 0), "prctl");
    exec(3);
}

fn run_set_capability() void {
    // struct vfs_cap_data of revision 2: the permitted ones, which are effective too.
    const words = [_]u32{ 0x0200_0001, @as(u32, 1) << number(u5, 3), 0, 0, 0 };
    var data: [words.len]u32 = undefined;
    for (&data, words) |*to, from| to.* = std.mem.nativeToLittle(u32, from);
    const result = linux.syscall5(
        .setxattr,
        @intFromPtr(arguments[2]),
        @intFromPtr("security.capability"),
        @intFromPtr(&data),
        @sizeOf(@TypeOf(data)),
        0,
    );
    linux.exit_group(if (result == 0) 0 else 77);
}

fn run_with_groups() void {
    var groups: [4096]linux.gid_t = undefined;
    const count = number(usize, 2);
    for (groups[0..count], 1000..) |*group, id| group.* = @intCast(id);
    _ = check(linux.setgroups(count, &groups), "setgroups");
    exec(3);
}

fn run_in_own_proc() void {
    _ = check(linux.unshare(linux.CLONE.NEWPID | linux.CLONE.NEWNS), "unshare");
    const pid = check(linux.fork(), "fork");
    if (pid == 0) {
        const private = linux.MS.REC | linux.MS.PRIVATE;
        _ = check(linux.mount("none", "/", null, private, 0), "mount");
        _ = check(linux.mount("proc", "/proc", "proc", 0, @intFromPtr(arguments[2])), "mount");
        exec(3);
    }
    var status: u32 = 0;
    _ = check(linux.waitpid(@intCast(pid), &status, 0), "waitpid");
    linux.exit_group(if (linux.W.IFEXITED(status)) linux.W.EXITSTATUS(status) else 126);
}

fn run_enter() void {
    const pidfd: i32 = @intCast(check(linux.pidfd_open(number(i32, 2), 0), "pidfd_open"));
    const kinds = linux.CLONE.NEWPID | linux.CLONE.NEWNS;
    _ = check(linux.syscall2(.setns, @intCast(pidfd), kinds), "setns");
    const pid = check(linux.fork(), "fork");
    if (pid == 0) exec(3);
    var status: u32 = 0;
    _ = check(linux.waitpid(@intCast(pid), &status, 0), "waitpid");
    linux.exit_group(if (linux.W.IFEXITED(status)) linux.W.EXITSTATUS(status) else 126);
}

/// The hierarchy is mounted where nobody else sees it.
fn run_in_cgroup() void {
    const base = "/tmp";
    const private = linux.MS.REC | linux.MS.PRIVATE;
    const is_mounted = linux.E.init(linux.unshare(linux.CLONE.NEWNS)) == .SUCCESS and
        linux.E.init(linux.mount("none", "/", null, private, 0)) == .SUCCESS and
        linux.E.init(linux.mount("none", base, "cgroup2", 0, 0)) == .SUCCESS;
    if (!is_mounted) linux.exit_group(77);
    // Held by a descriptor, so that what has that name otherwise is there again: the program to be
    // run may be in it.
    const flags = linux.O{ .DIRECTORY = true, .CLOEXEC = true };
    const root: i32 = @intCast(check(linux.open(base, flags, 0), "open"));
    _ = check(linux.umount2(base, linux.MNT.DETACH), "umount2");
    const name: [*:0]const u8 = arguments[2];
    _ = check(linux.mkdirat(root, name, 0o755), "mkdirat");
    const pid = check(linux.fork(), "fork");
    if (pid == 0) {
        var path: [220]u8 = undefined;
        const procs = std.fmt.bufPrintZ(&path, "{s}/cgroup.procs", .{text(2)}) catch unreachable;
        const file: i32 = @intCast(
            check(linux.openat(root, procs, .{ .ACCMODE = .WRONLY }, 0), "openat"),
        );
        _ = check(linux.write(file, "0", 1), "write");
        _ = linux.close(file);
        exec(3);
    }
    var status: u32 = 0;
    _ = check(linux.waitpid(@intCast(pid), &status, 0), "waitpid");
    // Whoever is in it is ending.
    for (0..1000) |_| {
        if (linux.E.init(linux.unlinkat(root, name, linux.AT.REMOVEDIR)) != .BUSY) break;
        const time = linux.timespec{ .sec = 0, .nsec = 10 * std.time.ns_per_ms };
        _ = linux.nanosleep(&time, null);
    }
    linux.exit_group(if (linux.W.IFEXITED(status)) linux.W.EXITSTATUS(status) else 126);
}

fn run_in_cgroup_namespace() void {
    const first = open_procs(text(2));
    // Opened before: who may be moved is a question of the namespace in which that was.
    const second = open_procs(text(3));
    _ = check(linux.write(first, "0", 1), "write");
    const new_cgroup_namespace = 0x02000000;
    _ = check(linux.unshare(new_cgroup_namespace), "unshare");
    _ = check(linux.write(second, "0", 1), "write");
    exec(4);
}

fn open_procs(folder: []const u8) i32 {
    var buffer: [220]u8 = undefined;
    const path = std.fmt.bufPrintZ(&buffer, "{s}/cgroup.procs", .{folder}) catch
        fail("the path is too long");
    return @intCast(check(linux.open(path, .{ .ACCMODE = .WRONLY, .CLOEXEC = true }, 0), "open"));
}

fn run_in_pid_namespace() void {
    const pidfd: i32 = @intCast(check(linux.pidfd_open(number(i32, 2), 0), "pidfd_open"));
    _ = check(linux.dup2(pidfd, 9), "dup2");
    _ = check(linux.unshare(linux.CLONE.NEWPID), "unshare");
    const pid = check(linux.fork(), "fork");
    if (pid == 0) exec(3);
    var status: u32 = 0;
    _ = check(linux.waitpid(@intCast(pid), &status, 0), "waitpid");
    linux.exit_group(if (linux.W.IFEXITED(status)) linux.W.EXITSTATUS(status) else 126);
}
