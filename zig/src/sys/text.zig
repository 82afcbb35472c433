//! Reads text with plain loops: std.mem would bring tables and vector code that double the size of
//! the library.
const std = @import("std");

/// Where the byte first stands.
pub fn find(text: []const u8, byte: u8) ?usize {
    for (text, 0..) |other, index| if (other == byte) return index;
    return null;
}

/// A C string's text.
pub fn until_zero(text: [*:0]const u8) []const u8 {
    var length: usize = 0;
    while (text[length] != 0) length += 1;
    return text[0..length];
}

/// Where the byte last stands.
pub fn find_last(text: []const u8, byte: u8) ?usize {
    var index = text.len;
    while (index > 0) {
        index -= 1;
        if (text[index] == byte) return index;
    }
    return null;
}

/// What follows the first place where `label` stands.
pub fn after(text: []const u8, label: []const u8) ?[]const u8 {
    var rest = text;
    while (rest.len >= label.len) : (rest = rest[1..]) {
        for (label, 0..) |byte, index| {
            if (rest[index] != byte) break;
        } else return rest[label.len..];
    }
    return null;
}

/// The tokens of a text, one after the other: what stands between spaces, tabs and line ends.
pub const Tokens = struct {
    rest: []const u8,

    pub fn next(self: *Tokens) ?[]const u8 {
        while (self.rest.len > 0 and is_blank(self.rest[0])) self.rest = self.rest[1..];
        if (self.rest.len == 0) return null;
        var end: usize = 0;
        while (end < self.rest.len and !is_blank(self.rest[end])) end += 1;
        defer self.rest = self.rest[end..];
        return self.rest[0..end];
    }

    /// The next token as a decimal number; null where it is none, or too large.
    pub inline fn number(self: *Tokens, comptime T: type) ?T {
        return as(T, self.any_number());
    }

    noinline fn any_number(self: *Tokens) u64 {
        return any_decimal(self.next() orelse return none);
    }

    pub fn skip(self: *Tokens, count: usize) void {
        for (0..count) |_| _ = self.next();
    }
};

fn is_blank(byte: u8) bool {
    return byte == ' ' or byte == '\t' or byte == '\n';
}

/// The number that a whole text is; null where it is none, or too large.
pub inline fn decimal(comptime T: type, digits: []const u8) ?T {
    return as(T, any_decimal(digits));
}

/// What is not a number. It fits in a register, unlike an optional: that saves a fiftieth of the
/// library.
const none = std.math.maxInt(u64);

inline fn as(comptime T: type, number: u64) ?T {
    return if (number > std.math.maxInt(T) or number == none) null else @intCast(number);
}

noinline fn any_decimal(digits: []const u8) u64 {
    if (digits.len == 0) return none;
    var result: u64 = 0;
    for (digits) |digit| {
        if (digit < '0' or digit > '9') return none;
        const tenfold = @mulWithOverflow(result, 10);
        const sum = @addWithOverflow(tenfold[0], digit - '0');
        if (tenfold[1] | sum[1] != 0) return none;
        result = sum[0];
    }
    return result;
}

test "numbers up to the largest, and none beyond" {
    try std.testing.expectEqual(18446744073709551614, decimal(u64, "18446744073709551614").?);
    try std.testing.expectEqual(null, decimal(u64, "18446744073709551616"));
    try std.testing.expectEqual(4294967295, decimal(u32, "4294967295").?);
    for ([_][]const u8{ "4294967296", "99999999999", "", "-1", "1x" }) |wrong| {
        try std.testing.expectEqual(null, decimal(u32, wrong));
    }
}

test "tokens, bytes and labels are found" {
    var tokens = Tokens{ .rest = " a\tbc \n 12" };
    try std.testing.expectEqualStrings("a", tokens.next().?);
    tokens.skip(1);
    try std.testing.expectEqual(12, tokens.number(u32).?);
    try std.testing.expectEqual(null, tokens.next());
    try std.testing.expectEqual(1, find("a))b", ')').?);
    try std.testing.expectEqual(2, find_last("a))b", ')').?);
    try std.testing.expectEqual(null, find_last("", ')'));
    try std.testing.expectEqualStrings("4242", until_zero("4242"));
    try std.testing.expectEqualStrings(" 7", after("aab: 7", "ab:").?);
    try std.testing.expectEqual(null, after("a", "ab"));
}
