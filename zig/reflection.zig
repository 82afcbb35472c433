//! Lists the public functions of calls.zig and the records they fill, for whoever makes something
//! from them: the two doors, the ABI number and the generated TypeScript.
const std = @import("std");
const calls = @import("calls.zig");
const lock_file = @import("lock_file.zig");
const tree = @import("tree.zig");

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
    // No function takes these: the watcher writes one into its stream, and the other is a row of a
    // table.
    var list: []const type = &.{ @import("records.zig").WatchRecord, tree.TreeRow };
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
    .TREE_FLAGS = tree.Flags,
    .TREE_OPTIONS = tree.Options,
    .TREE_ANSWERS = tree.Answer,
    .LOCK_STEPS = lock_file.Step,
};

/// The name and the number of each bit, or of each answer.
pub fn named_numbers(comptime Type: type) []const struct { []const u8, u32 } {
    var list: []const struct { []const u8, u32 } = &.{};
    switch (@typeInfo(Type)) {
        .@"enum" => |info| for (info.fields) |field| {
            list = list ++ .{.{ field.name, field.value }};
        },
        .@"struct" => |info| for (info.fields) |field| {
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
