//! What the library takes from the runtime's C library: threads, and memory that lives as long as
//! one of them. Weak: the library loads where one is missing.

/// A function of the C library.
pub fn imported(comptime name: []const u8) ?*const @field(@This(), name) {
    return @extern(?*const @field(@This(), name), .{ .name = name, .linkage = .weak });
}

pub const pthread_create =
    fn (*usize, ?*const anyopaque, *const fn (usize) callconv(.c) usize, usize) callconv(.c) c_int;
pub const pthread_detach = fn (usize) callconv(.c) c_int;

/// A key under which each thread keeps a word of its own, and a function that is called with that
/// word when the thread ends.
pub const pthread_key_create = fn (*u32, *const fn (usize) callconv(.c) void) callconv(.c) c_int;
pub const pthread_key_delete = fn (u32) callconv(.c) c_int;
pub const pthread_setspecific = fn (u32, usize) callconv(.c) c_int;
pub const pthread_getspecific = fn (u32) callconv(.c) usize;

pub const calloc = fn (usize, usize) callconv(.c) ?*anyopaque;
pub const free = fn (*anyopaque) callconv(.c) void;

/// The loop of Node, as libuv's header has them.
pub const uv_default_loop = fn () callconv(.c) *anyopaque;
pub const uv_walk = fn (
    *anyopaque,
    *const fn (*const anyopaque, ?*anyopaque) callconv(.c) void,
    ?*anyopaque,
) callconv(.c) void;
pub const uv_handle_get_type = fn (*const anyopaque) callconv(.c) c_int;
pub const uv_process_get_pid = fn (*const anyopaque) callconv(.c) c_int;
