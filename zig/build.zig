//! `zig build`          compiles the library for every CPU and writes ffi/symbols.ts and ffi/library.ts
//! `zig build test`     tests the library without JavaScript
//! `zig build helper`   compiles the program that the tests use to bring processes into hard states
//! `zig build cpus`     compiles the tests and that program for every CPU, to be run under emulation
const std = @import("std");
const builtin = @import("builtin");

comptime {
    const wanted = std.mem.trim(u8, @embedFile(".zig-version"), " \n");
    if (!std.mem.eql(u8, builtin.zig_version_string, wanted)) {
        @compileError("pidfd is built with Zig " ++ wanted ++ ", not " ++ builtin.zig_version_string);
    }
}

/// The name that the file carries (the spelling of `uname -m`), and what Zig calls the CPU. The C ABI only fixes
/// how arguments are passed: no C library is linked.
const Cpu = struct { name: []const u8, arch: std.Target.Cpu.Arch, abi: std.Target.Abi = .none };
const cpus = [_]Cpu{
    .{ .name = "x86_64", .arch = .x86_64 },
    .{ .name = "aarch64", .arch = .aarch64 },
    .{ .name = "riscv64", .arch = .riscv64, .abi = .gnu },
    .{ .name = "ppc64le", .arch = .powerpc64le, .abi = .gnu },
    .{ .name = "s390x", .arch = .s390x },
    .{ .name = "loongarch64", .arch = .loongarch64, .abi = .gnu },
    .{ .name = "armv7l", .arch = .arm, .abi = .gnueabihf },
};

/// Everything that lib.zig is made of besides itself.
const sources = [_][]const u8{
    "abi.zig",
    "boot.zig",
    "c_door.zig",
    "calls.zig",
    "exit_probe.zig",
    "fdinfo.zig",
    "file_handle.zig",
    "kernel.zig",
    "memory.zig",
    "message.zig",
    "napi.zig",
    "pidfile.zig",
    "proc_description.zig",
    "proc_file.zig",
    "proc_scan.zig",
    "proc_stat.zig",
    "records.zig",
    "reflection.zig",
    "syscall.zig",
    "watcher.zig",
    "words.zig",
};

pub fn build(b: *std.Build) void {
    const emit = b.addExecutable(.{ .name = "emit", .root_module = module(b, "emit.zig", b.graph.host, .Debug) });
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

    const tests = b.addTest(.{ .root_module = module(b, "test.zig", b.graph.host, .Debug) });
    b.step("test", "Test the library without JavaScript").dependOn(&b.addRunArtifact(tests).step);

    b.step("helper", "Compile the tests' helper").dependOn(&install_helper(b, baseline(b, .{}), "").step);

    const emulated = b.step("cpus", "Compile the tests and their helper for every CPU");
    for (cpus) |cpu| {
        const target = baseline(b, .{ .cpu_arch = cpu.arch, .os_tag = .linux, .abi = cpu.abi });
        emulated.dependOn(&install_helper(b, target, cpu.name).step);
        const foreign = b.addTest(.{ .name = "test", .root_module = module(b, "test.zig", target, .Debug) });
        const folder: std.Build.InstallDir = .{ .custom = b.fmt("bin/{s}", .{cpu.name}) };
        const install = b.addInstallArtifact(foreign, .{ .dest_dir = .{ .override = folder } });
        emulated.dependOn(&install.step);
    }
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
    const helper = b.addExecutable(.{
        .name = "helper",
        .root_module = module(b, "helper.zig", target, .ReleaseSmall),
    });
    const place: std.Build.InstallDir = .{ .custom = b.fmt("bin/{s}", .{folder}) };
    return b.addInstallArtifact(helper, .{ .dest_dir = .{ .override = place } });
}

fn module(
    b: *std.Build,
    root: []const u8,
    target: std.Build.ResolvedTarget,
    mode: std.builtin.OptimizeMode,
) *std.Build.Module {
    return b.createModule(.{ .root_source_file = b.path(root), .target = target, .optimize = mode });
}

/// Called as a command, because the build system of this Zig has no word for `-z nodelete`.
fn shared_object(b: *std.Build, cpu: Cpu) std.Build.LazyPath {
    const target: std.Target.Query = .{ .cpu_arch = cpu.arch, .os_tag = .linux, .abi = cpu.abi };
    const compile = b.addSystemCommand(&.{
        b.graph.zig_exe,        "build-lib",                                       "-dynamic",
        "-target",              target.zigTriple(b.allocator) catch @panic("OOM"), "-mcpu=baseline",
        "-OReleaseSmall",       "-fstrip",                                         "-fPIC",
        "-fno-stack-check",     "-fno-stack-protector",                            "-fno-unwind-tables",
        "-fomit-frame-pointer", "-fno-error-tracing",                              "--build-id=none",
        "--gc-sections",
        // Node's functions are looked up when the library is loaded, and may be missing.
               "-fallow-shlib-undefined",
        // Deno unloads a library when a Worker ends; the watcher's thread must find its code until it has ended.
                                "-z",
        "nodelete",             "--name",                                          "pidfd",
    });
    const file = compile.addPrefixedOutputFileArg("-femit-bin=", b.fmt("pidfd-{s}.so", .{cpu.name}));
    if (cpu.arch.isPowerPC()) compile.addArg("-fno-compiler-rt"); // memory.zig says why.
    compile.addFileArg(b.path("lib.zig"));
    for (sources) |source| compile.addFileInput(b.path(source));
    return file;
}
