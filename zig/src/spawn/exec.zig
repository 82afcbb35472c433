//! Runs a program in the place of the calling one, as execvp(3) does, but never by a shell.
const kernel = @import("../sys/kernel.zig");
const making = @import("making.zig");
const syscall = @import("../sys/syscall.zig");

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

const Text = making.Text;
const path_max = 4096;
const name_max = 256;

/// Answers why not, as a negated errno.
pub noinline fn run(command: Text, arguments: making.Texts, environment: making.Texts) i32 {
    const name_length = length_until(command, 0);
    if (length_until(command, '/') < name_length) return execute(command, arguments, environment);
    if (name_length > name_max) return negated(.NAMETOOLONG);
    var result = negated(.NOENT);
    var folders = path_of(environment);
    while (true) {
        const length = length_until(folders, ':');
        if (length <= path_max) {
            var path: [path_max + name_max + 2]u8 = undefined;
            join(&path, folders, length, command);
            const reason = execute(@ptrCast(&path), arguments, environment);
            // Whatever may not be run may have the same name as something that may.
            if (reason == negated(.ACCES)) {
                result = reason;
            } else if (!is_absent(reason)) return reason;
        }
        if (folders[length] == 0) return result;
        folders += length + 1;
    }
}

fn execute(path: Text, arguments: making.Texts, environment: making.Texts) i32 {
    return call(named(.execve), .{ path, arguments, environment });
}

/// An empty folder is the current one.
fn join(path: [*]u8, folder: Text, length: usize, name: Text) void {
    var at: usize = 0;
    if (length == 0) {
        path[0] = '.';
        at = 1;
    }
    while (at < length) : (at += 1) path[at] = folder[at];
    path[at] = '/';
    var index: usize = 0;
    while (true) : (index += 1) {
        path[at + 1 + index] = name[index];
        if (name[index] == 0) return;
    }
}

fn is_absent(result: i32) bool {
    return result == negated(.NOENT) or result == negated(.NOTDIR) or result == negated(.STALE);
}

/// The PATH that the program gets; without one, that of confstr(3).
fn path_of(environment: making.Texts) Text {
    var index: usize = 0;
    while (environment[index]) |variable| : (index += 1) {
        if (has_name(variable, "PATH")) return variable + "PATH=".len;
    }
    return "/bin:/usr/bin";
}

/// Whether a variable has this name, which ends with a zero or before its value.
pub noinline fn has_name(variable: Text, name: Text) bool {
    var index: usize = 0;
    while (name[index] != 0 and name[index] != '=') : (index += 1) {
        if (variable[index] != name[index]) return false;
    }
    return variable[index] == 0 or variable[index] == '=';
}

/// How long a text is, or the part before a character. A plain loop: that of the standard library
/// has a hundred times the code.
pub noinline fn length_until(text: Text, character: u8) usize {
    var length: usize = 0;
    while (text[length] != 0 and text[length] != character) length += 1;
    return length;
}

/// Has the kernel kill the calling process with its parent; false if that has ended already.
pub fn end_with_parent(parent: i32) bool {
    _ = call(named(.prctl), .{ kernel.PR_SET_PDEATHSIG, 9, 0, 0, 0 });
    return call(named(.getppid), .{}) == parent;
}
