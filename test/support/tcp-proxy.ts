// A TCP proxy on loopback in front of a server on a unix socket. It can cut connections and delay what passes through it.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface TcpProxy {
  readonly port: number;
  /** Sends new connections to another server and breaks the old ones. */
  retarget(socketPath: string): void;
  /** Breaks all connections. New ones are still accepted. */
  cut(): void;
  /** Delays what passes from now on, and keeps its order. 0 ends the delay. */
  delay(ms: number): void;
  close(): Promise<void>;
}

export async function startTcpProxy(socketPath: string): Promise<TcpProxy> {
  let target = socketPath;
  let lateMs = 0;
  const sockets = new Set<Socket>();

  /** Passes bytes on in order, each chunk with the delay that is set when it arrives. */
  function relay(from: Socket, to: Socket): void {
    let last = Promise.resolve();
    let waiting = 0;
    const send = (what: () => void) => {
      const due = performance.now() + lateMs;
      waiting += 1;
      last = last.then(async () => {
        const ms = due - performance.now();
        if (ms > 0) await delay(ms);
        waiting -= 1;
        what();
      });
    };
    from.on('data', (chunk: Buffer) => {
      if (waiting === 0 && lateMs === 0) to.write(chunk);
      else send(() => void (to.destroyed || to.write(chunk)));
    });
    from.on('end', () => send(() => void (to.destroyed || to.end())));
    from.on('error', () => to.destroy());
    from.on('close', () => send(() => to.destroy()));
  }

  const server = createServer((client) => {
    const upstream = connect(target);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.once('close', () => sockets.delete(socket));
    }
    relay(client, upstream);
    relay(upstream, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    retarget(path) {
      target = path;
      cut();
    },
    cut,
    delay(ms) {
      lateMs = ms;
    },
    async close() {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
