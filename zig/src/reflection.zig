//! Lists the public functions of calls.zig and the records they fill, for everything that is made
//! from them: the two entry points, the ABI number and the generated TypeScript.
const std = @import("std");
const calls = @import("calls.zig");
const description = @import("proc/description.zig");
const guard = @import("spawn/guard_channel.zig");
const kernel = @import("sys/kernel.zig");
const lock_file = @import("pidfd/lock_file.zig");
const pidfile = @import("pidfd/pidfile.zig");
const records_file = @import("records.zig");
const spawn = @import("spawn/spawn.zig");
const tree = @import("tree/tree.zig");
const watcher = @import("pidfd/watcher.zig");

pub const Function = struct { name: [:0]const u8, parameters: []const type };

pub const functions: []const Function = blk: {
    var list: []const Function = &.{};
    for (@typeInfo(calls).@"struct".decls) |declaration| {
        var parameters: []const type = &.{};
        for (@typeInfo(@TypeOf(@field(calls, declaration.name))).@"fn".params) |parameter| {
            parameters = parameters ++ .{parameter.type.?};
        }
        list = list ++ .{Function{ .name = declaration.name, .parameters = parameters }};
    }
    break :blk list;
};

pub const records: []const type = blk: {
    // No function takes these: the watcher writes one into its stream, the second is a row of a
    // table, and the guard writes the last.
    var list: []const type = &.{ records_file.WatchRecord, tree.TreeRow, guard.GuardRecord };
    for (functions) |function| {
        for (function.parameters) |Parameter| {
            if (Parameter == i32) continue;
            const Record = @typeInfo(Parameter).pointer.child;
            if (std.mem.indexOfScalar(type, list, Record) == null) list = list ++ .{Record};
        }
    }
    break :blk list;
};

/// The sets of bits, and the answers, that JavaScript has too.
pub const constants = .{
    .DESCRIPTION_PARTS = description,
    .SPAWN_FLAGS = spawn.Options,
    .GUARD_REPORTS = guard.Report,
    .TREE_FLAGS = tree.Flags,
    .TREE_OPTIONS = tree.Options,
    .TREE_ANSWERS = tree.Answer,
    .LOCK_STEPS = lock_file.Step,
    .WATCH_TOLD = records_file.WatchTold,
};

/// What JavaScript counts in the same order, from 0 on.
pub const lists = .{
    .WATCHER_STEPS = watcher.Step,
    .PIDFILE_STEPS = pidfile.Step,
    .SPAWN_STEPS = spawn.Step,
    .NAMESPACE_KINDS = description.NamespaceKind,
};

/// The kernel's numbers that both sides need.
pub const kernel_numbers = [_][]const u8{
    "POLLIN",
    "POLLHUP",
    "POLLNVAL",
    "WNOHANG",
    "WEXITED",
    "WNOWAIT",
    "WALL",
    "F_DUPFD_CLOEXEC",
    "PIDFD_INFO_PID",
    "PIDFD_INFO_EXIT",
    "PIDFD_INFO_SUPPORTED_MASK",
    "PF_KTHREAD",
    "PIDFS_MAGIC",
};

pub fn kernel_number(comptime name: []const u8) u32 {
    return @field(kernel, name);
}

/// The name and the number of each bit, or of each answer; of a file, of each public u32.
pub fn named_numbers(comptime Type: type) []const struct { []const u8, u32 } {
    var list: []const struct { []const u8, u32 } = &.{};
    switch (@typeInfo(Type)) {
        .@"enum" => |info| for (info.fields) |field| {
            list = list ++ .{.{ field.name, field.value }};
        },
        .@"struct" => |info| if (info.fields.len == 0) {
            for (info.decls) |declaration| {
                if (@TypeOf(@field(Type, declaration.name)) != u32) continue;
                list = list ++ .{.{ declaration.name, @field(Type, declaration.name) }};
            }
        } else for (info.fields) |field| {
            if (field.type != bool) continue;
            list = list ++ .{.{ field.name, 1 << @bitOffsetOf(Type, field.name) }};
        },
        else => @compileError("neither bits nor answers"),
    }
    return list;
}

/// What a parameter is called in the generated table: only these two kinds may cross.
pub fn kind_of(comptime Parameter: type) []const u8 {
    if (Parameter == i32) return "i32";
    if (@typeInfo(Parameter) == .pointer) return short_name(@typeInfo(Parameter).pointer.child);
    @compileError("only i32 and pointers to records cross to JavaScript");
}

/// The same in the table of functions, where every record is handed over as bytes.
pub fn letter_of(comptime Parameter: type) []const u8 {
    return if (Parameter == i32) "i" else "r";
}

pub fn short_name(comptime Record: type) []const u8 {
    const full = @typeName(Record);
    return full[std.mem.lastIndexOfScalar(u8, full, '.').? + 1 ..];
}

/// What a field's type is called, wherever it is declared: moving a file changes nothing.
pub fn type_name(comptime Field: type) []const u8 {
    return switch (@typeInfo(Field)) {
        .@"struct", .@"enum" => short_name(Field),
        .array => |info| std.fmt.comptimePrint("[{d}]", .{info.len}) ++ type_name(info.child),
        else => @typeName(Field),
    };
}
