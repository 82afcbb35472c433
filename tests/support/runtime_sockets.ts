/**
 * The sockets that the runtime reads for the library, seen or refused by what stands in the
 * runtime's place.
 */
import net from "node:net";
import { syncBuiltinESMExports } from "node:module";

interface Destroyable {
  destroy?(): void;
  terminate?(): void;
}

type Connect = (options: { socket: Record<string, unknown> }) => Promise<Destroyable>;
const { Bun } = globalThis as unknown as { Bun?: { connect: Connect } };

/**
 * How many more sockets are refused, and how: by an exception, or by a promise, where that is the
 * runtime's way.
 */
export const refusing = { count: 0, isLate: false };

const seen = new Set<Destroyable>();

/**
 * Destroys every socket that was seen, as a helper does that ends all that keeps a program alive.
 */
export function destroyAll(): number {
  const all = [...seen];
  seen.clear();
  for (const socket of all) (socket.destroy ?? socket.terminate)!.call(socket);
  return all.length;
}

function refuse(): never {
  refusing.count--;
  throw Object.assign(new Error("no room"), { errno: -28, code: "ENOSPC", syscall: "epoll_ctl" });
}

type Options = { fd?: number } | undefined;

// Node calls it without `new` too.
net.Socket = new Proxy(net.Socket, {
  construct(target, [options]: [Options], newTarget) {
    // Lower ones are the standard streams.
    const isOurs = options?.fd !== undefined && options.fd > 2;
    if (isOurs && refusing.count > 0) refuse();
    const socket = Reflect.construct(target, [options], newTarget);
    if (isOurs) seen.add(socket);
    return socket;
  },
});
syncBuiltinESMExports();

if (Bun) {
  const { connect } = Bun;
  Bun.connect = (options) => {
    if (refusing.count > 0 && !refusing.isLate) refuse();
    if (refusing.count > 0) return Promise.resolve().then(refuse);
    const connecting = connect(options);
    connecting.then((socket) => seen.add(socket));
    return connecting;
  };
}
