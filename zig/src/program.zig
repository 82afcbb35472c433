//! The library as a program: the kernel runs `_start` in a process of its own, without a loader and
//! without a C library. So nothing here may use a weak import, or a word that a loader relocates.
//!
//! Its first argument says what it is to be (spawn/role.zig). Whoever has started it hears of a
//! failure over a channel, which exec closes.
const builtin = @import("builtin");
const as_user = @import("spawn/as_user.zig");
const exec = @import("spawn/exec.zig");
const guard = @import("guard/guard.zig");
const making = @import("spawn/making.zig");
const role = @import("spawn/role.zig");
const syscall = @import("sys/syscall.zig");

const Start = fn () callconv(.naked) noreturn;

/// Where the kernel begins: the stack has the number of arguments, the arguments, and the
/// environment.
pub fn _start() callconv(.naked) noreturn {
    asm volatile (switch (builtin.cpu.arch) {
            .x86_64 =>
            \\ xorl %%ebp, %%ebp
            \\ movq %%rsp, %%rdi
            \\ andq $-16, %%rsp
            \\ callq %[main:P]
            ,
            .aarch64 =>
            \\ mov fp, #0
            \\ mov lr, #0
            \\ mov x0, sp
            \\ and sp, x0, #-16
            \\ b %[main]
            ,
            .arm =>
            \\ mov fp, #0
            \\ mov lr, #0
            \\ mov a1, sp
            \\ and sp, a1, #-16
            \\ b %[main]
            ,
            .riscv64 =>
            \\ li fp, 0
            \\ li ra, 0
            \\ mv a0, sp
            \\ andi sp, sp, -16
            \\ tail %[main]@plt
            ,
            .loongarch64 =>
            \\ move $fp, $zero
            \\ move $ra, $zero
            \\ move $a0, $sp
            \\ bstrins.d $sp, $zero, 3, 0
            \\ b %[main]
            ,
            .powerpc64le =>
            \\ addis 2, 12, .TOC. - %[_start]@ha
            \\ addi 2, 2, .TOC. - %[_start]@l
            \\ mr 3, 1
            \\ clrrdi 1, 1, 4
            \\ li 0, 0
            \\ stdu 0, -32(1)
            \\ li 31, 0
            \\ mtlr 0
            \\ b %[main]
            \\ nop
            ,
            .s390x =>
            \\ lghi %%r11, 0
            \\ lghi %%r14, 0
            \\ lgr %%r2, %%r15
            \\ lghi %%r0, -16
            \\ ngr %%r15, %%r0
            \\ aghi %%r15, -160
            \\ lghi %%r0, 0
            \\ stg  %%r0, 0(%%r15)
            \\ jg %[main]
            ,
            else => @compileError("no entry point is known for this CPU"),
        }
        :
        : [_start] "X" (&_start),
          [main] "X" (&main),
    );
}

fn main(stack: [*]usize) callconv(.c) noreturn {
    const count = stack[0];
    const arguments: [*:null]?making.Text = @ptrCast(stack + 1);
    const environment: making.Texts = @ptrCast(stack + 1 + count + 1);
    var code: u32 = 127;
    if (count > role.arguments_in_front) {
        var channel: i32 = 0;
        const digits = arguments[1].?;
        for (0..exec.length_until(digits, 0)) |index|
            channel = channel *% 10 +% (digits[index] -% '0');
        const command = arguments[2].?;
        const theirs = arguments + role.arguments_in_front;
        const name = arguments[0].?;
        if (role.is_role(name, role.as_user))
            as_user.become(channel, command, theirs, environment);
        if (role.is_role(name, role.as_guard))
            code = guard.run(channel, command, theirs, environment);
    }
    while (true) _ = syscall.call_once(syscall.named(.exit_group), .{code});
}
