//! Node's door: the functions of calls.zig as properties of the module that process.dlopen() fills.
//! It converts and does nothing else. The checks here guard memory: an argument that is not an i32, or a record
//! that is too short or not aligned, answers EINVAL before the kernel is asked.
const std = @import("std");
const calls = @import("calls.zig");
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

pub fn register(env: Env, exports: Value) callconv(.c) Value {
    inline for (reflection.functions) |function| {
        var value: Value = null;
        const create = imported("napi_create_function", CreateFunction);
        const set = imported("napi_set_named_property", SetProperty);
        if (create(env, function.name, function.name.len, Door(function).call, null, &value) == ok) {
            // A property that is missing is noticed by the loader, which reads `abi` and every name.
            _ = set(env, exports, function.name, value);
        }
    }
    return exports;
}

fn Door(comptime function: reflection.Function) type {
    return struct {
        fn call(env: Env, info: CallbackInfo) callconv(.c) Value {
            var result: Value = null;
            _ = imported("napi_create_int32", CreateInt32)(env, answer(env, info), &result);
            return result;
        }

        fn answer(env: Env, info: CallbackInfo) i32 {
            const count = function.parameters.len;
            var values = [_]Value{null} ** @max(count, 1);
            if (count > 0) {
                var given: usize = count;
                const get = imported("napi_get_cb_info", GetCallbackInfo);
                if (get(env, info, &given, &values, null, null) != ok or given != count) return invalid;
            }
            var arguments: std.meta.ArgsTuple(@TypeOf(@field(calls, function.name))) = undefined;
            inline for (function.parameters, 0..) |Parameter, index| {
                arguments[index] = argument(Parameter, env, values[index]) orelse return invalid;
            }
            return @call(.auto, @field(calls, function.name), arguments);
        }
    };
}

const invalid = syscall.negated(.INVAL);

fn argument(comptime Parameter: type, env: Env, value: Value) ?Parameter {
    if (Parameter == i32) {
        var integer: i32 = 0;
        return if (imported("napi_get_value_int32", GetInt32)(env, value, &integer) == ok) integer else null;
    }
    const Record = @typeInfo(Parameter).pointer.child;
    var kind: c_int = 0;
    var length: usize = 0;
    var data: ?*anyopaque = null;
    const get = imported("napi_get_typedarray_info", GetTypedArray);
    if (get(env, value, &kind, &length, &data, null, null) != ok) return null;
    if (kind != uint8_array or length < @sizeOf(Record)) return null;
    const address = @intFromPtr(data);
    if (address == 0 or address % @alignOf(Record) != 0) return null;
    return @ptrFromInt(address);
}
