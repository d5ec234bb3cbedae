import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { canEncodeProtobuf, encodeProtobuf, isObject, parseJson } from '../../src/machinery/mod.ts';
import type { LiveObject } from './history.ts';
import { type FuzzKind, groupEvents, kinds, NAMESPACES, oldWidgets, pathOf } from './kinds.ts';
import type { Plan, World } from './plan.ts';
import type { Call } from './transport.ts';
import { annotations, edgeNumber, labels, maybe, oneOf, pick, RawJson, toJson, word } from './values.ts';

const NAMES = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'];
const JSON_TYPE = 'application/json';
const MERGE_PATCH = 'application/merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';

const anyKind = oneOf<FuzzKind>([14, fc.constantFrom(...kinds)], [1, fc.constant(groupEvents)], [2, fc.constant(oldWidgets)]);
const place = fc.record({ namespace: fc.constantFrom(...NAMESPACES), name: fc.constantFrom(...NAMES), index: fc.nat(), isLive: pick([3, true], [1, false]) });
type Place = typeof place extends fc.Arbitrary<infer Value> ? Value : never;

const dryRun = pick([12, ''], [1, 'dryRun=All']);
const writeQuery = fc
  .tuple(dryRun, pick([8, ''], [1, 'fieldValidation=Strict'], [1, 'fieldValidation=Ignore'], [1, 'fieldManager=fuzz'], [1, 'pretty=true'], [1, 'timeout=5s']))
  .map((parts) => parts.filter((part) => part !== '').join('&'));
const transformed = (name: string): string => `application/json;as=${name};g=meta.k8s.io;v=v1`;
const anyAccept = (list: string): fc.Arbitrary<string> =>
  pick(
    [12, JSON_TYPE],
    [2, `${transformed('Table')},application/json`],
    [1, transformed(`PartialObjectMetadata${list}`)],
    [2, 'application/vnd.kubernetes.protobuf,application/json'],
    [1, `application/vnd.kubernetes.protobuf;as=PartialObjectMetadata${list};g=meta.k8s.io;v=v1`],
    [1, 'application/yaml'],
    [1, '*/*'],
  );
const protocol = pick<Call['protocol']>([3, 'http1'], [1, 'http2']);

/** Requests of which most are answered with what they ask for. */
export const validRequest: fc.Arbitrary<Plan> = oneOf<Plan>(
  [22, createRequest()],
  [14, getRequest()],
  [9, listRequest()],
  [15, updateRequest()],
  [18, patchRequest()],
  [3, statusRequest()],
  [9, deleteRequest()],
  [1, deleteCollectionRequest()],
  [2, watchRequest()],
  [2, reviewRequest()],
  [3, documentRequest()],
);

function createRequest(): fc.Arbitrary<Plan> {
  return anyKind.chain((kind) =>
    fc
      .record({
        place,
        fields: kind.fields,
        metadata: newMetadata,
        isGenerated: pick([6, false], [1, true]),
        query: writeQuery,
        encoding: encodingOf(kind),
        accept: anyAccept(''),
        protocol,
      })
      .map((wish): Plan => (world) => {
        const { namespace, name } = nameFor(kind, wish.place);
        const identity = wish.isGenerated ? { generateName: `${name}-` } : { name };
        const body = objectOf(kind, { namespace, fields: wish.fields, metadata: { ...ownersOf(world, wish.metadata, namespace), ...identity } });
        return send(world, wish, { method: 'POST', path: withQuery(pathOf(kind, { namespace }), wish.query), ...wish.encoding(body) });
      }),
  );
}

function getRequest(): fc.Arbitrary<Plan> {
  const query = pick([8, ''], [1, 'resourceVersion=0'], [1, 'resourceVersion=1'], [1, 'pretty=true'], [1, 'includeObject=Object']);
  return fc.record({ kind: anyKind, place, query, accept: anyAccept(''), protocol, isStatus: pick([9, false], [1, true]) }).map(
    (wish): Plan =>
      (world) => {
        const path = pathOf(wish.kind, target(world, wish.kind, wish.place));
        const status = wish.isStatus && wish.kind.hasStatus ? '/status' : '';
        return send(world, wish, { method: 'GET', path: withQuery(path + status, wish.query) });
      },
  );
}

const selector = pick(
  [6, ''],
  [1, 'labelSelector=app%3Da'],
  [1, 'labelSelector=app%20in%20(a,b),!tier'],
  [1, 'labelSelector=x%20notin%20(Z)'],
  [1, 'fieldSelector=metadata.name%3Dn1'],
  [1, 'fieldSelector=metadata.name!%3Dn1,metadata.namespace%3Dfuzz-a'],
);
const page = pick([6, ''], [2, 'limit=2'], [1, 'limit=1&resourceVersion=0'], [1, 'limit=500'], [1, 'resourceVersion=0&resourceVersionMatch=NotOlderThan']);

function listRequest(): fc.Arbitrary<Plan> {
  const scope = pick([5, true], [1, false]);
  return fc.record({ kind: anyKind, place, scope, query: fc.tuple(selector, page), accept: anyAccept('List'), protocol }).map(
    (wish): Plan =>
      (world) =>
        send(world, wish, {
          method: 'GET',
          path: withQuery(pathOf(wish.kind, wish.scope ? { namespace: wish.place.namespace } : {}), wish.query.filter((part) => part !== '').join('&')),
        }),
  );
}

function updateRequest(): fc.Arbitrary<Plan> {
  return anyKind.chain((kind) =>
    fc
      .record({
        place,
        fields: maybe(kind.fields),
        labels,
        revision: pick<'own' | 'none' | 'stale'>([8, 'own'], [2, 'none'], [1, 'stale']),
        finalizers: finalizerChange,
        query: writeQuery,
        encoding: encodingOf(kind),
        accept: anyAccept(''),
        protocol,
      })
      .map((wish): Plan => (world) => {
        const live = find(world, kind, wish.place);
        const { namespace, name } = live ?? nameFor(kind, wish.place);
        const old = live?.object ?? {};
        const { resourceVersion: _revision, ...kept } = (old.metadata ?? {}) as Record<string, unknown>;
        const revision = wish.revision === 'own' ? live?.resourceVersion : wish.revision === 'stale' ? '1' : undefined;
        const metadata = { ...kept, name, labels: wish.labels, resourceVersion: revision, ...wish.finalizers };
        const { metadata: _metadata, apiVersion: _version, kind: _kind, ...rest } = old as Record<string, unknown>;
        // What events look like in their other group is not known here.
        const fields = live !== undefined && kind === groupEvents ? {} : { ...rest, ...wish.fields };
        const body = objectOf(kind, { namespace, metadata, fields });
        return send(world, wish, { method: 'PUT', path: withQuery(pathOf(kind, { namespace, name }), wish.query), ...wish.encoding(body) });
      }),
  );
}

function patchRequest(): fc.Arbitrary<Plan> {
  return anyKind.chain((kind) =>
    fc.record({ place, patch: patchOf(kind), query: writeQuery, accept: anyAccept(''), protocol }).map((wish): Plan => (world) => {
      const { namespace, name } = target(world, kind, wish.place);
      const path = withQuery(pathOf(kind, { namespace, name }), wish.query);
      const text = toJson(wish.patch.value).replaceAll('$namespace', namespace);
      return send(world, wish, { method: 'PATCH', path, headers: { 'content-type': wish.patch.type }, body: Buffer.from(text) });
    }),
  );
}

function patchOf(kind: FuzzKind): fc.Arbitrary<{ readonly type: string; readonly value: unknown }> {
  const merged = fc.record({ fields: kind.fields, labels, finalizers: finalizerChange }).map(({ fields, labels: some, finalizers }) => ({
    ...fields,
    metadata: { labels: { ...some, tier: null }, ...finalizers },
  }));
  const steps = fc.array(
    oneOf<unknown>(
      [2, fc.constant({ op: 'add', path: '/metadata/labels', value: { app: 'a' } })],
      [1, fc.constant({ op: 'replace', path: '/metadata/labels/app', value: 'b' })],
      [1, fc.constant({ op: 'test', path: '/kind', value: kind.kind })],
      [1, fc.constant({ op: 'remove', path: '/metadata/annotations' })],
      [1, annotations.map((value) => ({ op: 'add', path: '/metadata/annotations', value }))],
      [1, fc.constant({ op: 'copy', from: '/metadata/name', path: '/metadata/labels/x' })],
      [1, fc.constant({ op: 'move', from: '/metadata/labels/x', path: '/metadata/labels/app' })],
    ),
    { maxLength: 3 },
  );
  const strategic = fc.record({ labels, finalizers: fc.constantFrom<unknown>({}, { $patch: 'merge' }, { '$deleteFromPrimitiveList/finalizers': ['example.com/hold'] }) });
  return oneOf<{ readonly type: string; readonly value: unknown }>(
    [4, merged.map((value) => ({ type: MERGE_PATCH, value }))],
    [1, fc.constant({ type: MERGE_PATCH, value: {} })],
    [3, steps.map((value) => ({ type: JSON_PATCH, value }))],
    [kind.isCustom ? 0 : 2, strategic.map((value) => ({ type: STRATEGIC_PATCH, value: { metadata: { labels: value.labels, ...(value.finalizers as object) } } }))],
    [kind.isCustom ? 1 : 2, merged.map((value) => ({ type: STRATEGIC_PATCH, value }))],
  );
}

function statusRequest(): fc.Arbitrary<Plan> {
  const status = fc.record({ ready: fc.boolean(), hard: fc.constant({ configmaps: '3' }), n: edgeNumber });
  const kind = fc.constantFrom(...kinds.filter(({ hasStatus, kind: name }) => hasStatus && name !== 'Namespace'));
  return fc.record({ kind, place, status, isPatch: fc.boolean(), query: writeQuery, accept: anyAccept(''), protocol }).map((wish): Plan => (world) => {
    const live = find(world, wish.kind, wish.place);
    const where = live ?? nameFor(wish.kind, wish.place);
    const value = wish.kind.isCustom ? wish.status : { hard: wish.status.hard };
    const { metadata: old, ...rest } = (live?.object ?? {}) as Record<string, unknown>;
    const fields = { ...rest, status: value };
    const body = wish.isPatch ? { status: value } : objectOf(wish.kind, { namespace: where.namespace, metadata: { ...(old as object), name: where.name }, fields });
    const headers = { 'content-type': wish.isPatch ? MERGE_PATCH : JSON_TYPE };
    const path = withQuery(`${pathOf(wish.kind, where)}/status`, wish.query);
    return send(world, wish, { method: wish.isPatch ? 'PATCH' : 'PUT', path, headers, body: Buffer.from(toJson(body)) });
  });
}

const deleteOptions = pick<string | undefined>(
  [8, undefined],
  [1, '{"propagationPolicy":"Foreground"}'],
  [1, '{"propagationPolicy":"Orphan"}'],
  [1, '{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0}'],
  [1, '{"preconditions":{"uid":"other"}}'],
  [1, '{"dryRun":["All"]}'],
);

function deleteRequest(): fc.Arbitrary<Plan> {
  return fc.record({ kind: anyKind, place, options: deleteOptions, query: dryRun, accept: anyAccept(''), protocol }).map((wish): Plan => (world) => {
    const where = target(world, wish.kind, wish.place);
    // Namespaces of which everything hangs on come back slowly: they are deleted now and then only.
    const isSpared = wish.kind.kind === 'Namespace' && wish.place.index % 10 !== 0;
    const method = isSpared ? 'GET' : 'DELETE';
    const body = wish.options === undefined || isSpared ? {} : { body: Buffer.from(wish.options), headers: { 'content-type': JSON_TYPE } };
    return send(world, wish, { method, path: withQuery(pathOf(wish.kind, where), wish.query), ...body });
  });
}

function deleteCollectionRequest(): fc.Arbitrary<Plan> {
  return fc.record({ kind: anyKind, place, query: fc.tuple(selector, dryRun), accept: pick([1, JSON_TYPE]), protocol }).map(
    (wish): Plan =>
      (world) =>
        send(world, wish, {
          method: 'DELETE',
          path: withQuery(pathOf(wish.kind, { namespace: wish.place.namespace }), wish.query.filter((part) => part !== '').join('&')),
        }),
  );
}

function watchRequest(): fc.Arbitrary<Plan> {
  const query = pick(
    [3, 'watch=1&timeoutSeconds=1'],
    [1, 'watch=true&resourceVersion=0&allowWatchBookmarks=true'],
    [1, 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'],
    [1, 'watch=1&labelSelector=app%3Da'],
    [1, 'watch=1&resourceVersion=1'],
  );
  return fc.record({ kind: anyKind, place, query, accept: anyAccept(''), protocol }).map(
    (wish): Plan =>
      (world) =>
        send(world, wish, { method: 'GET', path: withQuery(pathOf(wish.kind, { namespace: wish.place.namespace }), wish.query) }),
  );
}

function reviewRequest(): fc.Arbitrary<Plan> {
  const attributes = fc.record({ verb: word, resource: fc.constantFrom('configmaps', '*'), namespace: fc.constantFrom('fuzz-a', '') });
  const review = attributes.chain((resourceAttributes) =>
    fc.constantFrom<readonly [string, string, unknown]>(
      ['authorization.k8s.io', 'SelfSubjectAccessReview', { resourceAttributes }],
      ['authorization.k8s.io', 'SubjectAccessReview', { user: 'jane', resourceAttributes }],
      ['authorization.k8s.io', 'SelfSubjectRulesReview', { namespace: 'fuzz-a' }],
      ['authentication.k8s.io', 'SelfSubjectReview', undefined],
      ['authentication.k8s.io', 'TokenReview', { token: 'x' }],
    ),
  );
  return fc.record({ review, accept: pick([3, JSON_TYPE], [1, 'application/vnd.kubernetes.protobuf'], [1, 'application/yaml']), protocol }).map(
    (wish): Plan =>
      (world) => {
        const [group, kind, spec] = wish.review;
        const body = Buffer.from(toJson({ apiVersion: `${group}/v1`, kind, spec }));
        return send(world, wish, { method: 'POST', path: `/apis/${group}/v1/${kind.toLowerCase()}s`, headers: { 'content-type': JSON_TYPE }, body });
      },
  );
}

function documentRequest(): fc.Arbitrary<Plan> {
  const path = pick([2, '/api'], [2, '/apis'], [2, '/api/v1'], [1, '/apis/fuzz.example.com'], [2, '/apis/fuzz.example.com/v1'], [1, '/version'], [1, '/openapi/v3'], [1, '/openapi/v3/apis/fuzz.example.com/v1'], [1, '/readyz?verbose'], [1, '/']);
  const accept = pick([3, JSON_TYPE], [2, 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'], [1, '*/*']);
  return fc.record({ path, accept, protocol }).map((wish): Plan => (world) => send(world, wish, { method: 'GET', path: wish.path }));
}

const finalizerChange = pick<Record<string, unknown>>([8, {}], [1, { finalizers: ['example.com/hold'] }], [5, { finalizers: null }]);

const newMetadata = fc.record({
  labels: maybe(labels),
  annotations: maybe(annotations),
  finalizers: pick<readonly string[] | undefined>([15, undefined], [1, ['example.com/hold']]),
  owner: pick<'none' | 'live' | 'absent'>([20, 'none'], [3, 'live'], [1, 'absent']),
});
type NewMetadata = typeof newMetadata extends fc.Arbitrary<infer Value> ? Value : never;

function ownersOf(world: World, { owner, ...metadata }: NewMetadata, namespace: string): Record<string, unknown> {
  if (owner === 'none') return metadata;
  const live = world.history.live('/configmaps').find((candidate) => candidate.namespace === namespace);
  const uid = owner === 'live' && live !== undefined ? live.uid : '00000000-0000-4000-8000-000000000000';
  return { ...metadata, ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: live?.name ?? 'n0', uid }] };
}

function objectOf(
  kind: FuzzKind,
  parts: { readonly namespace: string; readonly metadata: unknown; readonly fields: unknown },
): Record<string, unknown> {
  const { apiVersion, kind: name, isNamespaced } = kind;
  const namespace = isNamespaced ? { namespace: parts.namespace } : {};
  const fields = withNamespace(parts.fields, parts.namespace) as object;
  return { ...fields, apiVersion, kind: name, metadata: { ...(parts.metadata as object), ...namespace } };
}

/** Puts the namespace where the fields of a kind leave room for it. */
function withNamespace(value: unknown, namespace: string): unknown {
  if (value === '$namespace') return namespace;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof RawJson) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withNamespace(member, namespace)]));
}

type Encoding = (object: Record<string, unknown>) => { readonly headers: Record<string, string>; readonly body: Buffer };

function encodingOf(kind: FuzzKind): fc.Arbitrary<Encoding> {
  return pick<Encoding>([15, asJson], [2, asYaml], [kind.isCustom ? 0 : 3, asProtobuf], [1, asGzip]);
}

const asJson: Encoding = (object) => ({ headers: { 'content-type': JSON_TYPE }, body: Buffer.from(toJson(object)) });
const asGzip: Encoding = (object) => ({
  headers: { 'content-type': JSON_TYPE, 'content-encoding': 'gzip' },
  body: gzipSync(toJson(object)),
});
const asYaml: Encoding = (object) => ({
  headers: { 'content-type': 'application/yaml' },
  body: Buffer.from(stringify(JSON.parse(toJson(object)))),
});
const asProtobuf: Encoding = (object) => {
  try {
    const { value } = parseJson(toJson(object));
    const { apiVersion, kind } = object as { apiVersion: string; kind: string };
    if (!isObject(value) || !canEncodeProtobuf(apiVersion, kind)) return asJson(object);
    return { headers: { 'content-type': 'application/vnd.kubernetes.protobuf' }, body: Buffer.from(encodeProtobuf(value)) };
  } catch {
    // The encoder takes valid objects only.
    return asJson(object);
  }
};

function nameFor(kind: FuzzKind, { namespace, name, index }: Place): { readonly namespace: string; readonly name: string } {
  if (kind.kind === 'Namespace') return { namespace: '', name: index % 4 === 0 ? `passing-${index % 3}` : namespace };
  return { namespace: kind.isNamespaced ? namespace : '', name };
}

/** An object that exists, mostly; names of which nobody knows otherwise. */
function target(world: World, kind: FuzzKind, wish: Place): { readonly namespace: string; readonly name: string } {
  return find(world, kind, wish) ?? nameFor(kind, wish);
}

function find(world: World, kind: FuzzKind, wish: Place): LiveObject | undefined {
  if (!wish.isLive) return undefined;
  const live = world.history.live(kind.collection).filter(({ name, namespace }) => isOurs(kind, name, namespace));
  return live[wish.index % Math.max(1, live.length)];
}

function isOurs(kind: FuzzKind, name: string, namespace: string): boolean {
  if (kind.kind === 'Namespace') return /^(fuzz|passing)-/.test(name);
  if (kind.isNamespaced) return /^(fuzz|passing)-/.test(namespace);
  return /^n\d/.test(name);
}

function withQuery(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`;
}

function send(
  world: World,
  wish: { readonly accept: string; readonly protocol: Call['protocol'] },
  call: { readonly method: string; readonly path: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: Buffer },
): ReturnType<Plan> {
  const headers = { authorization: `Bearer ${world.token}`, accept: wish.accept, 'user-agent': 'fuzz/1', ...call.headers };
  return { kind: 'call', isValid: true, call: { method: call.method, path: call.path, headers, body: call.body, protocol: wish.protocol } };
}
