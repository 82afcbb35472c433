/**
 * Every public operation, each on what was made ready before: what it needs is there, so that a
 * fault meets the operation itself.
 */
import { rmSync } from "node:fs";
import {
  adoptOrphans,
  closeFd,
  exitWithParent,
  features,
  findOrphans,
  killTree,
  lockFile,
  passCredentials,
  passSender,
  peerCredentials,
  Pidfd,
  processes,
  ProcessTree,
  receiveMessage,
  sendMessage,
  socketPair,
  waitForMessage,
} from "../../mod.ts";
import type { Helper } from "../../tests/support/processes.ts";

/** What an operation may use; all of it is given back by whoever made it. */
export interface Ready {
  readonly helper: Helper;
  readonly handle: Pidfd;
  /** Two ends of a pair with a message on its way to the second. */
  readonly sockets: readonly [number, number];
  readonly pidfile: string;
}

type Operation = (ready: Ready) => unknown;

const opened = (handle: Pidfd | null | undefined) => handle?.close();

/** What can't be adopted is still ours to close. */
function adopted(fd: number): void {
  let handle: Pidfd | undefined;
  try {
    handle = Pidfd.fromFd(fd);
  } finally {
    if (handle) handle.close();
    else closeFd(fd);
  }
}

/** Whatever comes of it, the process has ended after it. */
async function ending<T>({ handle, helper }: Ready, wait: () => Promise<T>): Promise<T> {
  const waiting = wait();
  waiting.catch(() => {});
  let isSent = false;
  try {
    isSent = handle.signal("SIGKILL");
  } catch {
    // The wait is what counts.
  }
  if (!isSent) helper.child.kill("SIGKILL");
  return await waiting;
}

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  open: ({ helper }) => opened(Pidfd.open(helper.child.pid!)),
  of: ({ helper }) => opened(Pidfd.of(helper.child)),
  self: () => opened(Pidfd.self()),
  isAlive: ({ handle }) => handle.isAlive(),
  state: ({ handle }) => handle.state(),
  status: ({ handle }) => handle.status(),
  signal: ({ handle }) => handle.signal(0),
  queue: ({ handle }) => handle.signal("SIGCONT", { value: 7 }),
  waitSync: ({ handle }) => handle.waitSync(1),
  reap: ({ handle }) => handle.reap(),
  info: ({ handle }) => handle.info(),
  identity: ({ handle }) => handle.identity(),
  reopen: ({ handle }) => opened(Pidfd.reopen(handle.identity())),
  equals: ({ handle }) => handle.equals(handle),
  writePidfile: ({ handle, pidfile }) => {
    try {
      handle.writePidfile(pidfile);
      opened(Pidfd.fromPidfile(pidfile));
      handle.removePidfile(pidfile);
    } finally {
      rmSync(pidfile, { force: true });
      // Left where flock(2) fails: without the lock it may be another writer's.
      rmSync(`${pidfile}.pidfd-new`, { force: true });
    }
  },
  lockFile: async ({ pidfile }) => {
    try {
      (await lockFile(pidfile)).release();
    } finally {
      rmSync(pidfile, { force: true });
    }
  },
  "lockFile, waiting": async ({ pidfile }) => {
    let lock: Awaited<ReturnType<typeof lockFile>> | undefined;
    try {
      lock = await lockFile(pidfile);
      const waiting = lockFile(pidfile, { waitMs: 2000 });
      lock.release();
      (await waiting).release();
    } finally {
      lock?.release();
      rmSync(pidfile, { force: true });
    }
  },
  exitWithParent: () => exitWithParent()[Symbol.dispose](),
  adoptOrphans: () => adoptOrphans({ reap: true })[Symbol.dispose](),
  getFd: ({ handle }) => closeFd(handle.getFd(1)),
  namespace: ({ handle }) => closeFd(handle.namespace("net")),
  peer: ({ sockets }) => opened(Pidfd.peer(sockets[0])),
  peerCredentials: ({ sockets }) => peerCredentials(sockets[0]),
  passCredentials: ({ sockets }) => passCredentials(sockets[1]),
  socketPair: () => socketPair().forEach(closeFd),
  passSender: ({ sockets }) => passSender(sockets[1]),
  sendMessage: ({ sockets }) => sendMessage(sockets[0], {}),
  receiveMessage: ({ sockets }) => receiveMessage(sockets[1], 5),
  waitForMessage: ({ sockets }) => waitForMessage(sockets[0], { timeoutMs: 5 }),
  detach: ({ handle }) => adopted(handle.detach()),
  features: () => features(),
  processes: () => processes(),
  "processes, all of them": () => processes({ commandLine: true, usage: true }),
  "info, all of it": ({ handle }) => handle.info({ commandLine: true, usage: true }),
  findOrphans: () => findOrphans({ environment: { PIDFD_PROOF: "none" } }).close(),
  ProcessTree: ({ handle }) => ProcessTree.of(handle).close(),
  "wait, limited": ({ handle }) => handle.wait({ timeoutMs: 5 }),
  wait: (ready) => ending(ready, () => ready.handle.wait()),
  "wait, statusMs": (ready) => ending(ready, () => ready.handle.wait({ statusMs: 5 })),
  exited: (ready) => ending(ready, () => ready.handle.exited),
  terminate: ({ handle }) => handle.terminate({ graceMs: 2000 }),
  killTree: ({ handle }) => killTree(handle, { graceMs: 2000 }),
};
