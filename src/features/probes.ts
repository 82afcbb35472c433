/**
 * How each ability is found out: what is called, and which answers say that it is there.
 *
 * @module
 */
import type { Native } from "../../ffi/native.ts";
import {
  EAGAIN,
  EBADF,
  ECHILD,
  EINTR,
  EINVAL,
  EMFILE,
  ENFILE,
  ENOBUFS,
  ENOMEM,
  EOPNOTSUPP,
  POLLIN,
} from "../kernel/constants.ts";
import { errnoName } from "../kernel/errors.ts";
import {
  adviceAnswer,
  childAnswer,
  handleAnswer,
  infoAnswer,
  knownAnswer,
  namespaceAnswer,
  openAnswer,
  passAnswer,
  peerAnswer,
  pidfsAnswer,
  scopeAnswer,
  threadAnswer,
} from "./answers.ts";
import type { Features } from "./features.ts";

/** What one probe saw; `isFinal` is false for a passing shortage, which must not be remembered. */
export interface Finding {
  available: boolean;
  found: string;
  isFinal: boolean;
}

type Probe = (native: Native, fd: number) => Finding;

/** Each ability's probe, made when one is asked for: an import must not pay for them. */
const probes = (): Readonly<Record<keyof Features, Probe>> => ({
  pidfd_open: (library, fd) => finding("pidfd_open(self)", openAnswer(library, fd), [0]),
  // Without a descriptor the call still shows that it exists, by refusing the descriptor.
  pidfd_send_signal: (library, fd) =>
    finding("pidfd_send_signal(self, 0)", library.signal(fd, 0, 0), [0, EBADF]),
  poll: (library, fd) => onDescriptor("poll(self)", fd, () => library.poll(fd, POLLIN, 0), [0]),
  // Nobody is a child of itself: ECHILD is what a kernel says that knows P_PIDFD.
  waitid: (library, fd) =>
    onDescriptor("waitid(P_PIDFD, self)", fd, () => childAnswer(library, fd), [ECHILD]),
  // These are asked for what there can't be, so that nothing is opened or taken: each refuses in a way of its own.
  pidfd_getfd: (library, fd) =>
    onDescriptor("pidfd_getfd(self, -1)", fd, () => library.get_fd(fd, -1), [EBADF]),
  process_madvise: (library, fd) =>
    onDescriptor("process_madvise(self)", fd, () => adviceAnswer(library, fd), [0]),
  process_mrelease: (library, fd) =>
    onDescriptor("process_mrelease(self)", fd, () => library.release_memory(fd), [EINVAL]),
  SO_PEERPIDFD: (library) => finding("getsockopt(SO_PEERPIDFD)", peerAnswer(library), [0]),
  SO_PASSPIDFD: (library) => finding("setsockopt(SO_PASSPIDFD)", passAnswer(library), [0]),
  PIDFD_THREAD: (library) => finding("pidfd_open(self, PIDFD_THREAD)", threadAnswer(library), [0]),
  PIDFD_SIGNAL_THREAD_GROUP: (library, fd) =>
    onDescriptor("pidfd_send_signal(self, 0, …)", fd, () => scopeAnswer(library, fd), [0]),
  pidfs: (library, fd) => onDescriptor("fstatfs(self)", fd, () => pidfsAnswer(library, fd), [0]),
  PIDFD_GET_NET_NAMESPACE: (library, fd) =>
    onDescriptor(
      "ioctl(self, PIDFD_GET_NET_NAMESPACE)",
      fd,
      () => namespaceAnswer(library, fd),
      [0, EOPNOTSUPP],
    ),
  PIDFD_GET_INFO: (library, fd) =>
    onDescriptor("ioctl(self, PIDFD_GET_INFO)", fd, () => infoAnswer(library, fd), [0]),
  file_handles: (library, fd) =>
    onDescriptor("open_by_handle_at(self)", fd, () => handleAnswer(library, fd), [0]),
  PIDFD_INFO_EXIT: (library) =>
    finding("the exit record of a reaped child", library.probe_exit_record(), [1]),
  // The two later bits are seen on dumped processes only; since then the kernel says itself what it knows.
  PIDFD_INFO_COREDUMP: (library, fd) => knows(library, fd, "PIDFD_INFO_COREDUMP"),
  PIDFD_INFO_COREDUMP_SIGNAL: (library, fd) => knows(library, fd, "PIDFD_INFO_COREDUMP_SIGNAL"),
  PIDFD_INFO_COREDUMP_CODE: (library, fd) => knows(library, fd, "PIDFD_INFO_COREDUMP_CODE"),
});

/** Finds out about one ability; `fd` is a pidfd of ourselves, or a negated errno. */
export function probe(name: keyof Features, library: Native, fd: number): Finding {
  return probes()[name](library, fd);
}

function onDescriptor(what: string, fd: number, probe: () => number, good: number[]): Finding {
  return finding(what, fd < 0 ? fd : probe(), good);
}

/**
 * What passes: of descriptors, of memory, of processes (pids.max, RLIMIT_NPROC), and a signal that
 * came between.
 */
const SHORTAGES: readonly number[] = [EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN, EINTR];

function finding(what: string, answer: number, good: number[]): Finding {
  const isShortage = SHORTAGES.includes(answer);
  const word = answer < 0 ? errnoName(answer) ?? String(answer) : String(answer);
  // A shortage comes from a call that exists: it is refused this time, not missing.
  const available = good.includes(answer) || isShortage;
  return { available, found: `${what} answered ${word}`, isFinal: !isShortage };
}

/** Whether PIDFD_GET_INFO knows a bit: 1 where it says so, or fills it for ourselves; else 0. */
function knows(library: Native, fd: number, name: keyof Features & `PIDFD_INFO_COREDUMP${string}`) {
  const what = `ioctl(self, PIDFD_GET_INFO, ${name})`;
  return onDescriptor(what, fd, () => knownAnswer(library, fd, name), [1]);
}
