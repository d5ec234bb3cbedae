import { createServer } from 'node:net';
import { Failure } from '../failure.ts';

/**
 * Below the ports that systems give to outgoing connections, which could take one between here and the moment
 * when a server listens on it.
 */
const FIRST = 15_000;
const LAST = 31_999;
const TRIES_MAX = 2_000;

/** Ports of 127.0.0.1 on which nothing listens, each another one. */
export async function freePorts(count: number, random: () => number): Promise<readonly number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count && tries < TRIES_MAX; tries++) {
    const port = FIRST + Math.floor(random() * (LAST - FIRST + 1));
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  if (found.size === count) return [...found];
  throw new Failure(`this machine has no ${count} free ports between ${FIRST} and ${LAST}`);
}

/** Whether a server could listen there now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
