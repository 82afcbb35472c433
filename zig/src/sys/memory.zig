//! memset and memcpy for ppc64le, where Zig's own bring 40 KB of vector arithmetic that nothing
//! here uses. The stores are volatile, so that the compiler does not turn the loops into calls of
//! themselves.

pub fn memset(to: [*]volatile u8, value: c_int, length: usize) callconv(.c) [*]volatile u8 {
    for (0..length) |index| to[index] = @truncate(@as(c_uint, @bitCast(value)));
    return to;
}

pub fn memcpy(to: [*]volatile u8, from: [*]const u8, length: usize) callconv(.c) [*]volatile u8 {
    for (0..length) |index| to[index] = from[index];
    return to;
}
