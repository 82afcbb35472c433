//! The functions that JavaScript can call. This is the single declaration: both entry points of the
//! library, `ffi/symbols.ts` and the ABI number are made from the public functions of this file.
//!
//! Each takes 32-bit integers and at most two records, and returns an i32: below zero it is a
//! negated errno. The caller has checked the arguments. A call that a signal handler interrupts
//! (EINTR) is retried here.
const std = @import("std");
const sys_fd = @import("sys/fd.zig");
const kernel = @import("sys/kernel.zig");
const records = @import("records.zig");
const syscall = @import("sys/syscall.zig");
const sys_pidfd = @import("sys/pidfd.zig");
const proc_pid = @import("proc/pid.zig");
const sys_process = @import("sys/process.zig");
const exit_probe = @import("pidfd/exit_probe.zig");
const boot = @import("proc/boot.zig");
const file_handle = @import("sys/file_handle.zig");
const thread_fds = @import("sys/thread_fds.zig");
const pidfile = @import("pidfd/pidfile.zig");
const proc_description = @import("proc/description.zig");
const lock_file = @import("pidfd/lock_file.zig");
const message = @import("pidfd/message.zig");
const proc_file = @import("proc/file.zig");
const proc_mark = @import("proc/mark.zig");
const proc_scan = @import("proc/scan.zig");
const spawn_zig = @import("spawn/spawn.zig");
const stream = @import("sys/stream.zig");
const tree = @import("tree/tree.zig");
const tree_kill_zig = @import("tree/kill.zig");
const tree_scan_zig = @import("tree/scan.zig");
const tree_stand_zig = @import("tree/stand.zig");
const watcher = @import("pidfd/watcher.zig");
const zombies = @import("proc/zombies.zig");

const call = syscall.call;
const named = syscall.named;
const negated = syscall.negated;

/// A number made from this file's declarations, so that an old library beside newer TypeScript is
/// noticed.
pub fn abi() callconv(.c) i32 {
    return @import("abi.zig").number;
}

/// pidfd_open(pid, flags) — a new close-on-exec descriptor that names the process for good.
/// ESRCH: no such process. EINVAL: before 6.16 also a process that is being reaped just now.
/// ENOENT: a thread's id (6.16). EMFILE, ENFILE, ENOMEM. Linux 5.3, pidfd_open(2).
///
/// It is tracked in `slot` at once, where that is not 0 (track_fd), if it is a pidfd of this pid,
/// which a seccomp filter may only make it seem.
pub fn open(pid: i32, flags: i32, slot: i32) callconv(.c) i32 {
    const pidfd = @call(.always_inline, sys_pidfd.open, .{ pid, flags });
    if (slot > 0 and pidfd >= 0 and proc_pid.pid_of(pidfd) == pid) return tracked(slot, pidfd);
    return pidfd;
}

/// What was opened for a Worker is tracked before JavaScript knows of it: the Worker may be
/// terminated as soon as this returns.
fn tracked(slot: i32, fd: i32) i32 {
    if (slot > 0 and fd >= 0) _ = thread_fds.track(slot, fd, 1);
    return fd;
}

/// Before its number is free.
fn untrack(slot: i32, fd: i32) void {
    if (slot > 0) _ = thread_fds.track(slot, fd, 0);
}

/// pidfd_send_signal(pidfd, sig, NULL, flags) — sends, unless a look shows that the process has
/// ended: the kernel takes signals for a zombie and says that all went well. A process group
/// outlives its leader. ESRCH: it has ended. EPERM: not allowed. EINVAL: it lives in a pid
/// namespace that is not seen from here. EAGAIN: a queue of real-time signals is full. EBADF: no
/// pidfd. Linux 5.1, flags 6.9, pidfd_send_signal(2).
pub fn signal(pidfd: i32, number: i32, flags: i32) callconv(.c) i32 {
    return @call(.always_inline, sys_pidfd.signal, .{ pidfd, number, flags });
}

/// As `signal`, with a value and the siginfo of sigqueue(3): SI_QUEUE, and our own pid and user.
/// Some kernels write into the siginfo, so that it is never the caller's.
pub fn queue(pidfd: i32, record: *const records.QueueRecord) callconv(.c) i32 {
    return sys_pidfd.queue(pidfd, record);
}

/// waitid(P_PIDFD, pidfd, …, options, …) — 1 and `record` filled when the child changed as
/// `options` ask, else 0. With WNOWAIT the child stays a zombie. ECHILD: not a child of ours, or
/// reaped. Linux 5.4, waitid(2).
pub fn wait(pidfd: i32, options: i32, record: *records.WaitRecord) callconv(.c) i32 {
    return sys_pidfd.wait(pidfd, options, record);
}

/// poll({fd, events}, timeout) — the events that came, 0 when `timeout_ms` have passed, -1 is no
/// limit. On a pidfd POLLIN means ended (5.3), POLLHUP reaped (6.9). POLLNVAL: not open. poll(2).
pub fn poll(fd: i32, events: i32, timeout_ms: i32) callconv(.c) i32 {
    return @call(.always_inline, sys_fd.poll, .{ fd, events, timeout_ms });
}

/// ioctl(pidfd, PIDFD_GET_INFO, record) — `record.mask` says what is wanted, and then what was
/// filled. ESRCH: reaped; until 6.16 also in a pid namespace not seen from here, which is EREMOTE
/// since. ENOTTY: not a pidfd, or before 6.13.
pub fn info(pidfd: i32, record: *kernel.PidfdInfo) callconv(.c) i32 {
    return sys_pidfd.info(pidfd, record);
}

/// The pid that this descriptor names as seen from here, from PIDFD_GET_INFO or else
/// /proc/self/fdinfo. ESRCH: reaped. EREMOTE: in a pid namespace not seen from here. ENOTTY: not a
/// pidfd. EBADF: not open.
pub fn pid_of(pidfd: i32) callconv(.c) i32 {
    return proc_pid.pid_of(pidfd);
}

/// statx(fd, "", AT_EMPTY_PATH) and fstatfs(fd) — inode, mode and kind of file system. EBADF: not
/// open. The inode names a process for this boot where the kind is pidfs (6.9).
pub fn stat(fd: i32, record: *records.FileRecord) callconv(.c) i32 {
    return records.FileRecord.read(fd, record);
}

/// What /proc says about the process, limited to the bits of `wanted`. Returns the bits of what was
/// found. ESRCH: reaped. EREMOTE: not in the pid namespace of this /proc. ENOENT, EACCES: hidden
/// (hidepid), or no /proc.
pub fn describe(
    pidfd: i32,
    wanted: i32,
    record: *proc_description.DescriptionRecord,
) callconv(.c) i32 {
    return proc_description.read(pidfd, @bitCast(wanted), record);
}

/// The command line of the process: 0, and `record` filled. E2BIG: there is not enough room. The
/// others as of `describe`. proc_pid_cmdline(5).
pub fn command_line(pidfd: i32, record: *proc_description.CommandLineRecord) callconv(.c) i32 {
    return proc_description.read_command_line(pidfd, record);
}

/// open_by_handle_at(pidfs, inode) — a new close-on-exec pidfd of the process that has
/// `record.inode`, by no pid. ESTALE: reaped, or in a pid namespace not seen from here. EBADF,
/// EOPNOTSUPP: before 6.14. open_by_handle_at(2).
pub fn open_inode(record: *const records.FileRecord, slot: i32) callconv(.c) i32 {
    return tracked(slot, file_handle.open(record.inode));
}

/// The clocks, our own pid namespace and the id of this boot. ENOENT, EACCES: no /proc has the id;
/// the clocks are filled in. clock_gettime(2), namespaces(7), random(4).
pub fn read_boot(record: *boot.BootRecord) callconv(.c) i32 {
    return boot.read(record);
}

/// The beginning of a file, and when it was written. ENOENT, EACCES, EISDIR and the like, open(2).
pub fn read_file(path: *const pidfile.PathRecord, record: *pidfile.TextRecord) callconv(.c) i32 {
    return pidfile.read(path, record);
}

/// Locks a file that will replace the one at `path`; its descriptor is for one of the next two, and
/// tracked until then.
/// EAGAIN: another process has the lock. EPERM: the file that is in the way is not ours. flock(2),
/// open(2).
pub fn pidfile_claim(path: *const pidfile.PathRecord) callconv(.c) i32 {
    return tracked(path.slot, pidfile.claim(path));
}

/// Writes the claimed file, and puts it in the place of the old one. The descriptor is closed
/// either way. rename(2).
pub fn pidfile_commit(
    path: *const pidfile.PathRecord,
    file: i32,
    record: *pidfile.TextRecord,
) callconv(.c) i32 {
    untrack(path.slot, file);
    return pidfile.commit(path, file, record);
}

/// Removes the claimed file, and closes it; before that the one at `path` where `with_old` is 1: 0,
/// or ENOENT, EACCES, EPERM, EROFS of that, EAGAIN if somebody has locked it. unlink(2).
pub fn pidfile_abandon(path: *const pidfile.PathRecord, file: i32, with_old: i32) callconv(.c) i32 {
    untrack(path.slot, file);
    return pidfile.abandon(path, file, with_old);
}

/// One step of a lock on the file at `path`, by its number in lock_file.zig: a negated errno, or
/// what it is there. EAGAIN: somebody else has the lock. EINVAL: not a regular file. EMFILE,
/// ENOSPC: limits of inotify(7). EACCES, ELOOP, ENOENT and the like, open(2). flock(2).
pub fn lock(
    step: i32,
    path: *const pidfile.PathRecord,
    record: *lock_file.LockRecord,
) callconv(.c) i32 {
    for (lock_file.descriptors(record)) |fd| if (fd >= 0) untrack(path.slot, fd);
    const result = lock_file.do(@bitCast(step), path, record);
    for (lock_file.descriptors(record)) |fd| _ = tracked(path.slot, fd);
    return result;
}

/// pidfd_getfd(pidfd, fd, 0) — a close-on-exec duplicate of a descriptor of that process. EPERM: it
/// may not be traced by us. EBADF: not open there. ESRCH: it has ended. EMFILE. Linux 5.6,
/// pidfd_getfd(2).
pub fn get_fd(pidfd: i32, fd: i32) callconv(.c) i32 {
    return call(syscall.number_of(.pidfd_getfd), .{ pidfd, fd, 0 });
}

/// ioctl(pidfd, PIDFD_GET_*_NAMESPACE) — a close-on-exec descriptor of the namespace of this kind,
/// 1 to 10. EACCES: it may not be read by us. ESRCH: it has ended. EOPNOTSUPP: not built in.
/// ENOTTY: before 6.11.
pub fn namespace(pidfd: i32, kind: i32) callconv(.c) i32 {
    return call(named(.ioctl), .{ pidfd, kernel.namespace_ioctl(@intCast(kind)), 0 });
}

/// process_madvise(pidfd, range, 1, advice, 0) — how many bytes were advised, at most those of the
/// range. EACCES: it may not be read by us. EPERM: no CAP_SYS_NICE. ESRCH: it has ended. ENOMEM:
/// not mapped there. EINVAL: not on a page, or this advice is not for others. Linux 5.10,
/// process_madvise(2).
pub fn advise_memory(pidfd: i32, record: *const records.AdviceRecord) callconv(.c) i32 {
    // What no pointer of this CPU can name is mapped nowhere.
    const start = std.math.cast(usize, record.start) orelse return negated(.NOMEM);
    const length = std.math.cast(usize, record.length) orelse return negated(.NOMEM);
    const range = kernel.Iovec{ .base = start, .length = length };
    return call(syscall.number_of(.process_madvise), .{ pidfd, &range, 1, record.advice, 0 });
}

/// process_mrelease(pidfd, 0) — 0. Takes the memory of a process that is being killed. EINVAL: it
/// is not. ESRCH: it has none any more. EAGAIN: not all of it could be taken. Linux 5.15,
/// process_mrelease(2).
pub fn release_memory(pidfd: i32) callconv(.c) i32 {
    return call(syscall.number_of(.process_mrelease), .{ pidfd, 0 });
}

/// getsockopt(socket, SOL_SOCKET, option) — the int that the option has. EBADF, ENOTSOCK,
/// ENOPROTOOPT: no such option. getsockopt(2).
pub fn socket_option(socket: i32, option: i32) callconv(.c) i32 {
    return message.option(socket, option);
}

/// getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD) — a new close-on-exec pidfd of the process at the
/// other end, tracked in `slot`. ENODATA: no peer. EINVAL, ESRCH: it was reaped. ENOPROTOOPT:
/// before 6.5. EBADF, ENOTSOCK. getsockopt(2), unix(7).
pub fn open_peer(socket: i32, slot: i32) callconv(.c) i32 {
    return tracked(slot, message.option(socket, message.SO_PEERPIDFD));
}

/// setsockopt(socket, SOL_SOCKET, option, value) — 0. EBADF, ENOTSOCK, ENOPROTOOPT: no such option.
/// setsockopt(2).
pub fn set_socket_option(socket: i32, option: i32, value: i32) callconv(.c) i32 {
    return message.set_option(socket, option, value);
}

/// getsockopt(socket, SOL_SOCKET, SO_PEERCRED) and SO_PEERGROUPS (4.13) — 0, and `record` filled:
/// the user and groups that the process at the other end had when it connected, or listened;
/// without a peer, the user is -1. EBADF, ENOTSOCK. unix(7).
pub fn peer_credentials(socket: i32, record: *records.PeerRecord) callconv(.c) i32 {
    return message.peer_credentials(socket, record);
}

/// socketpair(AF_UNIX, kind) — fills in two close-on-exec descriptors. EMFILE, ENFILE, ENOMEM.
/// socketpair(2).
pub fn socket_pair(kind: i32, record: *records.PairRecord) callconv(.c) i32 {
    return message.pair(kind, record);
}

/// sendmsg(socket, …, MSG_DONTWAIT) — how many bytes were sent; descriptors go with the first of
/// them. EAGAIN: no room. EPIPE, ECONNRESET: no peer any more. EBADF: one of the descriptors.
/// ETOOMANYREFS. sendmsg(2), unix(7).
pub fn send_message(socket: i32, record: *const records.MessageRecord) callconv(.c) i32 {
    return message.send(socket, record);
}

/// recvmsg(socket, …, MSG_DONTWAIT) — 0, and `record` filled; its descriptors are close-on-exec,
/// and the caller's. The sender's is tracked in `slot`. EAGAIN: nothing has come. ECONNRESET,
/// ENOTCONN, EBADF, ENOTSOCK. recvmsg(2), unix(7).
pub fn receive_message(socket: i32, record: *records.MessageRecord, slot: i32) callconv(.c) i32 {
    const result = message.receive(socket, record);
    if (result == 0) _ = tracked(slot, record.sender);
    return result;
}

/// A descriptor of /proc, for the next seven. EREMOTE: its pids are not those of our own pid
/// namespace, so they name other processes than pidfd_open opens. ENOENT: /proc is not mounted.
/// EMFILE, ENFILE, ENOMEM.
pub fn proc_open(slot: i32) callconv(.c) i32 {
    return tracked(slot, proc_scan.open());
}

/// Fills the next chunk of a pass over all processes: 1, or 0 at the end of the pass. `after`
/// starts as 0. Only an error of the whole pass is one: EMFILE, ENFILE, ENOMEM.
pub fn proc_scan_next(proc: i32, record: *proc_scan.ScanRecord) callconv(.c) i32 {
    return proc_scan.next(proc, record);
}

/// The same with the command line of each, as far as there is room. E2BIG: there is no room for one
/// alone, and nothing is missed where the next call brings more. It waits for the lock of a
/// process's memory, proc_pid_cmdline(5).
pub fn proc_scan_command_lines(proc: i32, record: *proc_scan.CommandLinesRecord) callconv(.c) i32 {
    return proc_scan.next_with_command_lines(proc, record);
}

/// pidfd_open(pid), and what the process is, read while that pidfd named that pid. ESRCH: no such
/// process, or reaped meanwhile. EPERM, EACCES: /proc hides it (hidepid). EMFILE, ENFILE, ENOMEM.
pub fn proc_pin(proc: i32, pid: i32, record: *proc_scan.ProcessRecord) callconv(.c) i32 {
    const slot = record.slot;
    return tracked(slot, proc_scan.pin(proc, pid, record));
}

/// The same for a pidfd that was opened before. ESRCH: reaped. EREMOTE: not seen from here. EPERM,
/// EACCES: hidden.
pub fn proc_read(proc: i32, pidfd: i32, pid_and_record: *proc_scan.ProcessRecord) callconv(.c) i32 {
    return proc_scan.read_pinned(proc, pidfd, pid_and_record.pid, pid_and_record);
}

/// Whether the process of this number has a mark: 1, or 0. EACCES, EPERM: not to be read by us.
/// EMFILE, ENFILE, ENOMEM. proc_pid_environ(5), cgroups(7).
pub fn proc_has(proc: i32, pid: i32, mark: *const proc_mark.MarkRecord) callconv(.c) i32 {
    return proc_mark.has(proc, pid, mark);
}

/// The zombies among the children of the calling thread, which has to be the process's first one: 1
/// if there are more than the record takes, else 0. Where `step` is 1, takes out of the record whom
/// the runtime waits for by a pidfd with O_NONBLOCK; where it is 2, by a handle of libuv's too.
/// EPERM: it is another thread. ENOENT: the kernel lists no children. ENOSYS: there is no libuv.
/// EMFILE, ENFILE, ENOMEM. Linux 3.5, proc_tid_children(5).
pub fn zombies_list(step: i32, record: *zombies.ZombiesRecord) callconv(.c) i32 {
    return if (step == 0) zombies.list(record) else zombies.spare(step == 2, record);
}

/// waitid(P_PID, pid, …, WEXITED | WNOHANG | __WNOTHREAD) — 1 and the record, or 0. ECHILD: no
/// child of the calling thread. waitid(2).
pub fn zombies_reap(pid: i32, record: *records.WaitRecord) callconv(.c) i32 {
    return zombies.reap(pid, record);
}

/// Finds all processes below the root of a tree, and stops them if `options` say so, until a round
/// over all of them finds none new and none running. It returns after `budget_us` microseconds, or
/// a little later. Returns an `Answer` of tree/tree.zig; EMFILE, ENFILE, ENOMEM. Linux 3.5,
/// /proc/PID/task/TID/children in proc_tid_children(5).
pub fn tree_stand(proc: i32, budget_us: i32, record: *tree.TreeRecord) callconv(.c) i32 {
    return tree_stand_zig.stand(proc, budget_us, record);
}

/// Kills a stopped tree, the deepest level first; within `budget_us`, as `tree_stand`.
pub fn tree_kill(proc: i32, budget_us: i32, record: *tree.TreeRecord) callconv(.c) i32 {
    return tree_kill_zig.kill(proc, budget_us, record);
}

/// Finds members in a pass over all processes, which goes on behind `scan_after`; within
/// `budget_us`, as `tree_stand`.
pub fn tree_scan(proc: i32, budget_us: i32, record: *tree.TreeRecord) callconv(.c) i32 {
    return tree_scan_zig.scan(proc, budget_us, record);
}

/// A descriptor for the next one, of the cgroup.kill at `path`, which is tracked. ENOENT: before
/// 5.14. EACCES, EROFS. cgroups(7).
pub fn cgroup_kill_open(path: *const pidfile.PathRecord) callconv(.c) i32 {
    const for_writing: std.os.linux.O = .{ .ACCMODE = .WRONLY };
    const file = proc_file.open(proc_file.nowhere, @ptrCast(&path.bytes), for_writing);
    return tracked(path.slot, file);
}

/// Above 0, and all of that cgroup is ended. ENODEV: it was removed, whatever has its path now.
pub fn cgroup_kill(file: i32) callconv(.c) i32 {
    const text: []const u8 = "1";
    return call(named(.write), .{ file, text.ptr, text.len });
}

/// prctl(PR_SET_CHILD_SUBREAPER, on), or PR_GET_CHILD_SUBREAPER if `on` is below 0 — 0, or the
/// answer: 1 or 0. Orphaned descendants are then re-parented to this process instead of pid 1. It
/// holds for all threads. prctl(2).
pub fn subreaper(on: i32) callconv(.c) i32 {
    return sys_process.subreaper(on);
}

/// getpid() — the pid of the calling process, in its own pid namespace.
pub fn own_pid() callconv(.c) i32 {
    return sys_process.own_pid();
}

/// getppid() — the pid of the parent; 0 where it is in a pid namespace that is not seen from here.
pub fn parent_pid() callconv(.c) i32 {
    return call(named(.getppid), .{});
}

/// fcntl(fd, command, argument) — for F_DUPFD_CLOEXEC a second descriptor of the same open file,
/// for F_SETFD 0, for F_GETFL the flags of the open file, where a pidfd of a thread has
/// PIDFD_THREAD (6.9). EBADF: not open. EMFILE. fcntl(2).
pub fn fcntl(fd: i32, command: i32, argument: i32) callconv(.c) i32 {
    return sys_fd.fcntl(fd, command, argument);
}

/// close(fd) — 0. It is never repeated: Linux has freed the number even when it says EINTR.
pub fn close(fd: i32) callconv(.c) i32 {
    return sys_fd.close_inlined(fd);
}

/// Tracks a descriptor that the calling thread owns: it is closed when the thread ends. Where
/// `is_owned` is 0 it is no longer tracked, which must come before its number is free. `slot` is 0
/// at first, then what the last call returned. 0: this thread ends with the process, so nothing is
/// tracked. ENOMEM: no memory, or no free slot.
pub fn track_fd(slot: i32, fd: i32, is_owned: i32) callconv(.c) i32 {
    return thread_fds.track(slot, fd, is_owned);
}

/// Closes a tracked descriptor, which is tracked no longer: a Worker may be terminated between two
/// calls.
pub fn close_tracked(slot: i32, fd: i32) callconv(.c) i32 {
    _ = thread_fds.track(slot, fd, 0);
    return sys_fd.close(fd);
}

/// Does this kernel keep exit records (PIDFD_INFO_EXIT, 6.15)? 1 or 0, found out by looking at one.
/// Without a kernel that says so, this clones a process that ends at once, waits for it and reaps
/// it.
pub fn probe_exit_record() callconv(.c) i32 {
    return exit_probe.run();
}

/// Starts a watcher for the calling JavaScript thread: fills in the descriptors that are its own
/// from then on. EMFILE, ENFILE, ENOMEM; EAGAIN: no thread can be made; ENOSYS: the host has no
/// threads. `step` says which call failed.
pub fn watcher_start(record: *records.WatcherRecord) callconv(.c) i32 {
    return watcher.start(record);
}

/// Ends a watcher, and closes its descriptors that are still what the record says, but for the
/// socket, which the runtime owns unless `with_socket` is 1. The watched pidfds stay. EINVAL: it
/// was ended before.
pub fn watcher_stop(record: *const records.WatcherRecord, with_socket: i32) callconv(.c) i32 {
    return watcher.stop(record, with_socket == 1);
}

/// Has a process watched under a token, until watcher_remove, which must come before its pidfd is
/// closed. ENOMEM; ENOSPC: /proc/sys/fs/epoll/max_user_watches. epoll_ctl(2).
pub fn watcher_add(epoll: i32, pidfd: i32, token: i32) callconv(.c) i32 {
    return watcher.add(epoll, pidfd, token);
}

/// Waits once until a pipe or a socket of ours can be read, or, under a negative token, be written.
/// The watch stays until watcher_remove, as above. epoll_ctl(2).
pub fn watcher_arm(epoll: i32, fd: i32, token: i32) callconv(.c) i32 {
    return watcher.arm(epoll, fd, token);
}

/// Ends one watch. EBADF, ENOENT: the pidfd was closed behind our back.
pub fn watcher_remove(epoll: i32, pidfd: i32) callconv(.c) i32 {
    return watcher.remove(epoll, pidfd);
}

/// Starts the thread that makes the children of the calling thread: fills in a socket, which is the
/// caller's, and whose end ends it once no child is left. EMFILE, ENFILE, ENOMEM; EAGAIN: no thread
/// can be made; ENOSYS: the host has no threads.
pub fn spawner_start(record: *spawn_zig.SpawnerRecord) callconv(.c) i32 {
    return spawn_zig.start(record);
}

/// Starts a process, and waits until it runs its program: its pid, with a pidfd and our ends of its
/// pipes in the record; or why not, with `step` and `failed_fd`. clone(2), clone3(2), execve(2).
pub fn spawn(record: *spawn_zig.SpawnRecord) callconv(.c) i32 {
    return spawn_zig.spawn(record);
}

/// Replaces this program by a guard, which starts a process and has its exit code: returns only
/// where that fails, and why. The descriptors and the folder may be the process's by then.
/// execveat(2).
pub fn replace(record: *spawn_zig.SpawnRecord) callconv(.c) i32 {
    return spawn_zig.replace(record);
}

/// read(fd, bytes, length) — how many bytes were read, 0 at the end. EAGAIN: none are there yet.
/// read(2).
pub fn stream_read(fd: i32, length: i32, bytes: *stream.Bytes) callconv(.c) i32 {
    return stream.read(fd, length, bytes);
}

/// write(fd, bytes, length) — how many bytes were written. EAGAIN: there is no room. EPIPE,
/// ECONNRESET: nobody reads. write(2).
pub fn stream_write(fd: i32, length: i32, bytes: *const stream.Bytes) callconv(.c) i32 {
    return stream.write(fd, length, bytes);
}

/// shutdown(socket, SHUT_WR) — 0; the other end reads to its end. shutdown(2).
pub fn stream_end(socket: i32) callconv(.c) i32 {
    return stream.end(socket);
}

/// The syscall numbers in use, or those of this CPU where `defaults` is 1.
pub fn numbers(defaults: i32, record: *records.NumbersRecord) callconv(.c) i32 {
    inline for (@typeInfo(syscall.Replaceable).@"enum".fields) |field| {
        const replaceable: syscall.Replaceable = @enumFromInt(field.value);
        @field(record, field.name) =
            if (defaults == 1) syscall.defaults[field.value] else syscall.number_of(replaceable);
    }
    return 0;
}

/// Replaces the syscall numbers in use by those of `record`.
pub fn replace_numbers(record: *records.NumbersRecord) callconv(.c) i32 {
    inline for (@typeInfo(syscall.Replaceable).@"enum".fields) |field| {
        syscall.replace_number(@enumFromInt(field.value), @field(record, field.name));
    }
    return 0;
}
