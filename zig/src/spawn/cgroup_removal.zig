//! Removes a cgroup with those below it. It needs two descriptors and the stack of one level,
//! however deep they are.
const std = @import("std");
const boot = @import("../proc/boot.zig");
const exec = @import("exec.zig");
const proc_file = @import("../proc/file.zig");
const proc_scan = @import("../proc/scan.zig");
const sys_fd = @import("../sys/fd.zig");
const syscall = @import("../sys/syscall.zig");
const linux = std.os.linux;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// How often, and after how long, a cgroup is removed again; and for how long at most, where others
/// make cgroups in it without end.
const most_tries = 100;
const pause_ms = 10;
const most_ms = 10_000;

/// Removes it and those below it, if nobody is in them. A cgroup is never renamed. The kernel may
/// count one that was reaped for a moment longer, of which it tells nobody.
pub noinline fn remove(folder: i32) void {
    var link = std.mem.zeroes([32:0]u8);
    const prefix = "/proc/self/fd/";
    link[0..prefix.len].* = prefix.*;
    proc_file.write_decimal(link[prefix.len..], @intCast(folder));
    var path: [4096:0]u8 = undefined;
    const nowhere = proc_file.nowhere;
    const length = call(named(.readlinkat), .{ nowhere, &link, &path, path.len });
    if (length <= 0) return;
    path[@intCast(length)] = 0;
    const deadline = now_ms() + most_ms;
    var tries: u32 = 0;
    while (tries < most_tries and now_ms() < deadline) {
        if (remove_folder(nowhere, &path) != negated(.BUSY)) return;
        if (empty(folder, deadline) > 0) continue;
        tries += 1;
        _ = sys_fd.poll(-1, 0, pause_ms);
    }
}

/// Removes the cgroups that the command has made below it, the lowest ones first, as long as nobody
/// is in them; answers how many. It goes down into one that is not empty, and up again.
fn empty(top: i32, deadline: u64) u32 {
    var removed: u32 = 0;
    var levels: u32 = 0;
    var is_back = false;
    // The other guard may have the same description of it, with one position.
    var folder = open_in(top, ".");
    while (folder >= 0 and now_ms() < deadline) {
        const before = removed;
        const below = empty_folder(folder, &removed);
        // Somebody is in the one that we have come up from.
        const is_stuck = below >= 0 and is_back and removed == before;
        const is_done = is_stuck or (below < 0 and levels == 0);
        if (is_stuck) proc_file.close(below);
        const next = if (is_done) -1 else if (below >= 0) below else open_in(folder, "..");
        proc_file.close(folder);
        folder = next;
        is_back = below < 0;
        levels = if (is_back) levels -| 1 else levels + 1;
    }
    if (folder >= 0) proc_file.close(folder);
    return removed;
}

/// Removes those in it that have none below them; answers a descriptor of one that has, or below
/// zero if there is none.
fn empty_folder(folder: i32, removed: *u32) i32 {
    var entries = proc_scan.Entries{ .folder = folder };
    while (entries.next_name()) |name| {
        const kind = (name - 1)[0];
        if (kind != linux.DT.DIR or is_dots(name)) continue;
        const result = remove_folder(folder, name);
        if (result == 0) removed.* += 1;
        if (result != negated(.BUSY)) continue;
        const below = open_in(folder, name);
        if (below >= 0) return below;
    }
    return -1;
}

fn remove_folder(parent: i32, path: [*:0]const u8) i32 {
    return call(named(.unlinkat), .{ parent, path, @as(u32, linux.AT.REMOVEDIR) });
}

/// "." or "..".
fn is_dots(name: [*:0]const u8) bool {
    const length = exec.length_until(name, 0);
    return name[0] == '.' and (length == 1 or (length == 2 and name[1] == '.'));
}

/// openat2(2), Linux 5.6: a folder of the same mount. A command may have mounted something else in
/// its cgroup, which is not to be emptied.
fn open_in(parent: i32, name: [*:0]const u8) i32 {
    const How = extern struct { flags: u64, mode: u64, resolve: u64 };
    const flags: u32 = @bitCast(linux.O{ .DIRECTORY = true, .NOFOLLOW = true, .CLOEXEC = true });
    const RESOLVE_NO_XDEV = 1;
    const RESOLVE_NO_SYMLINKS = 4;
    const how = How{ .flags = flags, .mode = 0, .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS };
    return call(named(.openat2), .{ parent, name, &how, @as(usize, @sizeOf(How)) });
}

fn now_ms() u64 {
    return boot.now(boot.CLOCK_MONOTONIC) / std.time.ns_per_ms;
}
