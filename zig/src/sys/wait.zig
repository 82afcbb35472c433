//! waitid(2).
const std = @import("std");
const kernel = @import("kernel.zig");
const records = @import("../records.zig");
const syscall = @import("syscall.zig");

const call = syscall.call;

/// waitid(2), for what `kind` says that `id` is: 1 and the record, or 0.
pub noinline fn wait(kind: usize, id: i32, options: u32, record: *records.WaitRecord) i32 {
    var change = std.mem.zeroes(kernel.WaitSiginfo);
    var usage = std.mem.zeroes(kernel.Rusage);
    const number = syscall.number_of(.waitid);
    const result = call(number, .{ kind, id, &change, options, &usage });
    if (result < 0) return result;
    if (change.signo == 0) return 0;
    record.* = records.WaitRecord.from(&change, &usage);
    return 1;
}
