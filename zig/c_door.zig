//! The door for C: what Deno and Bun call, and what the door for Node calls in turn.
const calls = @import("calls.zig");
const reflection = @import("reflection.zig");

/// The function as C sees it. Zig's own calling convention is not fixed, so each gets a C twin.
pub fn Door(comptime function: reflection.Function) type {
    const P = function.parameters;
    const target = @field(calls, function.name);
    return switch (P.len) {
        0 => struct {
            pub fn call() callconv(.c) i32 {
                return target();
            }
        },
        1 => struct {
            pub fn call(a: P[0]) callconv(.c) i32 {
                return target(a);
            }
        },
        2 => struct {
            pub fn call(a: P[0], b: P[1]) callconv(.c) i32 {
                return target(a, b);
            }
        },
        3 => struct {
            pub fn call(a: P[0], b: P[1], c: P[2]) callconv(.c) i32 {
                return target(a, b, c);
            }
        },
        else => @compileError("a function of calls.zig takes at most three parameters"),
    };
}
