//! The ABI number: a checksum of every name, parameter and record layout that crosses to
//! JavaScript. It changes by itself with the declarations; `revision` is only for a change of
//! meaning.
const std = @import("std");
const reflection = @import("reflection.zig");

const revision = "1";

pub const number: i32 = compute();

fn compute() i32 {
    @setEvalBranchQuota(200_000);
    var hash = std.hash.Fnv1a_32.init();
    hash.update(revision);
    for (reflection.functions) |function| {
        hash.update(function.name);
        for (function.parameters) |Parameter| hash.update(reflection.kind_of(Parameter));
    }
    for (reflection.records) |Record| {
        hash.update(reflection.short_name(Record));
        for (@typeInfo(Record).@"struct".fields) |field| {
            const offset = @offsetOf(Record, field.name);
            const at = std.fmt.comptimePrint("{s}@{d}", .{ field.name, offset });
            hash.update(at ++ reflection.type_name(field.type));
        }
    }
    for (@typeInfo(@TypeOf(reflection.constants)).@"struct".fields) |field| {
        for (reflection.named_numbers(@field(reflection.constants, field.name))) |named| {
            hash.update(std.fmt.comptimePrint("{s}={d}", .{ named[0], named[1] }));
        }
    }
    for (@typeInfo(@TypeOf(reflection.lists)).@"struct".fields) |field| {
        for (@typeInfo(@field(reflection.lists, field.name)).@"enum".fields) |named| {
            hash.update(std.fmt.comptimePrint("{s}={d}", .{ named.name, named.value }));
        }
    }
    // Positive, because a negative result means an error.
    return @intCast(hash.final() & 0x7FFF_FFFF);
}
