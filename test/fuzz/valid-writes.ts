import fc from 'fast-check';
import { encodingOf, objectOf } from './encodings.ts';
import { type FuzzKind, groupEvents, kinds, pathOf } from './kinds.ts';
import {
  anyAccept,
  anyKind,
  dryRun,
  find,
  JSON_TYPE,
  MERGE_PATCH,
  nameFor,
  place,
  protocol,
  send,
  withQuery,
} from './places.ts';
import type { Plan, World } from './plan.ts';
import { annotations, edgeNumber, labels, maybe, oneOf, pick, toJson } from './values.ts';

const JSON_PATCH = 'application/json-patch+json';

const APPLY_PATCH = 'application/apply-patch+yaml';

const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';

const writeQuery = fc
  .tuple(
    dryRun,
    pick(
      [8, ''],
      [1, 'fieldValidation=Strict'],
      [1, 'fieldValidation=Ignore'],
      [1, 'fieldManager=fuzz'],
      [1, 'pretty=true'],
      [1, 'timeout=5s'],
    ),
  )
  .map((parts) => parts.filter((part) => part !== '').join('&'));

const finalizerChange = pick<Record<string, unknown>>(
  [8, {}],
  [1, { finalizers: ['example.com/hold'] }],
  [5, { finalizers: null }],
);

const newMetadata = fc.record({
  labels: maybe(labels),
  annotations: maybe(annotations),
  finalizers: pick<readonly string[] | undefined>([15, undefined], [1, ['example.com/hold']]),
  owner: pick<'none' | 'live' | 'absent'>([20, 'none'], [3, 'live'], [1, 'absent']),
});

type NewMetadata = typeof newMetadata extends fc.Arbitrary<infer Value> ? Value : never;

export function createRequest(): fc.Arbitrary<Plan> {
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
      .map(
        (wish): Plan =>
          (world) => {
            const { namespace, name } = nameFor(kind, wish.place);
            const identity = wish.isGenerated ? { generateName: `${name}-` } : { name };
            const body = objectOf(kind, {
              namespace,
              fields: wish.fields,
              metadata: { ...ownersOf(world, wish.metadata, namespace), ...identity },
            });
            return send(world, wish, {
              method: 'POST',
              path: withQuery(pathOf(kind, { namespace }), wish.query),
              ...wish.encoding(body),
            });
          },
      ),
  );
}

export function updateRequest(): fc.Arbitrary<Plan> {
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
      .map(
        (wish): Plan =>
          (world) => {
            const live = find(world, kind, wish.place);
            const { namespace, name } = live ?? nameFor(kind, wish.place);
            const old = live?.object ?? {};
            const { resourceVersion: _revision, ...kept } = (old.metadata ?? {}) as Record<string, unknown>;
            const revision =
              wish.revision === 'own' ? live?.resourceVersion : wish.revision === 'stale' ? '1' : undefined;
            const metadata = {
              ...kept,
              name,
              labels: wish.labels,
              resourceVersion: revision,
              ...wish.finalizers,
            };
            const {
              metadata: _metadata,
              apiVersion: _version,
              kind: _kind,
              ...rest
            } = old as Record<string, unknown>;
            // What events look like in their other group is not known here.
            const fields = live !== undefined && kind === groupEvents ? {} : { ...rest, ...wish.fields };
            const body = objectOf(kind, { namespace, metadata, fields });
            return send(world, wish, {
              method: 'PUT',
              path: withQuery(pathOf(kind, { namespace, name }), wish.query),
              ...wish.encoding(body),
            });
          },
      ),
  );
}

export function patchRequest(): fc.Arbitrary<Plan> {
  return anyKind.chain((kind) =>
    fc
      .record({
        place,
        patch: patchOf(kind),
        query: writeQuery,
        manager: pick([3, 'a'], [2, 'b'], [1, '__proto__']),
        isForced: pick([3, true], [1, false]),
        accept: anyAccept(''),
        protocol,
      })
      .map(
        (wish): Plan =>
          (world) => {
            const live = find(world, kind, wish.place);
            const { namespace, name } = live ?? nameFor(kind, wish.place);
            const isApply = wish.patch.type === APPLY_PATCH;
            const query = isApply
              ? `${wish.query}&fieldManager=${wish.manager}&force=${wish.isForced}`
              : wish.query;
            const path = withQuery(
              pathOf(kind, { namespace, name }),
              query.replace('fieldManager=fuzz&', ''),
            );
            const text = toJson(wish.patch.value)
              .replaceAll('$namespace', namespace)
              .replaceAll('$name', name)
              .replaceAll('$revision', live?.resourceVersion ?? '1');
            return send(world, wish, {
              method: 'PATCH',
              path,
              headers: { 'content-type': wish.patch.type },
              body: Buffer.from(text),
            });
          },
      ),
  );
}

function patchOf(kind: FuzzKind): fc.Arbitrary<{ readonly type: string; readonly value: unknown }> {
  const merged = fc
    .record({ fields: kind.fields, labels, finalizers: finalizerChange })
    .map(({ fields, labels: some, finalizers }) => ({
      ...fields,
      metadata: { labels: { ...some, tier: null }, ...finalizers },
    }));
  const applied = fc.record({ fields: kind.fields, labels }).map(({ fields, labels: some }) => ({
    ...fields,
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: { name: '$name', labels: some },
  }));
  const owned = fc
    .record({
      manager: fc.constantFrom('a', 'b', 'c', '', '__proto__'),
      operation: fc.constantFrom('Apply', 'Update', 'Other'),
      apiVersion: fc.constantFrom(kind.apiVersion, 'v0', ''),
      fieldsType: fc.constantFrom('FieldsV1', 'FieldsV2'),
      fieldsV1: fc.constantFrom<unknown>(
        {},
        { 'f:metadata': { 'f:labels': { '.': {}, 'f:app': {}, 'f:__proto__': {} } } },
        { 'f:spec': { 'f:parts': { 'k:{"name":"a"}': { '.': {}, 'f:n': {} }, 'v:1': {}, 'i:0': {} } } },
        { 'k:{': {} },
        { x: 1 },
        null,
      ),
    })
    .map((entry) => ({ metadata: { managedFields: [entry] } }));
  const steps = fc.array(
    oneOf<unknown>(
      [2, fc.constant({ op: 'add', path: '/metadata/labels', value: { app: 'a' } })],
      [1, fc.constant({ op: 'replace', path: '/metadata/labels/app', value: 'b' })],
      [1, fc.constant({ op: 'test', path: '/kind', value: kind.kind })],
      [1, fc.constant({ op: 'test', path: '/metadata/resourceVersion', value: '$revision' })],
      [1, fc.constant({ op: 'remove', path: '/metadata/annotations' })],
      [1, annotations.map((value) => ({ op: 'add', path: '/metadata/annotations', value }))],
      [1, fc.constant({ op: 'copy', from: '/metadata/name', path: '/metadata/labels/x' })],
      [1, fc.constant({ op: 'move', from: '/metadata/labels/x', path: '/metadata/labels/app' })],
    ),
    { maxLength: 3 },
  );
  const strategic = fc.record({
    labels,
    finalizers: fc.constantFrom<unknown>(
      {},
      { $patch: 'merge' },
      { '$deleteFromPrimitiveList/finalizers': ['example.com/hold'] },
    ),
  });
  return oneOf<{ readonly type: string; readonly value: unknown }>(
    [4, merged.map((value) => ({ type: MERGE_PATCH, value }))],
    [4, applied.map((value) => ({ type: APPLY_PATCH, value }))],
    [1, owned.map((value) => ({ type: MERGE_PATCH, value }))],
    [1, fc.constant({ type: MERGE_PATCH, value: { metadata: { managedFields: null } } })],
    [1, fc.constant({ type: MERGE_PATCH, value: {} })],
    [
      1,
      fc.constant({
        type: MERGE_PATCH,
        value: { metadata: { resourceVersion: '$revision', labels: { x: 'a' } } },
      }),
    ],
    [3, steps.map((value) => ({ type: JSON_PATCH, value }))],
    [
      kind.isCustom ? 0 : 2,
      strategic.map((value) => ({
        type: STRATEGIC_PATCH,
        value: { metadata: { labels: value.labels, ...(value.finalizers as object) } },
      })),
    ],
    [kind.isCustom ? 1 : 2, merged.map((value) => ({ type: STRATEGIC_PATCH, value }))],
  );
}

export function statusRequest(): fc.Arbitrary<Plan> {
  const status = fc.record({ ready: fc.boolean(), hard: fc.constant({ configmaps: '3' }), n: edgeNumber });
  const kind = fc.constantFrom(
    ...kinds.filter(({ hasStatus, kind: name }) => hasStatus && name !== 'Namespace'),
  );
  return fc
    .record({
      kind,
      place,
      status,
      isPatch: fc.boolean(),
      query: writeQuery,
      accept: anyAccept(''),
      protocol,
    })
    .map(
      (wish): Plan =>
        (world) => {
          const live = find(world, wish.kind, wish.place);
          const where = live ?? nameFor(wish.kind, wish.place);
          const value = wish.kind.isCustom ? wish.status : { hard: wish.status.hard };
          const { metadata: old, ...rest } = (live?.object ?? {}) as Record<string, unknown>;
          const fields = { ...rest, status: value };
          const body = wish.isPatch
            ? { status: value }
            : objectOf(wish.kind, {
                namespace: where.namespace,
                metadata: { ...(old as object), name: where.name },
                fields,
              });
          const headers = { 'content-type': wish.isPatch ? MERGE_PATCH : JSON_TYPE };
          const path = withQuery(`${pathOf(wish.kind, where)}/status`, wish.query);
          return send(world, wish, {
            method: wish.isPatch ? 'PATCH' : 'PUT',
            path,
            headers,
            body: Buffer.from(toJson(body)),
          });
        },
    );
}

function ownersOf(
  world: World,
  { owner, ...metadata }: NewMetadata,
  namespace: string,
): Record<string, unknown> {
  if (owner === 'none') return metadata;
  const live = world.history.live('/configmaps').find((candidate) => candidate.namespace === namespace);
  const uid = owner === 'live' && live !== undefined ? live.uid : '00000000-0000-4000-8000-000000000000';
  return {
    ...metadata,
    ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: live?.name ?? 'n0', uid }],
  };
}
