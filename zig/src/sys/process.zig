//! What the calling process asks about itself, and of itself.
const kernel = @import("kernel.zig");
const syscall = @import("syscall.zig");

const call = syscall.call;
const named = syscall.named;

/// getpid(2).
pub noinline fn own_pid() i32 {
    return syscall.inlined_once(named(.getpid), .{});
}

/// Whether the calling thread is the first one, whose id is the pid.
pub fn is_first_thread() bool {
    return call(named(.gettid), .{}) == own_pid();
}

/// Sets whether it is a child subreaper, or, below 0, answers that. prctl(2).
pub fn subreaper(on: i32) i32 {
    if (on >= 0) return call(named(.prctl), .{ kernel.PR_SET_CHILD_SUBREAPER, on, 0, 0, 0 });
    var answer: i32 = 0;
    const result = call(named(.prctl), .{ kernel.PR_GET_CHILD_SUBREAPER, &answer, 0, 0, 0 });
    return if (result < 0) result else answer;
}
