import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServerProcess } from '../support/server.ts';

/** What every object, list and Status on the wire has; the rest is for matchers. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly [field: string]: unknown;
}

export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly time?: string;
  readonly fieldsType: string;
  readonly fieldsV1: unknown;
  readonly subresource?: string;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly continue?: string;
  readonly remainingItemCount?: number;
  readonly creationTimestamp?: string | null;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly managedFields?: readonly ManagedFieldsEntry[];
  readonly ownerReferences?: readonly Readonly<Record<string, unknown>>[];
}

export interface KubeList extends KubeObject {
  readonly items: readonly KubeObject[];
}

/** A Status of failure. */
export interface Status extends KubeObject {
  readonly status: string;
  readonly message: string;
  readonly reason: string;
  readonly code: number;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    readonly uid?: string;
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly {
      readonly reason?: string;
      readonly message: string;
      readonly field?: string;
    }[];
  };
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string or bytes go out as they are, anything else as JSON. */
  readonly body?: unknown;
  /** Undefined is the administrator's; null sends no credential. */
  readonly token?: string | null;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
}

const REPLY_TIMEOUT_MS = 20_000;

/** HTTP/1.1 requests to one server, with its certificate checked. Nothing is decoded that a test may want to see. */
export class Client {
  readonly #server: Pick<ServerProcess, 'port' | 'ca' | 'token'>;
  readonly #agent: Agent;
  readonly #watches = new Set<WatchStream>();

  constructor(server: Pick<ServerProcess, 'port' | 'ca' | 'token'>) {
    this.#server = server;
    this.#agent = new Agent({ keepAlive: true, ca: server.ca });
  }

  /** Sends a request and reads the whole answer. */
  async call(path: string, call: Call = {}): Promise<Reply> {
    const response = await this.#send(path, call);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    return { status: response.statusCode ?? 0, headers: response.headers, bytes, text: bytes.toString() };
  }

  /** GET of JSON; throws unless the answer is 200. */
  get<T extends KubeObject = KubeObject>(path: string): Promise<T> {
    return this.#expect<T>(path, {}, [200]);
  }

  list(path: string): Promise<KubeList> {
    return this.get<KubeList>(path);
  }

  /** POST of an object; throws unless it was created. */
  create<T extends KubeObject = KubeObject>(path: string, body: unknown): Promise<T> {
    return this.#expect<T>(path, { method: 'POST', body }, [201]);
  }

  put(path: string, body: unknown): Promise<KubeObject> {
    return this.#expect(path, { method: 'PUT', body }, [200]);
  }

  /** A JSON merge patch. */
  patch(path: string, body: unknown): Promise<KubeObject> {
    const headers = { 'content-type': 'application/merge-patch+json' };
    return this.#expect(path, { method: 'PATCH', headers, body }, [200]);
  }

  delete(path: string, body?: unknown): Promise<KubeObject> {
    return this.#expect(path, { method: 'DELETE', ...(body === undefined ? {} : { body }) }, [200]);
  }

  /** A request that must be refused with a Status of this code. */
  async refuse(code: number, path: string, call: Call = {}): Promise<Status> {
    const reply = await this.call(path, call);
    if (reply.status !== code) throw unexpected(path, reply);
    return JSON.parse(reply.text) as Status;
  }

  /** Opens a watch; its status and headers are there when this resolves. */
  async watch(path: string, call: Call = {}): Promise<WatchStream> {
    const response = await this.#send(path, call);
    const stream = new WatchStream(response);
    this.#watches.add(stream);
    return stream;
  }

  /** Asks again until `isDone` says so; returns what it was asked about then. */
  async until<T extends KubeObject = KubeObject>(
    path: string,
    isDone: (object: T, status: number) => boolean,
  ): Promise<T> {
    const deadlineMs = Date.now() + REPLY_TIMEOUT_MS;
    for (;;) {
      const reply = await this.call(path);
      // What nothing serves yet is told in plain text.
      const isJson = reply.headers['content-type'] === 'application/json';
      const object = (isJson ? JSON.parse(reply.text) : {}) as T;
      if (isDone(object, reply.status)) return object;
      if (Date.now() > deadlineMs) throw unexpected(path, reply);
      await delay(20);
    }
  }

  async untilGone(path: string): Promise<void> {
    await this.until(path, (_object, status) => status === 404);
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
    this.#agent.destroy();
  }

  async #expect<T extends KubeObject>(path: string, call: Call, codes: readonly number[]): Promise<T> {
    const reply = await this.call(path, call);
    if (!codes.includes(reply.status)) throw unexpected(`${call.method ?? 'GET'} ${path}`, reply);
    return JSON.parse(reply.text) as T;
  }

  async #send(path: string, { method = 'GET', headers = {}, body, token }: Call): Promise<IncomingMessage> {
    const sent: Record<string, string> = { ...headers };
    if (token !== null) sent['authorization'] = `Bearer ${token ?? this.#server.token}`;
    const data =
      body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    if (data !== undefined) {
      sent['content-type'] ??= 'application/json';
      if (sent['transfer-encoding'] === undefined) sent['content-length'] = String(Buffer.byteLength(data));
    }
    const outgoing = request({
      host: '127.0.0.1',
      port: this.#server.port,
      agent: this.#agent,
      method,
      path,
      headers: sent,
    });
    const timer = setTimeout(
      () => outgoing.destroy(new Error(`${method} ${path} had no answer within ${REPLY_TIMEOUT_MS} ms`)),
      REPLY_TIMEOUT_MS,
    );
    outgoing.end(data);
    try {
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
      return response;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The events of one watch, in the order in which they came. */
export class WatchStream {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Resolves when the server has ended the stream as HTTP demands; rejects when the connection broke. */
  readonly ended: Promise<void>;
  /** Everything received so far. */
  text = '';
  readonly #response: IncomingMessage;
  readonly #events: WatchEvent[] = [];
  #taken = 0;
  #rest = '';
  #isOver = false;
  #wake: () => void = () => {};

  constructor(response: IncomingMessage) {
    this.#response = response;
    this.status = response.statusCode ?? 0;
    this.headers = response.headers;
    const decoder = new StringDecoder('utf8');
    response.on('data', (chunk: Buffer) => this.#accept(decoder.write(chunk)));
    this.ended = new Promise((resolve, reject) => {
      const over = (settle: () => void): void => {
        this.#isOver = true;
        this.#wake();
        settle();
      };
      response.once('end', () => over(resolve));
      response.once('error', (error) => over(() => reject(error)));
      response.once('close', () => over(() => reject(new Error('the watch was cut off'))));
    });
    // A test that does not look at the end must not fail by it.
    this.ended.catch(() => {});
  }

  /** The next event that was not taken yet. Rejects when none comes or the stream ends. */
  async next(timeoutMs = REPLY_TIMEOUT_MS): Promise<WatchEvent> {
    const deadlineMs = Date.now() + timeoutMs;
    for (;;) {
      const event = this.#events[this.#taken];
      if (event !== undefined) {
        this.#taken += 1;
        return event;
      }
      if (this.#isOver) throw new Error(`the watch has ended after ${this.#taken} events\n${this.#rest}`);
      const leftMs = deadlineMs - Date.now();
      if (leftMs <= 0) throw new Error(`no event within ${timeoutMs} ms after ${this.#taken} events`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async take(count: number): Promise<WatchEvent[]> {
    const events: WatchEvent[] = [];
    while (events.length < count) events.push(await this.next());
    return events;
  }

  /** All events up to and with the first for which `isLast` holds. */
  async until(isLast: (event: WatchEvent) => boolean): Promise<WatchEvent[]> {
    const events: WatchEvent[] = [];
    for (;;) {
      const event = await this.next();
      events.push(event);
      if (isLast(event)) return events;
    }
  }

  /** The events that are left when the stream has ended. */
  async rest(): Promise<WatchEvent[]> {
    await this.ended;
    const events = this.#events.slice(this.#taken);
    this.#taken = this.#events.length;
    return events;
  }

  close(): void {
    this.#response.destroy();
  }

  #accept(text: string): void {
    this.text += text;
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#events.push(JSON.parse(line) as WatchEvent);
    this.#wake();
  }
}

/**
 * Waits for what controllers put into every namespace, so that tests may count on it, and with it.
 */
export async function seedNamespace(client: Client, namespace: string): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}`;
  await Promise.all([
    client.until(`${path}/configmaps/kube-root-ca.crt`, (_object, status) => status === 200),
    client.until(`${path}/serviceaccounts/default`, (_object, status) => status === 200),
  ]);
}

/** `ADDED a`, to compare sequences of events with. */
export function brief(event: WatchEvent): string {
  return `${event.type} ${event.object.metadata.name}`;
}

export function configMap(
  name: string,
  fields: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const { labels, annotations, ...rest } = fields;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    ...rest,
  };
}

function unexpected(path: string, reply: Reply): Error {
  return new Error(`${path} was answered with ${reply.status}: ${reply.text.slice(0, 2_000)}`);
}
