import { lookup as dnsLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import { limits, type Net, type NetRequest, type NetResponse } from '../base/mod.ts';
import type { AddressPolicy } from './address-policy.ts';
import { CallSlots } from './call-slots.ts';
import { goErrorText } from './net-errors.ts';

/** The network that a member uses, and how it is closed. */
export interface ClosableNet extends Net {
  close(): Promise<void>;
}

/**
 * Calls over HTTPS. Names are resolved once per connection, every address is held against the policy, and
 * the connection goes to an address that passed: a name that changes its mind in between gains nothing.
 * Redirects are answers like others, and bodies are taken as they are, compressed or not. Connections are kept,
 * and their number is bounded, as are the calls, in all and of each logical cluster.
 */
export function createNet(policy: AddressPolicy, lookup: Lookup = dnsLookup): ClosableNet {
  const checked = checkedLookup(policy, lookup);
  const agent = new KeepingAgent();
  const slots = new CallSlots();
  return {
    async post(request) {
      const prefix = `Post ${JSON.stringify(request.url)}: `;
      const url = new URL(request.url);
      const timeout = AbortSignal.timeout(request.timeoutMs);
      const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
      const slot = slots.take({ tenant: request.cluster, server: url.host }, signal);
      if (slot === undefined) throw new Error(`${prefix}too many calls are under way`);
      try {
        const release = await slot;
        try {
          return await call({ agent, policy, lookup: checked }, { ...request, url: url.href, signal });
        } finally {
          release();
        }
      } catch (cause) {
        throw new Error(`${prefix}${goErrorText(cause, url)}`, { cause });
      }
    },
    async close() {
      agent.destroy();
    },
  };
}

/** Asks the resolver of the system for all addresses of a name. */
export type Lookup = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** The way that a call takes. */
interface Way {
  readonly agent: Agent;
  readonly policy: AddressPolicy;
  readonly lookup: LookupFunction;
}

/** Keeps connections for the next call, and closes the oldest of them when there are too many. */
class KeepingAgent extends Agent {
  constructor() {
    super({
      keepAlive: true,
      maxSockets: limits.webhookConnectionsPerServerMax,
      timeout: limits.webhookIdleConnectionMs,
      // As upstream: a proxy that balances connections would see only one of HTTP/2.
      ALPNProtocols: ['http/1.1'],
    });
  }

  // Node's own bound over all servers counts idle connections: who leaves many open would shut out everybody.
  override keepSocketAlive(socket: Duplex): boolean {
    const idle = Object.values(this.freeSockets).flatMap((sockets) => sockets ?? []);
    if (idle.length >= limits.webhookIdleConnectionsMax) idle[0]?.destroy();
    // The types of Node say that nothing comes back.
    return (super.keepSocketAlive(socket) as unknown) !== false;
  }
}

async function call(way: Way, request: NetRequest): Promise<NetResponse> {
  const { hostname } = new URL(request.url);
  const literal = hostname.replace(/^\[|\]$/g, '');
  if (isIP(literal) !== 0 && !way.policy.allows(literal)) throw new AddressRefused(literal);
  for (let attempts = 1; ; attempts++) {
    try {
      return await once(way, request);
    } catch (error) {
      // The server closed an idle connection just when it was taken. A server that was started anew has closed
      // all that are kept, so each of them may have to be found out.
      const isStale = error instanceof ConnectionLost && error.wasReused;
      if (!isStale || attempts > limits.webhookConnectionsPerServerMax) throw error;
    }
  }
}

/** The policy does not let the server go there. */
class AddressRefused extends Error {
  constructor(address: string) {
    super(`dial tcp ${address}: this address is not allowed for webhooks`);
  }
}

class ConnectionLost extends Error {
  readonly wasReused: boolean;

  constructor(cause: unknown, wasReused: boolean) {
    super('the connection was lost', { cause });
    this.wasReused = wasReused;
  }
}

function once({ agent, lookup }: Way, options: NetRequest): Promise<NetResponse> {
  const { url, ca, body, contentType, signal } = options;
  return new Promise((resolve, reject) => {
    const request = httpsRequest(url, {
      method: 'POST',
      agent,
      lookup,
      ...(ca === undefined ? {} : { ca }),
      ...(signal === undefined ? {} : { signal }),
      headers: {
        Accept: 'application/json, */*',
        'Content-Type': contentType,
        'Content-Length': body.length,
        'User-Agent': 'antipode',
      },
    });
    request.on('error', (error: Error & { code?: string }) => {
      const isLost = error.code === 'ECONNRESET' || error.code === 'EPIPE';
      reject(isLost ? new ConnectionLost(error, request.reusedSocket) : error);
    });
    request.once('response', (response) => {
      readAll(response, options.responseBytesMax).then((answer) => {
        const contentType = response.headers['content-type'] ?? '';
        resolve({ code: response.statusCode ?? 0, contentType, body: answer });
      }, reject);
    });
    request.end(body);
  });
}

async function readAll(response: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    // Leaving the loop destroys the response and with it the connection.
    if (sizeBytes > bytesMax) throw new Error(`the response is larger than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A lookup that gives out only addresses that the policy allows. */
function checkedLookup(policy: AddressPolicy, lookup: Lookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return void callback(error, []);
      const addresses = found.filter(({ address }) => policy.allows(address));
      const [first] = addresses;
      if (first === undefined) return void callback(new AddressRefused(hostname), []);
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
