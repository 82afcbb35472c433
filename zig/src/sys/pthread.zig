//! What the library takes from the runtime's C library: threads, and memory that lives as long as
//! one of them. Weak: the library loads where one is missing.

/// A function of the C library.
pub fn imported(comptime name: []const u8) ?*const @field(@This(), name) {
    return extern_function(name, @field(@This(), name));
}

/// A function of the program's; null where it has none of this name. The compiler may not know
/// whose address it is: it would call through a second entry of the linker's, of 64 bytes each.
pub inline fn extern_function(comptime name: []const u8, comptime F: type) ?*const F {
    const address = @intFromPtr(@extern(?*const F, .{ .name = name, .linkage = .weak }));
    return @ptrFromInt(asm (""
        : [out] "=r" (-> usize),
        : [in] "0" (address),
    ));
}

/// Zeroed memory that the calling thread keeps under a new key, and `ends` is called with when the
/// thread ends; null where there is no memory or no key.
pub noinline fn keep(size: usize, ends: *const fn (usize) callconv(.c) void, key: *u32) ?*anyopaque {
    const create = imported("pthread_key_create") orelse return null;
    const set = imported("pthread_setspecific") orelse return null;
    const allocate = imported("calloc") orelse return null;
    if (create(key, ends) != 0) return null;
    const memory = allocate(1, size);
    if (memory) |kept| if (set(key.*, @intFromPtr(kept)) == 0) return kept;
    release(key.*, memory);
    return null;
}

/// Frees what `keep` gave, and its key.
pub noinline fn release(key: u32, memory: ?*anyopaque) void {
    if (imported("free")) |give| give(memory);
    if (imported("pthread_key_delete")) |delete| _ = delete(key);
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
pub const free = fn (?*anyopaque) callconv(.c) void;

/// The loop of Node, as libuv's header has them.
pub const uv_default_loop = fn () callconv(.c) *anyopaque;
pub const uv_walk = fn (
    *anyopaque,
    *const fn (*const anyopaque, ?*anyopaque) callconv(.c) void,
    ?*anyopaque,
) callconv(.c) void;
pub const uv_handle_get_type = fn (*const anyopaque) callconv(.c) c_int;
pub const uv_process_get_pid = fn (*const anyopaque) callconv(.c) c_int;
