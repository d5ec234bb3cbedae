import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import type { ServerProcess } from '../support/server.ts';
import { isAllowedFailure, readAnswer, type Wire, type WireMetadata } from './answer.ts';
import type { History } from './history.ts';
import { hostileRequest } from './hostile-requests.ts';
import { type FuzzKind, pathOf } from './kinds.ts';
import type { Plan, Planned } from './plan.ts';
import type { Answer, Call, Transport } from './transport.ts';
import { validRequest } from './valid-requests.ts';
import { oneOf } from './values.ts';

export interface RunOptions {
  readonly server: ServerProcess;
  readonly transport: Transport;
  readonly history: History;
  /** Continue tokens by the path of the list that they belong to. */
  readonly pages: Map<string, string>;
  readonly requests: number;
  readonly seed: number;
}

export interface Figures {
  requests: number;
  successes: number;
  /** Requests whose connection ended without an answer, though no client broke it off. */
  readonly broken: string[];
  verifications: number;
  readonly statuses: Map<number, number>;
  rssBytesMax: number;
  seconds: number;
}

const PARALLEL = 40;
const BATCH = 500;
const RSS_EVERY = 500;
const VIOLATIONS_MAX = 200;
const LIST_EVERY = 5;

/** Sends the requests of the seed and holds every answer against what may be answered. */
export async function run(options: RunOptions): Promise<Figures> {
  const figures: Figures = {
    requests: 0,
    successes: 0,
    broken: [],
    verifications: 0,
    statuses: new Map(),
    rssBytesMax: 0,
    seconds: 0,
  };
  const startMs = Date.now();
  const plans = generate(options);
  const worker = async (): Promise<void> => {
    for (const plan of plans) {
      if (options.history.violations.length > VIOLATIONS_MAX) return;
      await perform(options, figures, plan);
      if (figures.requests % RSS_EVERY === 0) {
        figures.rssBytesMax = Math.max(figures.rssBytesMax, await rssBytes(options.server.pid));
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  figures.seconds = (Date.now() - startMs) / 1_000;
  return figures;
}

/** Resident memory of a process, in bytes; zero where the system does not tell. */
export async function rssBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
}

/** One iterator that all workers take from: the order in which they do so is all that is left to chance. */
function* generate({ requests, seed }: RunOptions): Generator<Plan, undefined> {
  const arbitrary = oneOf<Plan>([68, validRequest], [32, hostileRequest]);
  for (let sent = 0; sent < requests; sent += BATCH) {
    const numRuns = Math.min(BATCH, requests - sent);
    yield* fc.sample(arbitrary, { numRuns, seed: (seed + sent) | 0 });
  }
}

async function perform(options: RunOptions, figures: Figures, plan: Plan): Promise<void> {
  const { history, transport, server, pages } = options;
  const planned = plan({ history, token: server.token, pages });
  figures.requests += 1;
  const label = describe(planned);
  try {
    const answer = planned.kind === 'raw' ? await transport.raw(planned) : await transport.call(planned.call);
    figures.statuses.set(answer.status, (figures.statuses.get(answer.status) ?? 0) + 1);
    if (answer.status >= 200 && answer.status < 300) figures.successes += 1;
    if (planned.kind === 'raw') {
      const isAllowed = isAllowedFailure(answer.status, answer.body.toString());
      if (answer.status >= 500 && !isAllowed)
        throw new Error(`${answer.status}: ${answer.body.toString().slice(0, 500)}`);
      return;
    }
    const isBroken = answer.status === 0 && planned.call.abortMs === undefined;
    if (isBroken) figures.broken.push(`${answer.contentType}: ${label}`);
    if (planned.isValid && answer.status === 0)
      throw new Error(`the connection broke: ${answer.contentType}`);
    const value = readAnswer(planned.call, answer);
    if (value !== undefined && answer.status < 300)
      await verify(options, figures, { call: planned.call, answer, value, label });
  } catch (error) {
    history.violations.push(`${label}: ${(error as Error).message}`);
  }
}

/** Holds what an answer says about objects against the history, and reads written ones back. */
async function verify(
  { history, transport, pages }: RunOptions,
  figures: Figures,
  seen: { readonly call: Call; readonly answer: Answer; readonly value: Wire; readonly label: string },
): Promise<void> {
  const { call, answer, value, label } = seen;
  if (isDryRun(call)) return;
  const isWhole = !/as=/.test(call.headers['accept'] as string) && !answer.contentType.includes('protobuf');
  if (call.method === 'GET') {
    if (value.items !== undefined) {
      const [path = ''] = call.path.split('?');
      if (value.metadata?.continue) pages.set(path, value.metadata.continue);
      const kind = listedKind(history, value);
      if (kind !== undefined && isWhole)
        for (const item of path.startsWith('/clusters/*/') ? ofRoot(value.items) : value.items)
          history.claimState(kind.collection, item, label);
    } else if (isWhole) claim(history, value, label);
    return;
  }
  if (value.kind === 'Status') {
    const uid = (value['details'] as { uid?: string } | undefined)?.uid;
    const collection = collectionOf(history, value);
    if (call.method === 'DELETE' && uid !== undefined && collection !== undefined)
      history.claimDeleted(collection, uid, label);
    return;
  }
  if (!['POST', 'PUT', 'PATCH', 'DELETE'].includes(call.method) || value.items !== undefined) return;
  const kind = history.kindOf(value);
  if (kind === undefined || value.metadata?.resourceVersion === undefined) return;
  const { uid } = value.metadata;
  if (isReleased(call, value) && uid !== undefined) history.claimDeleted(kind.collection, uid, label);
  else if (isWhole) claim(history, value, label);
  figures.verifications += 1;
  const isExact =
    isWhole && !call.isHostile && answer.contentType === 'application/json' && !call.path.includes('pretty');
  await readBack(
    { history, transport },
    {
      kind,
      value,
      label,
      bytes: isExact ? answer.body : undefined,
      isListed: figures.verifications % LIST_EVERY === 0,
    },
  );
}

async function readBack(
  { history, transport }: Pick<RunOptions, 'history' | 'transport'>,
  written: {
    readonly kind: FuzzKind;
    readonly value: Wire;
    readonly label: string;
    /** What the write was answered with, where it is what a GET answers with. */
    readonly bytes: Buffer | undefined;
    readonly isListed: boolean;
  },
): Promise<void> {
  const { kind, value, label } = written;
  const { name = '', namespace = '', resourceVersion } = value.metadata ?? {};
  const revision = Number(resourceVersion);
  const source = `GET after ${label}`;
  const answer = await transport.get(pathOf(kind, { namespace, name }));
  if (answer.status === 404)
    history.claimGone(kind.collection, { namespace, name }, { after: revision, source });
  else if (answer.status !== 200)
    throw new Error(`reading back gives ${answer.status}: ${answer.body.toString().slice(0, 500)}`);
  else {
    const found = JSON.parse(answer.body.toString()) as Wire;
    if (Number(found.metadata?.resourceVersion) < revision)
      throw new Error(`reading back gives the older ${found.metadata?.resourceVersion}`);
    const isSame =
      found.metadata?.resourceVersion === resourceVersion && found.apiVersion === value.apiVersion;
    if (isSame && written.bytes !== undefined && !written.bytes.equals(answer.body))
      throw new Error(`reading back gives ${answer.body} instead of ${written.bytes}`);
    history.claimState(kind.collection, found, source);
  }
  if (!written.isListed) return;
  const listed = await transport.get(`${pathOf(kind, { namespace })}?fieldSelector=metadata.name%3D${name}`);
  const { items = [] } = JSON.parse(listed.body.toString()) as Wire;
  const item = items[0];
  if (item === undefined)
    history.claimGone(
      kind.collection,
      { namespace, name },
      { after: revision, source: `LIST after ${label}` },
    );
  else if (Number(item.metadata?.resourceVersion) < revision)
    throw new Error(`the list has the older ${item.metadata?.resourceVersion}`);
  else history.claimState(kind.collection, item, `LIST after ${label}`);
}

function claim(history: History, value: Wire, label: string): void {
  const kind = history.kindOf(value);
  if (kind !== undefined && value.metadata?.resourceVersion !== undefined)
    history.claimState(kind.collection, value, label);
}

/**
 * The update that takes the last finalizer away: it answers with what it made of the object, which was never
 * stored, at the resourceVersion that the object had before.
 */
function isReleased({ method }: Call, { kind, metadata, spec }: Wire): boolean {
  if (method === 'DELETE' || metadata?.deletionTimestamp === undefined) return false;
  // Namespaces have finalizers in two places.
  const own = kind === 'Namespace' ? (spec as { readonly finalizers?: readonly string[] })?.finalizers : [];
  return (metadata.finalizers ?? []).length === 0 && (own ?? []).length === 0;
}

function listedKind(history: History, { kind, apiVersion }: Wire): FuzzKind | undefined {
  const item = kind?.replace(/List$/, '');
  return item === undefined || apiVersion === undefined
    ? undefined
    : history.kindOf({ kind: item, apiVersion });
}

function collectionOf(history: History, value: Wire): string | undefined {
  const details = value['details'] as { group?: string; kind?: string };
  const collection = `${details.group === 'events.k8s.io' ? '' : (details.group ?? '')}/${details.kind}`;
  return history.isFollowed(collection) ? collection : undefined;
}

function isDryRun({ path, body }: Call): boolean {
  return path.includes('dryRun') || ((body?.length ?? 0) < 200 && (body?.includes('dryRun') ?? false));
}

function describe(planned: Planned): string {
  if (planned.kind === 'raw') return `raw ${JSON.stringify(planned.bytes.toString('latin1').slice(0, 400))}`;
  const { method, path, headers, body, protocol } = planned.call;
  const { authorization: _secret, ...shown } = headers as Record<string, string>;
  return `${protocol} ${method} ${path.slice(0, 400)} ${JSON.stringify(shown).slice(0, 300)} ${JSON.stringify(body?.toString('utf8').slice(0, 700))}`;
}

/** Of a list of all logical clusters what the watch of the root tells as well, with revisions as it tells them. */
function ofRoot(items: readonly Wire[]): Wire[] {
  return items.flatMap((item) => {
    const { metadata } = item as { metadata: WireMetadata & { annotations: Record<string, string> } };
    if (metadata.annotations['kcp.io/cluster'] !== 'root') return [];
    const resourceVersion = String(BigInt(metadata.resourceVersion ?? '0') / POSITIONS_PER_REVISION);
    return [{ ...item, metadata: { ...metadata, resourceVersion } }];
  });
}

// Positions of a member count its number in, too.
const POSITIONS_PER_REVISION = 1024n;
