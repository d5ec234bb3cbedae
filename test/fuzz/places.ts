import fc from 'fast-check';
import type { LiveObject } from './history.ts';
import { type FuzzKind, groupEvents, kinds, NAMESPACES, oldWidgets } from './kinds.ts';
import type { Plan, World } from './plan.ts';
import type { Call } from './transport.ts';
import { oneOf, pick } from './values.ts';

const NAMES = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'];

export const JSON_TYPE = 'application/json';

export const MERGE_PATCH = 'application/merge-patch+json';

export const anyKind = oneOf<FuzzKind>(
  [14, fc.constantFrom(...kinds)],
  [1, fc.constant(groupEvents)],
  [2, fc.constant(oldWidgets)],
);

export const place = fc.record({
  namespace: fc.constantFrom(...NAMESPACES),
  name: fc.constantFrom(...NAMES),
  index: fc.nat(),
  isLive: pick([3, true], [1, false]),
});

export type Place = typeof place extends fc.Arbitrary<infer Value> ? Value : never;

export const dryRun = pick([12, ''], [1, 'dryRun=All']);

export const selector = pick(
  [6, ''],
  [1, 'labelSelector=app%3Da'],
  [1, 'labelSelector=app%20in%20(a,b),!tier'],
  [1, 'labelSelector=x%20notin%20(Z)'],
  [1, 'fieldSelector=metadata.name%3Dn1'],
  [1, 'fieldSelector=metadata.name!%3Dn1,metadata.namespace%3Dfuzz-a'],
);

const transformed = (name: string): string => `application/json;as=${name};g=meta.k8s.io;v=v1`;

export const anyAccept = (list: string): fc.Arbitrary<string> =>
  pick(
    [12, JSON_TYPE],
    [2, `${transformed('Table')},application/json`],
    [1, transformed(`PartialObjectMetadata${list}`)],
    [2, 'application/vnd.kubernetes.protobuf,application/json'],
    [1, `application/vnd.kubernetes.protobuf;as=PartialObjectMetadata${list};g=meta.k8s.io;v=v1`],
    [1, 'application/yaml'],
    [1, '*/*'],
  );
export const protocol = pick<Call['protocol']>([3, 'http1'], [1, 'http2']);

export function nameFor(
  kind: FuzzKind,
  { namespace, name, index }: Place,
): { readonly namespace: string; readonly name: string } {
  if (kind.kind === 'Namespace')
    return { namespace: '', name: index % 4 === 0 ? `passing-${index % 3}` : namespace };
  return { namespace: kind.isNamespaced ? namespace : '', name };
}

/** An object that exists, mostly; names of which nobody knows otherwise. */
export function target(
  world: World,
  kind: FuzzKind,
  wish: Place,
): { readonly namespace: string; readonly name: string } {
  return find(world, kind, wish) ?? nameFor(kind, wish);
}

export function find(world: World, kind: FuzzKind, wish: Place): LiveObject | undefined {
  if (!wish.isLive) return undefined;
  const live = world.history
    .live(kind.collection)
    .filter(({ name, namespace }) => isOurs(kind, name, namespace));
  return live[wish.index % Math.max(1, live.length)];
}

function isOurs(kind: FuzzKind, name: string, namespace: string): boolean {
  if (kind.kind === 'Namespace') return /^(fuzz|passing)-/.test(name);
  if (kind.isNamespaced) return /^(fuzz|passing)-/.test(namespace);
  return /^n\d/.test(name);
}

export function withQuery(path: string, query: string): string {
  return query === '' ? path : `${path}?${query}`;
}

export function send(
  world: World,
  wish: { readonly accept: string; readonly protocol: Call['protocol'] },
  call: {
    readonly method: string;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Buffer;
  },
): ReturnType<Plan> {
  const headers = {
    authorization: `Bearer ${world.token}`,
    accept: wish.accept,
    'user-agent': 'fuzz/1',
    ...(wish.protocol === 'http2' ? { 'accept-encoding': 'gzip' } : {}),
    ...call.headers,
  };
  return {
    kind: 'call',
    isValid: true,
    call: { method: call.method, path: call.path, headers, body: call.body, protocol: wish.protocol },
  };
}
