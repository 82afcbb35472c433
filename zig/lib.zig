//! The shared library: plain C exports for Deno and Bun, and Node-API's entry point for Node.
//! Every C export carries the prefix `pfd_`: glibc 2.36 exports a pidfd_open of its own, and would be called instead.
const std = @import("std");
const builtin = @import("builtin");
const calls = @import("calls.zig");
const memory = @import("memory.zig");
const napi = @import("napi.zig");
const reflection = @import("reflection.zig");

/// There is nobody to print a message to: what must not happen was ruled out when this was compiled.
pub const panic = std.debug.no_panic;

comptime {
    for (reflection.functions) |function| {
        const exported = CDoor(function).door;
        @export(&exported, .{ .name = "pfd_" ++ function.name });
    }
    @export(&napi.register, .{ .name = "napi_register_module_v1" });
    if (builtin.cpu.arch.isPowerPC()) {
        // Hidden: the host's own functions of these names must stay the ones that everybody else calls.
        @export(&memory.memset, .{ .name = "memset", .visibility = .hidden });
        @export(&memory.memcpy, .{ .name = "memcpy", .visibility = .hidden });
    }
}

/// The function as C sees it. Zig's own calling convention is not fixed, so each gets a C twin.
fn CDoor(comptime function: reflection.Function) type {
    const P = function.parameters;
    const target = @field(calls, function.name);
    return switch (P.len) {
        0 => struct {
            fn door() callconv(.c) i32 {
                return target();
            }
        },
        1 => struct {
            fn door(a: P[0]) callconv(.c) i32 {
                return target(a);
            }
        },
        2 => struct {
            fn door(a: P[0], b: P[1]) callconv(.c) i32 {
                return target(a, b);
            }
        },
        3 => struct {
            fn door(a: P[0], b: P[1], c: P[2]) callconv(.c) i32 {
                return target(a, b, c);
            }
        },
        else => @compileError("a function of calls.zig takes at most three parameters"),
    };
}
