import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { exitCode } from '../exit-code.ts';
import { Failure, reasonOf, systemCode } from '../failure.ts';
import { type PlanetPaths, writePrivately } from './planet-directory.ts';
import { type Part, parts } from './region-processes.ts';

/** What a running planet is asked for. */
export interface ControlRequest {
  readonly action: ControlAction;
  readonly regions: readonly string[];
  readonly only?: Part;
  readonly silent?: boolean;
}

export const controlActions = ['cut', 'heal', 'kill', 'restart', 'status', 'stop'] as const;
export type ControlAction = (typeof controlActions)[number];

interface ControlFailure {
  readonly message: string;
  readonly hint?: string | undefined;
  readonly exitCode?: number;
}

type ControlAnswer = { readonly result: unknown } | { readonly failure: ControlFailure };

/** A request has a few names in it, and a status a few lines per region. */
const LINE_BYTES_MAX = 64 * 1024;
const CONNECTIONS_MAX = 32;
/** The shortest bound on the path of a socket, of macOS, and one for the end of the text. */
const SOCKET_PATH_BYTES_MAX = 103;

/**
 * Takes requests for a planet over a socket that only its owner can open, one after the other. Where it is stands in
 * control.json.
 */
export class ControlServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #paths: PlanetPaths;
  readonly #place: SocketPlace;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(server: Server, paths: PlanetPaths, place: SocketPlace) {
    this.#server = server;
    this.#paths = paths;
    this.#place = place;
  }

  /** Opens it; `handle` is called for one request at a time, and its result or failure is the answer. */
  static async open(
    paths: PlanetPaths,
    handle: (request: ControlRequest) => Promise<unknown>,
  ): Promise<ControlServer> {
    const place = socketPlace(paths.directory);
    const server = createServer();
    server.maxConnections = CONNECTIONS_MAX;
    const control = new ControlServer(server, paths, place);
    server.on('connection', (socket) => control.#serve(socket, handle));
    // What a killed planet has left behind; the directory is this one's alone.
    await rm(place.path, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(place.path, resolve);
    });
    // In a folder that only its owner may enter, so that there is no moment between the two lines.
    chmodSync(place.path, 0o600);
    await writePrivately(paths.control, `${JSON.stringify({ socket: place.path, pid: process.pid })}\n`);
    return control;
  }

  /** Ends it once open requests are answered. */
  async close(): Promise<void> {
    await rm(this.#paths.control, { force: true });
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.end();
    await closed;
    this.#place.remove();
  }

  #serve(socket: Socket, handle: (request: ControlRequest) => Promise<unknown>): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    readLine(socket).then(
      (line) => {
        const turn = this.#last.then(() => answerOf(line, handle));
        this.#last = turn;
        return turn.then((answer) => void socket.end(`${JSON.stringify(answer)}\n`));
      },
      () => void socket.destroy(),
    );
  }
}

/** Sends a request to the planet that runs in a directory. Fails as that planet says, or with 6 where there is none. */
export async function askPlanet(paths: PlanetPaths, request: ControlRequest): Promise<unknown> {
  const socketPath = await socketOf(paths);
  const socket = connect(socketPath);
  let line: string;
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', resolve);
    });
    socket.on('error', () => undefined);
    socket.write(`${JSON.stringify(request)}\n`);
    line = await readLine(socket);
  } catch (error) {
    throw notRunning(paths, error);
  } finally {
    socket.destroy();
  }
  const answer = JSON.parse(line) as ControlAnswer;
  if (!('failure' in answer)) return answer.result;
  const { message, hint, exitCode: code } = answer.failure;
  throw new Failure(message, { hint, exitCode: codeOf(code) });
}

/** Resolves once nobody answers there any more: the planet has ended. */
export async function untilGone(paths: PlanetPaths): Promise<void> {
  const socketPath = await socketOf(paths).catch(() => undefined);
  if (socketPath === undefined) return;
  const socket = connect(socketPath);
  socket.on('error', () => undefined);
  socket.resume();
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
}

interface SocketPlace {
  readonly path: string;
  remove(): void;
}

function socketPlace(directory: string): SocketPlace {
  const path = join(directory, 'control.sock');
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX)
    return { path, remove: () => rmSync(path, { force: true }) };
  const folder = mkdtempSync(join(tmpdir(), 'antipode-planet-'));
  return {
    path: join(folder, 'control.sock'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function socketOf(paths: PlanetPaths): Promise<string> {
  try {
    const { socket } = JSON.parse(await readFile(paths.control, 'utf8')) as { readonly socket?: unknown };
    if (typeof socket === 'string') return socket;
  } catch (error) {
    throw notRunning(paths, error);
  }
  throw notRunning(paths, undefined);
}

function notRunning(paths: PlanetPaths, cause: unknown): Failure {
  const code = systemCode(cause);
  const isAbsent = code === undefined || ['ENOENT', 'ECONNREFUSED', 'ENOTDIR', 'ECONNRESET'].includes(code);
  const why = isAbsent ? '' : `: ${reasonOf(cause)}`;
  return new Failure(`no planet runs in ${dirname(paths.control)}${why}`, {
    exitCode: code === 'EACCES' ? exitCode.forbidden : exitCode.unreachable,
    hint: 'Start it with antipode planet, or name another directory with --root-directory.',
    cause,
  });
}

async function answerOf(
  line: string,
  handle: (request: ControlRequest) => Promise<unknown>,
): Promise<ControlAnswer> {
  try {
    return { result: (await handle(requestOf(line))) ?? null };
  } catch (error) {
    if (error instanceof Failure)
      return { failure: { message: error.message, hint: error.hint, exitCode: error.exitCode } };
    return { failure: { message: reasonOf(error) } };
  }
}

function requestOf(line: string): ControlRequest {
  const value = JSON.parse(line) as Partial<Record<keyof ControlRequest, unknown>>;
  const action = controlActions.find((name) => name === value.action);
  const regions = value.regions;
  if (action === undefined || !Array.isArray(regions))
    throw new Failure('the planet does not know this request');
  const only = parts.find((part) => part === value.only);
  return {
    action,
    regions: regions.map(String),
    ...(only === undefined ? {} : { only }),
    silent: value.silent === true,
  };
}

function codeOf(code: number | undefined): Failure['exitCode'] {
  const known = Object.values(exitCode).find((value) => value === code);
  return known === undefined || known === exitCode.done ? exitCode.failed : known;
}

/** The first line that comes; fails when there is none. */
function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
      else if (text.length > LINE_BYTES_MAX) reject(new Error('the line is too long'));
    });
    socket.once('close', () => reject(new Error('the connection has ended without an answer')));
  });
}
