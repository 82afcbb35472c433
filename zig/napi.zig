//! Node's door: the functions of calls.zig as properties of the module that process.dlopen() fills. One callback serves
//! them all, by a table: a callback of its own for each function would be half of the library.
//! It converts and does nothing else. The checks here guard memory: an argument that is not an i32, or a record
//! that is too short or not aligned, answers EINVAL before the kernel is asked.
const std = @import("std");
const c_door = @import("c_door.zig");
const reflection = @import("reflection.zig");
const syscall = @import("syscall.zig");

const Env = ?*opaque {};
const Value = ?*opaque {};
const CallbackInfo = ?*opaque {};
const Callback = *const fn (Env, CallbackInfo) callconv(.c) Value;
const ok: c_int = 0;

/// The host's Node-API. Weak, so that the library loads where there is none: in a plain program, or a Deno
/// and Bun that come without.
fn imported(comptime name: []const u8, comptime F: type) *const F {
    return @extern(?*const F, .{ .name = name, .linkage = .weak }).?;
}

const GetCallbackInfo = fn (Env, CallbackInfo, *usize, [*]Value, ?*Value, ?*?*anyopaque) callconv(.c) c_int;
const GetInt32 = fn (Env, Value, *i32) callconv(.c) c_int;
const CreateInt32 = fn (Env, i32, *Value) callconv(.c) c_int;
const GetTypedArray = fn (Env, Value, *c_int, *usize, *?*anyopaque, ?*Value, ?*usize) callconv(.c) c_int;
const CreateFunction = fn (Env, [*:0]const u8, usize, Callback, ?*anyopaque, *Value) callconv(.c) c_int;
const SetProperty = fn (Env, Value, [*:0]const u8, Value) callconv(.c) c_int;

const uint8_array: c_int = 1;

/// A function as the callback needs it.
const Entry = struct {
    name: [*:0]const u8,
    target: *const Target,
    sizes: [most]u16,
    count: u16,
};

/// Each integer and each pointer has a register of its own on every CPU built for, sign-extended as C wants it, and one
/// that a function does not look at does no harm.
const Target = fn (usize, usize, usize) callconv(.c) i32;

/// What every record is aligned to, and every buffer of JavaScript.
const alignment = 8;

const most = 3;

const table = blk: {
    var entries: [reflection.functions.len]Entry = undefined;
    for (reflection.functions, &entries) |function, *entry| {
        // A 32-bit integer has the size 0.
        var sizes = [_]u16{0} ** most;
        for (function.parameters, 0..) |Parameter, index| {
            if (Parameter == i32) continue;
            const Record = @typeInfo(Parameter).pointer.child;
            sizes[index] = @sizeOf(Record);
            std.debug.assert(@alignOf(Record) <= alignment);
        }
        entry.* = .{
            .name = function.name,
            .target = @ptrCast(&c_door.Door(function).call),
            .count = function.parameters.len,
            .sizes = sizes,
        };
    }
    const all = entries;
    break :blk all;
};

pub fn register(env: Env, exports: Value) callconv(.c) Value {
    for (&table) |*entry| {
        var value: Value = null;
        const create = imported("napi_create_function", CreateFunction);
        const set = imported("napi_set_named_property", SetProperty);
        const data: *anyopaque = @constCast(entry);
        const until_zero = std.math.maxInt(usize); // NAPI_AUTO_LENGTH
        if (create(env, entry.name, until_zero, callback, data, &value) == ok) {
            // A property that is missing is noticed by the loader, which reads `abi` and every name.
            _ = set(env, exports, entry.name, value);
        }
    }
    return exports;
}

fn callback(env: Env, info: CallbackInfo) callconv(.c) Value {
    var result: Value = null;
    _ = imported("napi_create_int32", CreateInt32)(env, answer(env, info), &result);
    return result;
}

fn answer(env: Env, info: CallbackInfo) i32 {
    var values = [_]Value{null} ** most;
    var given: usize = most;
    var data: ?*anyopaque = null;
    const get = imported("napi_get_cb_info", GetCallbackInfo);
    if (get(env, info, &given, &values, null, &data) != ok) return invalid;
    const entry: *const Entry = @ptrCast(@alignCast(data.?));
    if (given != entry.count) return invalid;
    var words = [_]usize{0} ** most;
    for (words[0..given], values[0..given], entry.sizes[0..given]) |*word, value, size| {
        word.* = argument(size, env, value) orelse return invalid;
    }
    return entry.target(words[0], words[1], words[2]);
}

const invalid = syscall.negated(.INVAL);

fn argument(size: u16, env: Env, value: Value) ?usize {
    if (size == 0) {
        var integer: i32 = 0;
        const is_integer = imported("napi_get_value_int32", GetInt32)(env, value, &integer) == ok;
        return if (is_integer) @bitCast(@as(isize, integer)) else null;
    }
    var kind: c_int = 0;
    var length: usize = 0;
    var data: ?*anyopaque = null;
    const get = imported("napi_get_typedarray_info", GetTypedArray);
    if (get(env, value, &kind, &length, &data, null, null) != ok) return null;
    if (kind != uint8_array or length < size) return null;
    const address = @intFromPtr(data);
    return if (address == 0 or address % alignment != 0) null else address;
}
