import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface LinkOptions {
  /** A port of 127.0.0.1. */
  readonly target: number;
  /** How long everything takes, in each direction. */
  readonly delayMs?: number;
}

/** A TCP connection's way to a server on this machine, which tests make long, cut, or make swallow everything. */
export interface Link {
  readonly port: number;
  /** Ends all connections, and refuses new ones. */
  cut(): void;
  /** Keeps connections, takes new ones, and brings nothing anywhere any more, until healed: nothing is lost then. */
  blackHole(): void;
  /** All is well again. */
  heal(): void;
  delay(delayMs: number): void;
  close(): Promise<void>;
}

/** What one direction of a connection holds back before its sender has to wait. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;

export async function startLink(options: LinkOptions): Promise<Link> {
  let delayMs = options.delayMs ?? 0;
  let isCut = false;
  let isHole = false;
  const sockets = new Set<Socket>();
  const pumps = new Set<() => void>();

  const pass = (from: Socket, to: Socket) => {
    const held: { readonly data: Buffer; readonly atMs: number }[] = [];
    let heldBytes = 0;
    let timer: NodeJS.Timeout | undefined;
    const pump = () => {
      clearTimeout(timer);
      while (!isHole && held[0] !== undefined && held[0].atMs <= performance.now()) {
        const { data } = held.shift()!;
        heldBytes -= data.length;
        if (!to.destroyed) to.write(data);
      }
      if (heldBytes < HELD_BYTES_MAX) from.resume();
      if (!isHole && held[0] !== undefined) timer = setTimeout(pump, held[0].atMs - performance.now());
    };
    pumps.add(pump);
    from.on('data', (data: Buffer) => {
      held.push({ data, atMs: performance.now() + delayMs });
      heldBytes += data.length;
      if (heldBytes >= HELD_BYTES_MAX) from.pause();
      pump();
    });
    from.on('close', () => {
      clearTimeout(timer);
      pumps.delete(pump);
    });
  };

  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(options.target, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    pass(near, far);
    pass(far, near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const endAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      endAll();
    },
    blackHole() {
      isHole = true;
    },
    heal() {
      isCut = false;
      isHole = false;
      for (const pump of [...pumps]) pump();
    },
    delay(newDelayMs) {
      delayMs = newDelayMs;
    },
    async close() {
      endAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
