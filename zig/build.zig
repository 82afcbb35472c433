//! `zig build`          compiles the library for every CPU and writes ffi/symbols.ts and
//!                      ffi/library.ts
//! `zig build test`     tests the library without JavaScript
//! `zig build helper`   compiles the program that the tests use to bring processes into hard states
//! `zig build cpus`     compiles the tests and that program for every CPU, to be run under
//!                      emulation
//! `zig build check`    finds what doesn't compile of them, and makes no machine code
const std = @import("std");
const builtin = @import("builtin");

comptime {
    const wanted = std.mem.trim(u8, @embedFile(".zig-version"), " \n");
    if (!std.mem.eql(u8, builtin.zig_version_string, wanted)) {
        const version = builtin.zig_version_string;
        @compileError("pidfd is built with Zig " ++ wanted ++ ", not " ++ version);
    }
}

/// A CPU: the name in the file's name (as `uname -m` spells it), Zig's name, and the linker's
/// emulation. The C ABI only fixes how arguments are passed: no C library is linked.
const Cpu = struct {
    name: []const u8,
    arch: std.Target.Cpu.Arch,
    abi: std.Target.Abi = .none,
    emulation: []const u8,
};
const cpus = [_]Cpu{
    .{ .name = "x86_64", .arch = .x86_64, .emulation = "elf_x86_64" },
    .{ .name = "aarch64", .arch = .aarch64, .emulation = "aarch64linux" },
    .{ .name = "riscv64", .arch = .riscv64, .abi = .gnu, .emulation = "elf64lriscv" },
    .{ .name = "ppc64le", .arch = .powerpc64le, .abi = .gnu, .emulation = "elf64lppc" },
    .{ .name = "s390x", .arch = .s390x, .emulation = "elf64_s390" },
    .{ .name = "loongarch64", .arch = .loongarch64, .abi = .gnu, .emulation = "elf64loongarch" },
    .{ .name = "armv7l", .arch = .arm, .abi = .gnueabihf, .emulation = "armelf_linux_eabi" },
};

/// Zig's own x86_64 backend has no weak symbols (src/sys/pthread.zig): it would require each of
/// them.
const knows_weak = true;

pub fn build(b: *std.Build) void {
    const emit = b.addExecutable(.{
        .name = "emit",
        .root_module = module_over_library(b, "tools/emit.zig", b.graph.host, .Debug),
    });
    const generate = b.addRunArtifact(emit);
    const symbols = generate.addOutputFileArg("symbols.ts");
    const library = generate.addOutputFileArg("library.ts");
    for (cpus) |cpu| {
        const file = shared_object(b, cpu);
        generate.addArg(cpu.name);
        generate.addFileArg(file);
        const install = b.addInstallLibFile(file, b.fmt("pidfd-{s}.so", .{cpu.name}));
        b.getInstallStep().dependOn(&install.step);
    }
    const update = b.addUpdateSourceFiles();
    update.addCopyFileToSource(symbols, "../ffi/symbols.ts");
    update.addCopyFileToSource(library, "../ffi/library.ts");
    b.getInstallStep().dependOn(&update.step);

    const tests = tests_of(b, b.graph.host);
    b.step("test", "Test the library without JavaScript").dependOn(&b.addRunArtifact(tests).step);

    const helper = install_helper(b, baseline(b, .{}), "");
    b.step("helper", "Compile the tests' helper").dependOn(&helper.step);

    const emulated = b.step("cpus", "Compile the tests and their helper for every CPU");
    const checked = b.step("check", "Check the tests and their helper for every CPU");
    for (cpus) |cpu| {
        const target = baseline(b, .{ .cpu_arch = cpu.arch, .os_tag = .linux, .abi = cpu.abi });
        emulated.dependOn(&install_helper(b, target, cpu.name).step);
        const folder: std.Build.InstallDir = .{ .custom = b.fmt("bin/{s}", .{cpu.name}) };
        const options: std.Build.Step.InstallArtifact.Options = .{
            .dest_dir = .{ .override = folder },
        };
        emulated.dependOn(&b.addInstallArtifact(tests_of(b, target), options).step);
        // Of what nothing installs no machine code is made.
        checked.dependOn(&tests_of(b, target).step);
        checked.dependOn(&helper_of(b, target).step);
    }
}

fn tests_of(b: *std.Build, target: std.Build.ResolvedTarget) *std.Build.Step.Compile {
    return b.addTest(.{
        .name = "test",
        .root_module = module(b, "src/test.zig", target, .Debug),
        .use_llvm = knows_weak,
    });
}

fn helper_of(b: *std.Build, target: std.Build.ResolvedTarget) *std.Build.Step.Compile {
    return b.addExecutable(.{
        .name = "helper",
        .root_module = module_over_library(b, "helper/helper.zig", target, .ReleaseSmall),
    });
}

/// Without what only this machine's CPU has: the program is run on emulated ones too.
fn baseline(b: *std.Build, query: std.Target.Query) std.Build.ResolvedTarget {
    var plain = query;
    plain.cpu_model = .baseline;
    return b.resolveTargetQuery(plain);
}

fn install_helper(
    b: *std.Build,
    target: std.Build.ResolvedTarget,
    folder: []const u8,
) *std.Build.Step.InstallArtifact {
    const place: std.Build.InstallDir = .{ .custom = b.fmt("bin/{s}", .{folder}) };
    return b.addInstallArtifact(helper_of(b, target), .{ .dest_dir = .{ .override = place } });
}

fn module(
    b: *std.Build,
    root: []const u8,
    target: std.Build.ResolvedTarget,
    mode: std.builtin.OptimizeMode,
) *std.Build.Module {
    return b.createModule(.{
        .root_source_file = b.path(root),
        .target = target,
        .optimize = mode,
    });
}

/// A program that imports the library as the module `pidfd`.
fn module_over_library(
    b: *std.Build,
    root: []const u8,
    target: std.Build.ResolvedTarget,
    mode: std.builtin.OptimizeMode,
) *std.Build.Module {
    const program = module(b, root, target, mode);
    program.addImport("pidfd", module(b, "src/lib.zig", target, mode));
    return program;
}

/// Two commands, because this Zig's build system can't express `-z nodelete`, nor a single hash
/// table.
fn shared_object(b: *std.Build, cpu: Cpu) std.Build.LazyPath {
    const link = b.addSystemCommand(&.{
        b.graph.zig_exe,
        "ld.lld",
        "-m",
        cpu.emulation,
        "-shared",
        "-s",
        "-O2",
        "--gc-sections",
        "--icf=all",
        "--hash-style=gnu",
        "--build-id=none",
        // Node's functions are looked up when the library is loaded, and may be missing.
        "-z",
        "undefs",
        // Deno unloads a library when a Worker ends, but the watcher's thread needs its code until
        // it has exited.
        "-z",
        "nodelete",
        // A loader reads the program headers. Only tools read this table, which is a twentieth of
        // the file.
        "-z",
        "nosectionheader",
        // The library is a program too (src/program.zig).
        "-e",
        "_start",
        "-o",
    });
    const file = link.addOutputFileArg(b.fmt("pidfd-{s}.so", .{cpu.name}));
    link.addFileArg(object(b, cpu));
    return file;
}

fn object(b: *std.Build, cpu: Cpu) std.Build.LazyPath {
    const target: std.Target.Query = .{ .cpu_arch = cpu.arch, .os_tag = .linux, .abi = cpu.abi };
    const compile = b.addSystemCommand(&.{
        b.graph.zig_exe,        "build-obj",
        "-target",              target.zigTriple(b.allocator) catch @panic("OOM"),
        "-mcpu=baseline",       "-OReleaseSmall",
        "-fstrip",              "-fPIC",
        "-fno-stack-check",     "-fno-stack-protector",
        "-fno-unwind-tables",   "-fno-error-tracing",
        "-fomit-frame-pointer", "-ffunction-sections",
        "-fdata-sections",
        // src/sys/memory.zig says why.
             if (cpu.arch.isPowerPC()) "-fno-compiler-rt" else "-fcompiler-rt",
        "--name",               "pidfd",
    });
    const file = compile.addPrefixedOutputFileArg("-femit-bin=", b.fmt("pidfd-{s}.o", .{cpu.name}));
    compile.addFileArg(b.path("src/lib.zig"));
    add_sources(b, compile) catch |failure| @panic(@errorName(failure));
    return file;
}

/// Each file of the library: the build system does not see what a command reads.
fn add_sources(b: *std.Build, compile: *std.Build.Step.Run) !void {
    var folder = try b.build_root.handle.openDir("src", .{ .iterate = true });
    defer folder.close();
    var walker = try folder.walk(b.allocator);
    while (try walker.next()) |entry| {
        if (entry.kind == .file) compile.addFileInput(b.path(b.pathJoin(&.{ "src", entry.path })));
    }
}
