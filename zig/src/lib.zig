//! The shared library: plain C exports for Deno and Bun, and Node-API's entry point for Node. Every
//! C export has the prefix `pfd_`: glibc 2.36 exports a pidfd_open of its own, which would be
//! called instead.
const std = @import("std");
const builtin = @import("builtin");
const memory = @import("sys/memory.zig");
const napi = @import("napi.zig");

/// For the programs in zig/ that import the library as a module.
pub const abi = @import("abi.zig");
pub const calls = @import("calls.zig");
pub const kernel = @import("sys/kernel.zig");
pub const reflection = @import("reflection.zig");

/// Nobody would read a panic's message. What must not happen was ruled out at compile time.
pub const panic = std.debug.no_panic;

comptime {
    // As a module of another program it exports nothing.
    if (@import("root") == @This()) export_all();
}

fn export_all() void {
    // Neither Deno nor Bun runs on ppc64le, where their entry points alone would make the library
    // too large.
    if (!builtin.cpu.arch.isPowerPC()) for (reflection.functions) |function| {
        // Protected: a function of the same name in another library (another version, say) is never
        // called instead.
        const name = "pfd_" ++ function.name;
        @export(&@field(calls, function.name), .{ .name = name, .visibility = .protected });
    };
    @export(&napi.register, .{ .name = "napi_register_module_v1" });
    @export(&@import("program.zig")._start, .{ .name = "_start", .visibility = .hidden });
    if (builtin.cpu.arch.isPowerPC()) {
        // Hidden: everybody else must keep calling the runtime's own functions of these names.
        @export(&memory.memset, .{ .name = "memset", .visibility = .hidden });
        @export(&memory.memcpy, .{ .name = "memcpy", .visibility = .hidden });
    }
}
