//! A file that is served by a program, and answers an ioctl as that program likes, for the tests:
//! linux/fuse.h.
const std = @import("std");
const helper = @import("helper.zig");
const handover = @import("handover.zig");
const identity = @import("identity.zig");
const linux = std.os.linux;

const Opcode = enum(u32) {
    lookup = 1,
    forget = 2,
    getattr = 3,
    open = 14,
    flush = 25,
    init = 26,
    ioctl = 39,
    _,
};
const Header = extern struct {
    length: u32,
    opcode: Opcode,
    unique: u64,
    node: u64,
    uid: u32,
    gid: u32,
    pid: u32,
    more: u32,
};
const Answer = extern struct { length: u32, errno: i32 = 0, unique: u64 };
const Init = extern struct {
    major: u32 = 7,
    minor: u32 = 31,
    readahead: u32 = 0,
    flags: u32 = 0,
    background: [2]u16 = .{ 8, 8 },
    write: u32 = 4096,
    rest: [10]u32 = @splat(0),
};
const Attributes = extern struct {
    ino: u64,
    sizes: [2]u64 = @splat(0),
    times: [3]u64 = @splat(0),
    nanoseconds: [3]u32 = @splat(0),
    mode: u32,
    links: u32 = 1,
    rest: [5]u32 = @splat(0),
};
const Entry = extern struct {
    node: u64 = file_node,
    generation: u64 = 1,
    valid: [3]u64 = @splat(0),
    attributes: Attributes,
};
const Got = extern struct { valid: [2]u64 = @splat(0), attributes: Attributes };
const Opened = extern struct { handle: u64 = 1, flags: [2]u32 = @splat(0) };
/// What the file answers to PIDFD_GET_INFO: that it is a pidfd of this process.
const Lie = extern struct {
    result: i32 = 0,
    iovecs: [3]u32 = @splat(0),
    mask: u64 = 7,
    cgroup: u64 = 1,
    pid: u32,
    tgid: u32,
    ppid: u32 = 1,
    rest: [15]u32 = @splat(0),
};

const file_node = 2;
const folder = Attributes{ .ino = 1, .mode = linux.S.IFDIR | 0o755 };
const file = Attributes{ .ino = file_node, .mode = linux.S.IFREG | 0o600 };

/// `fuse PID SOCKET` sends such a file, which says that it is a pidfd of PID, over the socket with
/// this number; ends at the end of its input. Nobody else sees where it is mounted.
pub fn run() void {
    const device: i32 = @intCast(
        helper.check(linux.open("/dev/fuse", .{ .ACCMODE = .RDWR, .CLOEXEC = true }, 0), "open"),
    );
    identity.own_mounts();
    var options: [64:0]u8 = @splat(0);
    const format = "fd={d},rootmode=40000,user_id=0,group_id=0";
    _ = std.fmt.bufPrint(&options, format, .{device}) catch unreachable;
    _ = helper.check(linux.mount("none", "/proc", "fuse", 0, @intFromPtr(&options)), "mount");
    const server = helper.check(linux.fork(), "fork");
    if (server == 0) serve(device);
    _ = linux.close(device);
    const opened = helper.check(linux.open("/proc/file", .{ .ACCMODE = .RDWR }, 0), "open");
    handover.send_descriptor(helper.number(i32, 3), @intCast(opened));
    while (helper.next_line()) {}
    _ = linux.kill(@intCast(server), linux.SIG.KILL);
    linux.exit_group(0);
}

fn serve(device: i32) noreturn {
    _ = helper.check(
        linux.prctl(@intFromEnum(linux.PR.SET_PDEATHSIG), linux.SIG.KILL, 0, 0, 0),
        "prctl",
    );
    var request: [1 << 14]u8 align(@alignOf(Header)) = undefined;
    while (true) {
        _ = helper.check(linux.read(device, &request, request.len), "read");
        const header: *const Header = @ptrCast(&request);
        const of = if (header.node == file_node) file else folder;
        switch (header.opcode) {
            .init => answer(device, header, Init{}),
            .lookup => answer(device, header, Entry{ .attributes = file }),
            .getattr => answer(device, header, Got{ .attributes = of }),
            .open => answer(device, header, Opened{}),
            .ioctl => answer(
                device,
                header,
                Lie{ .pid = helper.number(u32, 2), .tgid = helper.number(u32, 2) },
            ),
            .forget => {},
            else => refuse(device, header),
        }
    }
}

fn answer(device: i32, header: *const Header, what: anytype) void {
    const Whole = extern struct { header: Answer, what: @TypeOf(what) };
    const whole = Whole{
        .header = .{ .length = @sizeOf(Whole), .unique = header.unique },
        .what = what,
    };
    _ = linux.write(device, std.mem.asBytes(&whole), @sizeOf(Whole));
}

fn refuse(device: i32, header: *const Header) void {
    const none = Answer{
        .length = @sizeOf(Answer),
        .errno = -@as(i32, @intFromEnum(linux.E.NOSYS)),
        .unique = header.unique,
    };
    _ = linux.write(device, std.mem.asBytes(&none), @sizeOf(Answer));
}

comptime {
    std.debug.assert(@sizeOf(Header) == 40);
    std.debug.assert(@sizeOf(Init) == 64);
    std.debug.assert(@sizeOf(Entry) == 128);
    std.debug.assert(@sizeOf(Got) == 104);
    std.debug.assert(@sizeOf(Lie) == 16 + 88);
}
