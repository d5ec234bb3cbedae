import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect } from 'vitest';
import type { User } from '../../src/access/mod.ts';
import { Fixture } from '../conformance/suite.ts';
import type { Call, Reply, Status } from '../http/client.ts';
import type { InProcessOptions } from '../support/in-process.ts';

const CONNECTION = { host: '127.0.0.1', ALPNProtocols: ['http/1.1'] };
const RAW_MS_MAX = 15_000;
const PROBE_MS = 5;

/** Each has everything in a workspace of its own, and nothing in the other. */
const TENANTS = ['attacker', 'victim'] as const;
type Tenant = (typeof TENANTS)[number];

/**
 * One member with two tenants: whatever the attacker sends, the victim's canary must not come back, and the
 * victim must be served afterwards.
 */
export class Arena extends Fixture {
  /** Cannot be guessed and is in the victim's workspace alone. */
  readonly canary = `canary-${randomBytes(12).toString('hex')}`;
  readonly attacker = '/clusters/attacker';
  readonly victim = '/clusters/victim';
  readonly canaryPath = `${this.victim}/api/v1/namespaces/default/configmaps/guarded`;
  readonly #sockets = new Set<TLSSocket>();

  protected override get options(): InProcessOptions {
    return { users: Object.fromEntries(TENANTS.map((tenant) => [tokenOf(tenant), userOf(tenant)])) };
  }

  override async start(): Promise<void> {
    await super.start();
    for (const tenant of TENANTS) {
      const path = await this.server.createCluster(tenant);
      await this.client.create(`${path}/apis/rbac.authorization.k8s.io/v1/clusterrolebindings`, {
        metadata: { name: 'owner' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: tenant }],
      });
    }
    const body = { metadata: { name: 'guarded' }, data: { text: this.canary } };
    await this.client.create(`${this.victim}/api/v1/namespaces/default/configmaps`, body);
  }

  override async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await super.stop();
  }

  /** A request, by the attacker unless it says otherwise, whose answer must have nothing of the victim's in it. */
  async attack(path: string, call: Call = {}): Promise<Reply> {
    const reply = await this.client.call(path, { token: tokenOf('attacker'), ...call });
    this.assertSilent(reply.text + JSON.stringify(reply.headers));
    return reply;
  }

  /** An attack that has to be refused with a Status of one of these codes. */
  async refused(codes: readonly number[], path: string, call: Call = {}): Promise<Status> {
    return statusOf(await this.attack(path, call), codes);
  }

  assertSilent(text: string): void {
    expect(text.includes(this.canary), 'the canary of the victim has leaked').toBe(false);
  }

  /** The victim is served, and the member has no failure of its own to report. */
  async assertUnharmed(): Promise<void> {
    const reply = await this.client.call(this.canaryPath, { token: tokenOf('victim') });
    expect([reply.status, reply.text.includes(this.canary)]).toEqual([200, true]);
    expect(this.server.errors).toEqual([]);
  }

  /** A connection over TLS on which nothing was said yet. */
  async connect(options: Readonly<Record<string, unknown>> = {}): Promise<TLSSocket> {
    const { port, ca } = this.server;
    const socket = connect({ ...CONNECTION, port, ca, ...options });
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    await once(socket, 'secureConnect');
    socket.on('error', () => {});
    return socket;
  }

  /** Sends bytes as they are, and gives back all that comes until the member closes, or has been silent. */
  async raw(bytes: string | Buffer, options: { readonly quietMs?: number } = {}): Promise<RawReply> {
    const socket = await this.connect();
    const chunks: Buffer[] = [];
    const reply = await new Promise<RawReply>((resolve, reject) => {
      const settle = (isClosed: boolean) => {
        clearTimeout(late);
        socket.destroy();
        resolve({ isClosed, text: Buffer.concat(chunks).toString('latin1') });
      };
      const late = setTimeout(() => reject(new Error('neither an answer nor an end')), RAW_MS_MAX);
      socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        socket.setTimeout(options.quietMs ?? 300, () => settle(false));
      });
      socket.once('close', () => settle(true));
      socket.write(bytes);
    });
    this.assertSilent(reply.text);
    return reply;
  }

  /** The lines of a request head by the attacker, without the empty line at the end. */
  head(line: string, ...headers: readonly string[]): string {
    return [line, 'Host: localhost', `Authorization: Bearer ${tokenOf('attacker')}`, ...headers].join('\r\n');
  }
}

/** The bearer token of a tenant. */
export function tokenOf(tenant: Tenant): string {
  return `token-of-${tenant}`;
}

function userOf(tenant: Tenant): User {
  return { name: tenant, uid: '', groups: ['system:authenticated'], extra: {} };
}

export interface RawReply {
  readonly text: string;
  readonly isClosed: boolean;
}

/** The codes of all answers that came over one connection. */
export function codesOf({ text }: RawReply): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));
}

/** The Status of an answer that must be one. */
export function statusOf(reply: Reply, codes: readonly number[]): Status {
  expect(codes, reply.text.slice(0, 300)).toContain(reply.status);
  const status = JSON.parse(reply.text) as Status;
  expect(status).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code: reply.status });
  return status;
}

/** Starts a member with two tenants before the tests of a file, and stops it after them. */
export function useArena(): Arena {
  const arena = new Arena();
  beforeAll(() => arena.start());
  afterAll(() => arena.stop());
  return arena;
}

/** How long nobody else was served at most while `run` ran: the largest gap between two turns of a timer. */
async function stallOf(run: () => Promise<unknown>): Promise<number> {
  let lastMs = performance.now();
  let worstMs = 0;
  const look = () => {
    const nowMs = performance.now();
    worstMs = Math.max(worstMs, nowMs - lastMs - PROBE_MS);
    lastMs = nowMs;
  };
  const timer = setInterval(look, PROBE_MS);
  try {
    await run();
    // What held the loop last shows at the next turn only.
    await new Promise((resolve) => setTimeout(resolve, 2 * PROBE_MS));
    look();
    return worstMs;
  } finally {
    clearInterval(timer);
  }
}

/**
 * Fails when `run` keeps others waiting for longer than `factor` times what this machine needs for a piece of honest
 * work: hosts of tests are slow and busy, so that a bound in milliseconds would say nothing. Whoever is slow once, and
 * not when it is done again, was held up by somebody else.
 */
export async function assertPrompt(factor: number, run: () => Promise<unknown>): Promise<void> {
  honestMs ??= machineMs();
  let stallMs = await stallOf(run);
  if (stallMs > factor * honestMs) {
    honestMs = machineMs();
    stallMs = await stallOf(run);
  }
  expect(stallMs).toBeLessThan(factor * honestMs);
}

let honestMs: number | undefined;

/** Some 30 ms on two cores of 2024. */
function machineMs(): number {
  const text = JSON.stringify(Array.from({ length: 60_000 }, (_, index) => ({ [`key-${index}`]: index })));
  const startedMs = performance.now();
  JSON.stringify(JSON.parse(text));
  return performance.now() - startedMs;
}
