//! Node's entry point: the functions of calls.zig as properties of the module that process.dlopen()
//! fills. A table lets one callback serve them all: a callback for each function would be half of
//! the library.
//!
//! It converts and does nothing else. The checks here guard memory: an argument that is not an i32,
//! or a record that is too short or not aligned, returns EINVAL before any system call.
const std = @import("std");
const calls = @import("calls.zig");
const pthread = @import("sys/pthread.zig");
const reflection = @import("reflection.zig");
const syscall = @import("sys/syscall.zig");

const Env = ?*opaque {};
const Value = ?*opaque {};
const CallbackInfo = ?*opaque {};
const Callback = *const fn (Env, CallbackInfo) callconv(.c) Value;
const ok: c_int = 0;

/// The runtime's Node-API. Weak, so that the library loads where there is none: in a plain program,
/// or in a build of Deno or Bun without it.
fn imported(comptime name: []const u8, comptime F: type) *const F {
    return pthread.extern_function(name, F).?;
}

const GetCallbackInfo =
    fn (Env, CallbackInfo, *usize, [*]Value, ?*Value, ?*?*anyopaque) callconv(.c) c_int;
const GetInt32 = fn (Env, Value, *i32) callconv(.c) c_int;
const CreateInt32 = fn (Env, i32, *Value) callconv(.c) c_int;
const GetTypedArray =
    fn (Env, Value, *c_int, *usize, *?*anyopaque, ?*Value, ?*usize) callconv(.c) c_int;
const CreateFunction =
    fn (Env, [*:0]const u8, usize, Callback, ?*anyopaque, *Value) callconv(.c) c_int;
const SetProperty = fn (Env, Value, [*:0]const u8, Value) callconv(.c) c_int;

const uint8_array: c_int = 1;

/// A function as the callback needs it. It holds no address, because the dynamic loader would need
/// an entry for each.
const Entry = extern struct {
    /// Where its name begins in `names`.
    name: u16,
    /// The bytes of the record that each parameter points to; 0 for a 32-bit integer.
    sizes: [most]u16,
};

/// What every record is aligned to, and every buffer of JavaScript.
const alignment = 8;

const most = 3;

/// The size of a parameter that there is not.
const absent = std.math.maxInt(u16);

const names: [:0]const u8 = blk: {
    var all: [:0]const u8 = "";
    for (reflection.functions) |function| all = all ++ function.name ++ "\x00";
    break :blk all;
};

const table = blk: {
    var entries: [reflection.functions.len]Entry = undefined;
    var name: u16 = 0;
    for (reflection.functions, &entries) |function, *entry| {
        entry.* = .{ .name = name, .sizes = @splat(absent) };
        for (function.parameters, 0..) |Parameter, index| entry.sizes[index] = size_of(Parameter);
        name += function.name.len + 1;
    }
    const all = entries;
    break :blk all;
};

fn size_of(comptime Parameter: type) u16 {
    if (Parameter == i32) return 0;
    const Record = @typeInfo(Parameter).pointer.child;
    std.debug.assert(@alignOf(Record) <= alignment);
    return @sizeOf(Record);
}

/// On every CPU built for, each integer and each pointer is passed in a register of its own,
/// sign-extended as C requires. A register that a function does not read does no harm.
const Target = fn (usize, usize, usize) callconv(.c) i32;

/// A separate function, with the index after the arguments: the registers are already right, so
/// each case is one jump.
noinline fn call(a: usize, b: usize, c: usize, index: usize) callconv(.c) i32 {
    switch (index) {
        inline 0...table.len - 1 => |known| {
            const name = reflection.functions[known].name;
            const target: *const Target = @ptrCast(&@field(calls, name));
            return target(a, b, c);
        },
        else => return invalid,
    }
}

pub fn register(env: Env, exports: Value) callconv(.c) Value {
    for (&table, 0..) |*entry, index| {
        var value: Value = null;
        const create = imported("napi_create_function", CreateFunction);
        const set = imported("napi_set_named_property", SetProperty);
        const name = names[entry.name..].ptr;
        const until_zero = std.math.maxInt(usize); // NAPI_AUTO_LENGTH
        if (create(env, name, until_zero, callback, @ptrFromInt(index + 1), &value) == ok) {
            // The loader, which reads `abi` and every name, notices a missing property.
            _ = set(env, exports, name, value);
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
    const index = @intFromPtr(data) - 1;
    if (given > most) return invalid;
    var words = [_]usize{0} ** most;
    for (&words, values, table[index].sizes, 0..) |*word, value, size, position| {
        if ((size == absent) != (position >= given)) return invalid;
        if (size != absent) word.* = argument(size, env, value) orelse return invalid;
    }
    return call(words[0], words[1], words[2], index);
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
    // A single byte is the first of many, which may begin anywhere.
    const is_aligned = size == 1 or address % alignment == 0;
    return if (address == 0 or !is_aligned) null else address;
}
