import { createHash } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as delay } from 'node:timers/promises';
import { canonicalValue, type Wire } from './answer.ts';
import { type FuzzKind, pathOf } from './kinds.ts';
import type { Transport } from './transport.ts';

/** One state of one object, as the watch that runs from the beginning has told it. */
interface Entry {
  readonly revision: number;
  readonly type: string;
  readonly uid: string;
  readonly digest: string;
}

/** An object that exists now. */
export interface LiveObject {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly object: Wire;
}

const SETTLE_MS = 800;
const SETTLE_MS_MAX = 20_000;

/**
 * What happened to every object of the watched collections, and what answers have claimed about it. The
 * claims are compared at the end, when the watches have told everything.
 */
export class History {
  /** What was found wrong. */
  readonly violations: string[] = [];
  readonly #entries = new Map<string, Entry[]>();
  readonly #live = new Map<string, Map<string, LiveObject>>();
  readonly #claims: (() => string | undefined)[] = [];
  readonly #collections = new Map<string, FuzzKind>();
  #lastEventMs = Date.now();
  #events = 0;
  #isClosing = false;
  #close: () => void = () => {};

  get events(): number {
    return this.#events;
  }

  get claims(): number {
    return this.#claims.length;
  }

  /** Lists the collection and watches it from there on, until {@link close}. */
  async follow(transport: Transport, kind: FuzzKind): Promise<void> {
    const path = pathOf(kind, {});
    const list = JSON.parse((await transport.get(path)).body.toString()) as Wire;
    this.#collections.set(kind.collection, kind);
    this.#live.set(kind.collection, new Map());
    for (const item of list.items ?? []) this.#accept(kind, 'ADDED', item);
    const revision = list.metadata?.resourceVersion;
    const response = await transport.watch(
      `${path}?watch=1&allowWatchBookmarks=true&resourceVersion=${revision}`,
    );
    const decoder = new StringDecoder('utf8');
    let rest = '';
    let last = Number(revision);
    response.on('data', (chunk: Buffer) => {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) last = this.#acceptLine(kind, line, last);
    });
    response.once('close', () => {
      if (!this.#isClosing) this.violations.push(`the watch of ${kind.collection} ended by itself`);
    });
    const before = this.#close;
    this.#close = () => {
      before();
      response.destroy();
    };
  }

  isFollowed(collection: string): boolean {
    return this.#live.has(collection);
  }

  live(collection: string): readonly LiveObject[] {
    return [...(this.#live.get(collection)?.values() ?? [])];
  }

  /** The kind of an object on the wire, in whatever version it is, if its group is the one that is followed. */
  kindOf(object: Wire): FuzzKind | undefined {
    for (const kind of this.#collections.values()) {
      if (kind.kind === object.kind && groupOf(kind.apiVersion) === groupOf(object.apiVersion)) return kind;
    }
    return undefined;
  }

  /** Claims that the object had this content at its resourceVersion. */
  claimState(collection: string, object: Wire, source: string): void {
    const { metadata } = object;
    const revision = Number(metadata?.resourceVersion);
    const key = keyOf(collection, object);
    const digest = digestOf(object);
    this.#claims.push(() => {
      const entry = this.#entries.get(key)?.find((candidate) => candidate.revision === revision);
      if (entry === undefined) return `${source}: ${key} at ${revision} was never told by the watch`;
      return entry.digest === digest
        ? undefined
        : `${source}: ${key} at ${revision} is not what the watch told`;
    });
  }

  /** Claims that the object with this name did not exist at some time after the revision. */
  claimGone(
    collection: string,
    place: { readonly namespace: string; readonly name: string },
    claim: { readonly after: number; readonly source: string },
  ): void {
    const key = `${collection}|${place.namespace}|${place.name}`;
    const { after, source } = claim;
    this.#claims.push(() =>
      this.#entries.get(key)?.some(({ type, revision }) => type === 'DELETED' && revision >= after)
        ? undefined
        : `${source}: ${key} was not found, but nothing deleted it after ${after}`,
    );
  }

  /** Claims that the object with this uid was deleted. */
  claimDeleted(collection: string, uid: string, source: string): void {
    this.#claims.push(() => {
      for (const [key, entries] of this.#entries) {
        if (
          key.startsWith(`${collection}|`) &&
          entries.some((entry) => entry.uid === uid && entry.type === 'DELETED')
        )
          return undefined;
      }
      return `${source}: the deletion of ${collection} ${uid} was never told by the watch`;
    });
  }

  /** Waits until nothing happens any more. */
  async settle(): Promise<void> {
    const deadlineMs = Date.now() + SETTLE_MS_MAX;
    const startMs = Date.now();
    while (Date.now() < deadlineMs) {
      if (Date.now() - Math.max(this.#lastEventMs, startMs) > SETTLE_MS) return;
      await delay(50);
    }
    this.violations.push(`objects still change ${SETTLE_MS_MAX} ms after the last request`);
  }

  /** Ends the watches and compares all claims with what they have told. */
  verify(): void {
    for (const claim of this.#claims) {
      const violation = claim();
      if (violation !== undefined) this.violations.push(violation);
    }
    this.#claims.length = 0;
  }

  close(): void {
    this.#isClosing = true;
    this.#close();
  }

  /** Compares a complete list with what the watch adds up to. */
  compareList(kind: FuzzKind, items: readonly Wire[]): void {
    const live = this.#live.get(kind.collection) ?? new Map<string, LiveObject>();
    const listed = new Map(items.map((item) => [keyOf(kind.collection, item), item]));
    for (const key of live.keys()) {
      if (!listed.has(key)) this.violations.push(`${key} is missing in the list, but the watch has it`);
    }
    for (const [key, item] of listed) {
      const known = this.#entries.get(key)?.at(-1);
      if (known === undefined || known.type === 'DELETED')
        this.violations.push(`${key} is in the list, but not by the watch`);
      else if (known.digest !== digestOf(item))
        this.violations.push(`${key} is listed otherwise than the watch told`);
    }
  }

  #acceptLine(kind: FuzzKind, line: string, last: number): number {
    const { type, object } = JSON.parse(line) as { type: string; object: Wire };
    const revision = Number(object.metadata?.resourceVersion);
    if (type === 'ERROR') {
      this.violations.push(`the watch of ${kind.collection} was told ${line}`);
      return last;
    }
    if (type === 'BOOKMARK' ? revision < last : revision <= last) {
      this.violations.push(`the watch of ${kind.collection} went from ${last} back to ${revision}`);
    }
    if (type !== 'BOOKMARK') this.#accept(kind, type, object);
    return revision;
  }

  #accept(kind: FuzzKind, type: string, object: Wire): void {
    this.#lastEventMs = Date.now();
    this.#events += 1;
    const key = keyOf(kind.collection, object);
    const { name = '', namespace = '', uid = '', resourceVersion = '' } = object.metadata ?? {};
    const entries = this.#entries.get(key) ?? [];
    this.#entries.set(key, entries);
    const before = entries.at(-1);
    const isThere = before !== undefined && before.type !== 'DELETED';
    if (isThere !== (type !== 'ADDED'))
      this.violations.push(`${type} of ${key} at ${resourceVersion} after ${before?.type ?? 'nothing'}`);
    if (isThere && before.uid !== uid) this.violations.push(`${type} of ${key} changed its uid`);
    entries.push({ revision: Number(resourceVersion), type, uid, digest: digestOf(object) });
    const live = this.#live.get(kind.collection);
    if (type === 'DELETED') live?.delete(key);
    else live?.set(key, { namespace, name, uid, resourceVersion, object });
  }
}

function keyOf(collection: string, { metadata }: Wire): string {
  return `${collection}|${metadata?.namespace ?? ''}|${metadata?.name ?? ''}`;
}

function groupOf(apiVersion: string | undefined): string {
  return apiVersion?.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

function digestOf(object: Wire): string {
  return createHash('sha1').update(canonicalValue(object)).digest('base64');
}
