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
    // Neither Deno nor Bun runs on ppc64le, where their door alone would make the library too large.
    if (!builtin.cpu.arch.isPowerPC()) for (reflection.functions) |function| {
        // Protected: another library's function of this name, of another version say, is never called in its place.
        @export(&@field(calls, function.name), .{ .name = "pfd_" ++ function.name, .visibility = .protected });
    };
    @export(&napi.register, .{ .name = "napi_register_module_v1" });
    @export(&@import("spawn_program.zig")._start, .{ .name = "_start", .visibility = .hidden });
    if (builtin.cpu.arch.isPowerPC()) {
        // Hidden: the host's own functions of these names must stay the ones that everybody else calls.
        @export(&memory.memset, .{ .name = "memset", .visibility = .hidden });
        @export(&memory.memcpy, .{ .name = "memcpy", .visibility = .hidden });
    }
}
