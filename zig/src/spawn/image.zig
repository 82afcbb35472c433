//! The library as a program, in a file in memory: its own loaded segments, written back to where
//! they were in its file. So it needs no file, which may be gone, or lie where nothing may be run.
const std = @import("std");
const sys_fd = @import("../sys/fd.zig");
const descriptors = @import("descriptors.zig");
const making = @import("making.zig");
const syscall = @import("../sys/syscall.zig");
const elf = std.elf;

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// The beginning of the library's file in memory, by the linker.
extern const __ehdr_start: elf.Ehdr;

const MFD_CLOEXEC: u32 = 1;
/// Linux 6.3; where vm.memfd_noexec is 1, a file without it can't be run.
const MFD_EXEC: u32 = 0x10;

/// A descriptor that can be executed. EACCES: vm.memfd_noexec is 2.
pub fn open(plan: *making.Plan) i32 {
    const name: [*:0]const u8 = "pidfd";
    var file = call(named(.memfd_create), .{ name, MFD_CLOEXEC | MFD_EXEC });
    if (file == negated(.INVAL)) file = call(named(.memfd_create), .{ name, MFD_CLOEXEC });
    if (file < 0) return plan.fail(.memfd_create, file);
    const moved = descriptors.duplicate(plan, file);
    _ = sys_fd.close(file);
    if (moved < 0) return moved;
    const written = write(moved);
    if (written >= 0) return moved;
    _ = sys_fd.close(moved);
    return plan.fail(.write, written);
}

/// Words that the loader has relocated are those of this process, and the program uses none of
/// them.
fn write(file: i32) i32 {
    const start: [*]const u8 = @ptrCast(&__ehdr_start);
    const offset: usize = @intCast(__ehdr_start.e_phoff);
    const headers: [*]const elf.Phdr = @ptrCast(@alignCast(start + offset));
    for (headers[0..__ehdr_start.e_phnum]) |segment| {
        if (segment.p_type != elf.PT_LOAD) continue;
        const from = start + @as(usize, @intCast(segment.p_vaddr));
        var done: usize = 0;
        while (done < segment.p_filesz) {
            const rest = @as(usize, @intCast(segment.p_filesz)) - done;
            const count = pwrite(file, from + done, rest, @intCast(segment.p_offset + done));
            if (count < 0) return count;
            done += @intCast(count);
        }
    }
    return 0;
}

/// On 32-bit CPUs the offset is two words, on arm from an even register on.
fn pwrite(file: i32, from: [*]const u8, length: usize, at: u32) i32 {
    if (@sizeOf(usize) == 4) return call(named(.pwrite64), .{ file, from, length, 0, at, 0 });
    return call(named(.pwrite64), .{ file, from, length, at });
}
