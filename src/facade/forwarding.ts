import type { User } from '../access/mod.ts';
import { type Api, objectKey, placeholderOf, resolve, type Target } from '../api/mod.ts';
import {
  type Clock,
  type ClusterScope,
  EVERYWHERE,
  limits,
  ROOT_CLUSTER,
  type ShardName,
  withTimeLimit,
} from '../base/mod.ts';
import { collectionOf } from '../definitions/mod.ts';
import { newBadRequest, newServiceUnavailable, newTimeout } from '../machinery/mod.ts';
import type { Confirmation, ForwardedResponse, Forwarder, HeaderLine, HomeAway } from '../replication/mod.ts';
import { readBody } from './body.ts';
import type { Exchange } from './exchange.ts';
import type { ResourcePath, RoutedPath } from './path.ts';
import type { Place } from './place.ts';
import { isForRootHome } from './planet-routes.ts';
import { hasBody, verbOf } from './verb.ts';

/** What a member knows of the homes of its shards, and how it reaches them. */
export interface Forwarding {
  /** By which this member's positions are known among all members. */
  readonly memberNumber: number;
  readonly forwarder: Pick<Forwarder, 'forward'>;
  /** The home of the shard that a logical cluster is on; undefined when it is here. */
  homeOf(cluster: ClusterScope): HomeAway | undefined;
  /** Asks all homes of a scope up to where their logs count, this member, too, as far as it is one. */
  confirm(
    cluster: ClusterScope,
  ): Promise<readonly { readonly shard: ShardName; readonly answer: Confirmation }[]>;
  /** Resolves when this member's replica of a shard has a revision, or the signal is aborted. */
  reached(shard: ShardName, revision: number, signal: AbortSignal): Promise<void>;
  /** Up to where this member's replica of a shard shows it. */
  revisionOf(shard: ShardName): number;
  /** How old what is read here of a scope may be, milliseconds; undefined where nothing is newer. */
  stalenessMs(cluster: ClusterScope): number | undefined;
}

/** What goes to the home in place of the body that came, and what is answered in place of the body that comes back. */
export type CarriedBody = (body: Uint8Array | undefined) => {
  readonly body: Uint8Array | undefined;
  complete(answer: Buffer): Buffer;
};

export const REGION_HEADER = 'Antipode-Region';
export const STALENESS_HEADER = 'Antipode-Staleness-Ms';

// Identity is not among them: who asks is said, and signed, beside. Whom they want to be is for the home to judge.
const HEADERS_FORWARDED = ['accept', 'content-type', 'user-agent', 'audit-id'];
const IMPERSONATION = 'impersonate-';
const HEADERS_ANSWERED = ['warning', 'retry-after', 'x-content-type-options', 'vary'];

/**
 * Whether a request has to be carried out where its logical cluster is homed: whatever changes something, and what grants
 * something that outlives the moment. A token could still be made here by a right that is gone at the home. Reviews
 * say what is known here, as all reads do, and as upstream's say what its informers know; where the newest is wanted, they can be
 * asked for it.
 */
export function needsHome(
  { convergence }: Pick<Api, 'convergence'>,
  exchange: Exchange,
  { route, service, isEverywhere }: RoutedPath,
): boolean {
  if (route.kind === 'planet' && service === undefined && !isEverywhere)
    return isForRootHome(exchange.method, route.segments);
  if (route.kind !== 'resource' || isEverywhere || isConvergent(convergence, route)) return false;
  if (exchange.method === 'GET' || exchange.method === 'HEAD')
    return service === undefined && isHomeWorkspace(route);
  return exchange.method !== 'OPTIONS' && !isReview(exchange, route);
}

/** Whoever asks for their home workspace for the first time makes it. */
function isHomeWorkspace({ group, resource, subresource, name, isWatch }: ResourcePath): boolean {
  const isOne = group === 'tenancy.kcp.io' && resource === 'workspaces' && name === '~';
  return isOne && subresource === '' && !isWatch;
}

/** What is written in any region is written in this one. */
function isConvergent(convergence: Api['convergence'], { group, resource }: ResourcePath): boolean {
  return convergence?.isConvergent({ group, resource, identity: '' }) === true;
}

/**
 * Whether a write is of objects that every region writes because their provider has chosen it, as the logical cluster has
 * bound them. Asked of what would go to another region, and of nothing else.
 */
export function isOfSharedApi(
  { convergence, registry }: Pick<Api, 'convergence' | 'registry'>,
  place: Place | undefined,
  { route }: RoutedPath,
): boolean {
  if (place === undefined || place.cluster === EVERYWHERE || route.kind !== 'resource') return false;
  const found = registry.find(place.cluster, route.group, route.resource);
  return (
    found !== undefined && convergence?.isConvergent(collectionOf(place.cluster, found.definition)) === true
  );
}

function isReview({ method }: Exchange, { group }: ResourcePath): boolean {
  return method === 'POST' && (group === 'authorization.k8s.io' || group === 'authentication.k8s.io');
}

/** Whether a read has to show what the home has now. Throws 400 for a consistency that there is not. */
export function wantsHomeConsistency(exchange: Exchange): boolean {
  if (exchange.method !== 'GET' && exchange.method !== 'POST') return false;
  if (exchange.routed.isHomeConsistent) return true;
  const wanted = exchange.rawQuery.includes('consistency') ? exchange.query.text('consistency') : '';
  if (wanted === '' || wanted === 'local') return false;
  if (wanted !== 'home') throw newBadRequest(`unknown consistency "${wanted}": use home or local`);
  return true;
}

/**
 * Waits until this member has all that was acknowledged before the request came: it asks the homes up to where their logs
 * count, which make sure that they are the homes, and answers from its own replica then. Throws 503 when a home does not
 * answer, and 504 when the replica does not get as far in time.
 */
export async function confirmHome(
  forwarding: Forwarding,
  wanted: { readonly exchange: Exchange; readonly cluster: ClusterScope; readonly clock: Clock },
): Promise<void> {
  const { signal } = wanted.exchange;
  const answers = await forwarding.confirm(wanted.cluster);
  const limit = { clock: wanted.clock, limitMs: limits.futureRevisionWaitMs, signal };
  await withTimeLimit(limit, async (isOver) => {
    for (const { shard, answer } of answers) {
      if (answer.kind === 'unconfirmed') {
        const message = `the home of shard ${shard} did not confirm that it is the home: ${answer.detail}`;
        throw newServiceUnavailable(message, 1);
      }
      await forwarding.reached(shard, answer.revision, isOver);
      signal.throwIfAborted();
      if (forwarding.revisionOf(shard) >= answer.revision) continue;
      throw newTimeout(`this member's replica of shard ${shard} is behind its home`, {
        retryAfterSeconds: 1,
      });
    }
  });
}

/** Has the home carry a request out, and answers as it did, once this member's replica has what it committed. */
export async function forwardRequest(
  parts: { readonly api: Api; readonly forwarding: Forwarding },
  request: {
    readonly exchange: Exchange;
    readonly user: User;
    readonly place: Place;
    readonly home: HomeAway;
    readonly carried?: CarriedBody | undefined;
  },
): Promise<void> {
  const { api, forwarding } = parts;
  const { exchange, user, place, home } = request;
  const { routed } = exchange;
  exchange.limitTime();
  const sent = hasBody(exchange) ? (await readBody(exchange.request)).bytes : undefined;
  const carried = request.carried?.(sent);
  const body = carried === undefined ? sent : carried.body;
  const shown = shownHere(api, { exchange, user, place });
  const outcome = await forwarding.forwarder.forward({
    content: {
      method: exchange.method,
      url: pathOf(routed) + exchange.rawQuery,
      headers: headersOf(exchange),
      body,
      user,
      baseUrl: api.urls.complete('/'),
      memberNumber: forwarding.memberNumber,
      shown,
    },
    timeoutMs: exchange.leftMs(api.clock.monotonicMs()),
    isRepeatable: isRepeatable(exchange),
    signal: exchange.signal,
    home: () => forwarding.homeOf(place.cluster),
  });
  const where = `the home of shard ${home.shard} in region ${home.member.region}`;
  switch (outcome.kind) {
    case 'unreachable':
      throw newServiceUnavailable(`${where} cannot be reached: ${outcome.detail}`, 1);
    case 'refused':
      throw newServiceUnavailable(`${where} did not take the request: ${outcome.detail}`, 1);
    case 'unknown':
      throw newTimeout(`${where} may have carried the request out, or may not: ${outcome.detail}`);
  }
  const { response } = outcome;
  const { revision } = response;
  await waitForReplica(forwarding, { exchange, home, revision, place, clock: api.clock });
  const answer = completeBody(parts, { exchange, user, place, response });
  send(exchange, response, response.status < 300 ? (carried?.complete(answer) ?? answer) : answer);
}

/** A deletion of a collection that is repeated would delete what was created in between. */
function isRepeatable({ method, routed: { route } }: Exchange): boolean {
  return !(method === 'DELETE' && route.kind === 'resource' && route.name === '');
}

/** Whoever reads here next sees what they have written; if that takes too long, the answer says how old it is here. */
async function waitForReplica(
  forwarding: Forwarding,
  wanted: {
    readonly exchange: Exchange;
    readonly home: HomeAway;
    readonly revision: number;
    readonly place: Place;
    readonly clock: Clock;
  },
): Promise<void> {
  const { exchange, revision, place, clock } = wanted;
  const { shard } = wanted.home;
  if (forwarding.revisionOf(shard) >= revision) return;
  const limit = { clock, limitMs: limits.forwardReplicaWaitMs, signal: exchange.signal };
  await withTimeLimit(limit, (isOver) => forwarding.reached(shard, revision, isOver));
  if (forwarding.revisionOf(shard) >= revision) return;
  exchange.mark(STALENESS_HEADER, String(Math.ceil(forwarding.stalenessMs(place.cluster) ?? 0)));
}

function pathOf({ prefix, path, isHomeConsistent }: RoutedPath): string {
  return (isHomeConsistent ? prefix.slice('/consistency/home'.length) : prefix) + path;
}

function headersOf({ request: { rawHeaders } }: Exchange): HeaderLine[] {
  const headers: HeaderLine[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase();
    if (HEADERS_FORWARDED.includes(name) || name.startsWith(IMPERSONATION))
      headers.push([name, rawHeaders[index + 1]!]);
  }
  return headers;
}

interface Located {
  readonly exchange: Exchange;
  readonly user: User;
  readonly place: Place;
}

/** The kind that a request is about, as it is known here: for forms alone, never to judge anything by. */
function resourceHere(api: Api, { exchange, user, place }: Located) {
  const { route } = exchange.routed;
  if (route.kind !== 'resource' || place.cluster === EVERYWHERE) return undefined;
  const { group, version, resource, subresource, namespace, name } = route;
  const { cluster, view } = place;
  const verb = verbOf(exchange, route);
  const path = { group, version, resource, subresource, namespace, name };
  const target: Target = { user, cluster, view, verb, ...path };
  try {
    return { resource: resolve(api, target), cluster };
  } catch {
    // What is wrong with it, or not known here yet, is for the home to say.
    return undefined;
  }
}

/** How the object in question is shown here, where no other member can tell what that means. */
function shownHere(api: Api, located: Located) {
  const here = resourceHere(api, located);
  if (here === undefined || here.resource.revisions.name === 'shard') return undefined;
  if (here.resource.target.name === '') return undefined;
  const row = api.store.get(objectKey(here.resource));
  if (row === undefined) return undefined;
  return { text: here.resource.revisions.ofObject(here.cluster, row.revision), revision: row.revision };
}

/** Puts this member's positions in the place of those that only it can tell. */
function completeBody(
  { api, forwarding }: { readonly api: Api; readonly forwarding: Forwarding },
  answered: Located & { readonly response: ForwardedResponse },
): Buffer {
  const { body, shownRevisions } = answered.response;
  const here = shownRevisions.length === 0 ? undefined : resourceHere(api, answered);
  if (here === undefined) return Buffer.from(body);
  let text = Buffer.from(body).toString('latin1');
  for (const revision of new Set(shownRevisions)) {
    const placeholder = placeholderOf(revision, forwarding.memberNumber);
    text = text.replaceAll(placeholder, here.resource.revisions.ofObject(here.cluster, revision));
  }
  return Buffer.from(text, 'latin1');
}

function send(exchange: Exchange, response: ForwardedResponse, body: Buffer): void {
  const headers: Record<string, string | string[]> = {};
  let contentType = 'application/json';
  for (const [name, value] of response.headers) {
    if (name === 'content-type') contentType = value;
    if (!HEADERS_ANSWERED.includes(name)) continue;
    const key = name === 'vary' ? 'Vary' : name;
    const before = headers[key];
    headers[key] =
      before === undefined ? value : [...(typeof before === 'string' ? [before] : before), value];
  }
  exchange.send({ code: response.status, contentType, headers }, body);
}

/** What a place is about where it is not known yet which there is: all of it begins at the root. */
export function scopeOf(place: Place | undefined): ClusterScope {
  return place?.cluster ?? ROOT_CLUSTER;
}
