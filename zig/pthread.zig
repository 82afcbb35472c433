//! What the library takes from its host's C library: threads, and memory for as long as one of them lives. Weak: the library
//! loads where one is missing.

/// A function of the host's.
pub fn imported(comptime name: []const u8) ?*const @field(@This(), name) {
    return @extern(?*const @field(@This(), name), .{ .name = name, .linkage = .weak });
}

pub const pthread_create =
    fn (*usize, ?*const anyopaque, *const fn (usize) callconv(.c) usize, usize) callconv(.c) c_int;
pub const pthread_detach = fn (usize) callconv(.c) c_int;

/// A place that each thread has for a word of its own, and what is called with that word when a thread ends.
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
