import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What a link does with what is sent over it: carry it, refuse it with a reset, or say nothing at all, as a
 * dead cable does.
 */
export type LinkState = 'up' | 'cut' | 'silent';

export interface LinkOptions {
  /** Where it leads; asked for each connection, since what listens there may have moved. */
  readonly target: () => { readonly host: string; readonly port: number };
  /** How long every byte is under way. */
  readonly oneWayMs: number;
  /** Where it listens, on 127.0.0.1; 0 takes a free port. */
  readonly port?: number;
  readonly state?: LinkState;
  /**
   * The link of whoever calls, by the first line that is sent: its way counts from there on. Undefined for somebody who
   * has none. Absent: it is everybody's.
   */
  readonly linkOf?: (firstLine: string) => Link | undefined;
}

/**
 * Bytes under way in one direction of a connection before its sender has to wait: at 100 ms one way this still
 * allows more than 300 MB/s, which no link of a test reaches, and a receiver that hangs costs no more memory.
 */
const BYTES_UNDER_WAY_MAX = 32 * 1024 * 1024;
/** The first line of a server that calls another one has some hundred bytes. */
const FIRST_LINE_BYTES_MAX = 16 * 1024;
/** Servers keep one or two connections to each other; more than this is somebody who only connects. */
const CONNECTIONS_MAX = 256;

/**
 * One direction of calling between two regions: a listener on this machine that passes connections on, as much
 * later as the way is long. Order and bandwidth stay as they are: what is sent at once arrives at once.
 */
export class Link {
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #options: LinkOptions;
  #oneWayMs: number;
  #state: LinkState;

  private constructor(server: Server, options: LinkOptions) {
    this.#server = server;
    this.#options = options;
    this.#oneWayMs = options.oneWayMs;
    this.#state = options.state ?? 'up';
    server.maxConnections = CONNECTIONS_MAX;
    server.on('connection', (socket) => this.#accept(socket));
  }

  static async open(options: LinkOptions): Promise<Link> {
    // Half open, so that the end of one direction travels by itself, as on a real way.
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const link = new Link(server, options);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port ?? 0, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
    return link;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get state(): LinkState {
    return this.#state;
  }

  get connections(): number {
    return this.#connections.size;
  }

  get oneWayMs(): number {
    return this.#oneWayMs;
  }

  /** For what is sent from now on; nothing overtakes what is under way. */
  setOneWayMs(oneWayMs: number): void {
    this.#oneWayMs = oneWayMs;
  }

  /**
   * `cut` ends connections with a reset and lets no new one through. `silent` keeps them, but nothing arrives any
   * more; what was sent meanwhile arrives when the link is `up` again, as a sender's TCP would repeat it.
   */
  setState(state: LinkState): void {
    this.#state = state;
    for (const connection of this.#connections) {
      if (state === 'cut') connection.reset();
      else if (state === 'up') connection.resume();
    }
  }

  /** Ends it, with all its connections. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.reset();
    await closed;
  }

  #accept(socket: Socket): void {
    if (this.#state === 'cut') {
      socket.on('error', () => undefined);
      socket.resetAndDestroy();
      return;
    }
    const connection = new Connection(socket, {
      target: this.#options.target,
      way: this.#way,
      linkOf: this.#options.linkOf,
      moveTo: (link) => {
        if (link === this) return;
        this.#connections.delete(connection);
        link.#take(connection);
      },
    });
    this.#connections.add(connection);
    connection.dial();
  }

  /** A connection that has begun on another link. */
  #take(connection: Connection): void {
    if (this.#state === 'cut') return connection.reset();
    this.#connections.add(connection);
    connection.goBy(this.#way);
  }

  readonly #way: Way = {
    oneWayMs: () => this.#oneWayMs,
    isCarrying: () => this.#state === 'up',
    ended: (connection) => this.#connections.delete(connection),
  };
}

interface Way {
  oneWayMs(): number;
  isCarrying(): boolean;
  ended(connection: Connection): void;
}

interface Call {
  readonly target: LinkOptions['target'];
  readonly way: Way;
  readonly linkOf: LinkOptions['linkOf'];
  moveTo(link: Link): void;
}

class Connection {
  readonly #near: Socket;
  readonly #call: Call;
  readonly #there: Direction;
  #way: Way;
  #far: Socket | undefined;
  #back: Direction | undefined;

  constructor(near: Socket, call: Call) {
    this.#near = near;
    this.#call = call;
    this.#way = call.way;
    near.on('error', () => undefined);
    // Before anything of it is on its way.
    if (call.linkOf !== undefined) this.#watchFirstLine(call.linkOf);
    this.#there = new Direction(near, call.way);
    near.once('close', () => this.#endedSide());
  }

  /** Calls the other end; the call itself takes the way there. */
  dial(): void {
    this.#there.after(() => {
      if (this.#near.destroyed) return;
      const far = connect({ ...this.#call.target(), allowHalfOpen: true, noDelay: true });
      this.#far = far;
      far.on('error', () => undefined);
      this.#back = new Direction(far, this.#way);
      this.#back.leadTo(this.#near);
      far.once('connect', () => this.#there.leadTo(far));
      far.once('close', () => this.#endedSide());
    });
  }

  /** From now on it is on another way. What is on its way already arrives when it would have. */
  goBy(way: Way): void {
    this.#way = way;
    this.#there.goBy(way);
    this.#back?.goBy(way);
  }

  /** Before the first line has come over, the connection is on the way of whoever has sent it, or is ended. */
  #watchFirstLine(linkOf: (firstLine: string) => Link | undefined): void {
    let text = '';
    const look = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\n');
      if (end < 0 && text.length < FIRST_LINE_BYTES_MAX) return;
      this.#near.off('data', look);
      const link = end < 0 ? undefined : linkOf(text.slice(0, end));
      if (link === undefined) this.reset();
      else this.#call.moveTo(link);
    };
    this.#near.on('data', look);
  }

  resume(): void {
    this.#there.pump();
    this.#back?.pump();
  }

  reset(): void {
    for (const socket of [this.#near, this.#far]) if (socket?.destroyed === false) socket.resetAndDestroy();
    this.#there.stop();
    this.#back?.stop();
    this.#endedSide();
  }

  #endedSide(): void {
    if (this.#near.destroyed && this.#far?.destroyed !== false) this.#way.ended(this);
  }
}

/** What is under way from one socket to the other, in order. */
class Direction {
  readonly #from: Socket;
  #way: Way;
  readonly #queue: { readonly dueMs: number; readonly arrive: () => boolean; readonly bytes: number }[] = [];
  #to: Socket | undefined;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isWaitingForReceiver = false;

  constructor(from: Socket, way: Way) {
    this.#from = from;
    this.#way = way;
    from.on('data', (chunk: Buffer) => {
      this.#send(chunk.length, () => this.#to?.write(chunk) ?? true);
      if (this.#bytes > BYTES_UNDER_WAY_MAX) from.pause();
    });
    from.once('end', () => this.#send(0, () => this.#to?.end() !== undefined));
    from.once('close', (hadError) => {
      // A reset, or a call that nobody took: the other side hears of it once that has come over.
      if (hadError || !from.readableEnded) this.#send(0, () => this.#to?.resetAndDestroy() !== undefined);
    });
  }

  /** Does something as late as a byte that is sent now would arrive. */
  after(does: () => void): void {
    this.#send(0, () => {
      does();
      // Nothing after it arrives before there is somewhere to arrive at.
      return this.#to !== undefined;
    });
  }

  leadTo(to: Socket): void {
    this.#to = to;
    to.on('drain', () => this.#goOn());
    // What is still under way to it is lost then, and must not be waited for.
    to.on('close', () => this.#goOn());
    this.#goOn();
  }

  pump(): void {
    if (this.#timer !== undefined || this.#isWaitingForReceiver || !this.#way.isCarrying()) return;
    const nowMs = performance.now();
    for (;;) {
      const [next] = this.#queue;
      if (next === undefined) return;
      if (next.dueMs > nowMs) {
        this.#timer = setTimeout(
          () => {
            this.#timer = undefined;
            this.pump();
          },
          Math.ceil(next.dueMs - nowMs),
        );
        return;
      }
      this.#queue.shift();
      this.#bytes -= next.bytes;
      if (this.#bytes <= BYTES_UNDER_WAY_MAX / 2) this.#from.resume();
      if (this.#to?.destroyed === true) continue;
      if (!next.arrive()) {
        this.#isWaitingForReceiver = true;
        return;
      }
    }
  }

  goBy(way: Way): void {
    this.#way = way;
    this.pump();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#queue.length = 0;
    this.#bytes = 0;
  }

  #goOn(): void {
    this.#isWaitingForReceiver = false;
    this.pump();
  }

  #send(bytes: number, arrive: () => boolean): void {
    this.#queue.push({ dueMs: performance.now() + this.#way.oneWayMs(), arrive, bytes });
    this.#bytes += bytes;
    this.pump();
  }
}
