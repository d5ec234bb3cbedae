import fc from 'fast-check';
import { anyJson, anyText, edgeNumber, maybe, oneOf, pick, quantity, word } from './values.ts';

/** A kind that the requests are about. */
export interface FuzzKind {
  /** `group/plural`: where the objects are kept, whatever the version that they are seen in. */
  readonly collection: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly isNamespaced: boolean;
  readonly isCustom: boolean;
  readonly hasStatus: boolean;
  /** Everything but apiVersion, kind and metadata. */
  readonly fields: fc.Arbitrary<Readonly<Record<string, unknown>>>;
}

export const NAMESPACES = ['fuzz-a', 'fuzz-b', 'fuzz-c'] as const;
export const WIDGETS_CRD = 'widgets.fuzz.example.com';
export const GADGETS_CRD = 'gadgets.fuzz.example.com';
/** CRDs that come and go. */
export const GUESTS = ['guests', 'visitors'] as const;

const base64: fc.Arbitrary<string> = fc
  .uint8Array({ maxLength: 24 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));
const dataKey = fc.constantFrom('key', 'other.txt', '_x', 'A-1');
const dictionary = <Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Record<string, Value>> =>
  fc.dictionary(dataKey, values, { maxKeys: 3, noNullPrototype: true });
const count = fc.integer({ min: 0, max: 1_000 });
const time = fc.constantFrom('2024-01-02T03:04:05Z', '2024-06-30T23:59:60+02:00', '2030-12-31T00:00:00.5Z');
const microTime = fc.constantFrom('2024-01-02T03:04:05.000006Z', '2024-01-02T03:04:05.123456+01:00');

const rules = fc.array(
  fc.record({
    apiGroups: fc.constantFrom([''], ['*'], ['apps', '']),
    resources: fc.constantFrom(['configmaps'], ['*'], ['foos/status']),
    verbs: fc.constantFrom(['get'], ['*'], ['list', 'watch']),
  }),
  { maxLength: 3 },
);
const subjects = fc.array(
  oneOf<unknown>(
    [1, fc.constant({ kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' })],
    [1, fc.constant({ kind: 'ServiceAccount', name: 'robot', namespace: 'fuzz-a' })],
    [1, fc.constant({ kind: 'Group', name: 'all', apiGroup: 'rbac.authorization.k8s.io' })],
  ),
  { maxLength: 2 },
);
const roleRef = (kind: string): unknown => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name: 'some' });

const widgetFields = fc.record({
  spec: fc.record(
    {
      size: fc.integer({ min: 0, max: 100 }),
      port: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom('http', '80%')),
      mode: fc.constantFrom('fast', 'slow'),
      title: fc.option(fc.string({ maxLength: 9 })),
      extra: oneOf<unknown>([4, fc.dictionary(word, anyJson, { maxKeys: 3, noNullPrototype: true })]),
      parts: fc
        .uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 })
        .map((names) => names.map((name) => ({ name, n: 1 }))),
      big: fc.constantFrom(1, -1, 4_294_967_296, Number.MAX_SAFE_INTEGER),
    },
    { requiredKeys: ['size'] },
  ),
});

/** All kinds that are stored, with bodies of which most are valid. */
export const kinds: readonly FuzzKind[] = [
  builtin('v1', 'ConfigMap', 'configmaps', {
    fields: fc.record({
      data: oneOf<Record<string, string> | undefined>(
        [60, maybe(dictionary(anyText))],
        // Large enough to be answered compressed.
        [1, fc.constant({ key: 'large '.repeat(25_000) })],
      ),
      binaryData: pick([5, undefined], [1, { 'b.bin': 'AAEC' }]),
    }),
  }),
  builtin('v1', 'Secret', 'secrets', {
    fields: fc.record({ data: maybe(dictionary(base64)), stringData: maybe(dictionary(anyText)) }),
  }),
  builtin('v1', 'ServiceAccount', 'serviceaccounts', {
    fields: fc.record({
      secrets: maybe(fc.constantFrom([{ name: 's' }], [])),
      automountServiceAccountToken: maybe(fc.boolean()),
    }),
  }),
  builtin('v1', 'Event', 'events', {
    fields: fc.record({
      involvedObject: fc.constant({ kind: 'ConfigMap', name: 'n0', namespace: '$namespace' }),
      reason: word,
      message: fc.string({ maxLength: 40 }),
      type: fc.constantFrom('Normal', 'Warning'),
      count,
      firstTimestamp: maybe(time),
      lastTimestamp: maybe(time),
    }),
  }),
  builtin('v1', 'LimitRange', 'limitranges', {
    fields: fc.record({
      spec: fc.record({
        limits: fc.array(fc.record({ type: fc.constant('Container'), max: fc.record({ cpu: quantity }) }), {
          maxLength: 1,
        }),
      }),
    }),
  }),
  builtin('v1', 'ResourceQuota', 'resourcequotas', {
    hasStatus: true,
    fields: fc.record({
      spec: fc.record({
        hard: fc.dictionary(fc.constantFrom('configmaps', 'secrets', 'requests.cpu'), quantity, {
          maxKeys: 2,
          noNullPrototype: true,
        }),
      }),
    }),
  }),
  builtin('v1', 'Namespace', 'namespaces', { isNamespaced: false, hasStatus: true, fields: fc.constant({}) }),
  builtin('coordination.k8s.io/v1', 'Lease', 'leases', {
    fields: fc.record({
      spec: fc.record(
        {
          holderIdentity: word,
          leaseDurationSeconds: fc.integer({ min: 1, max: 60 }),
          renewTime: microTime,
          leaseTransitions: count,
        },
        { requiredKeys: [] },
      ),
    }),
  }),
  builtin('rbac.authorization.k8s.io/v1', 'Role', 'roles', { fields: fc.record({ rules }) }),
  builtin('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings', {
    fields: fc.record({ subjects, roleRef: fc.constant(roleRef('Role')) }),
  }),
  builtin('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', {
    isNamespaced: false,
    fields: fc.record({ rules }),
  }),
  builtin('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', {
    isNamespaced: false,
    fields: fc.record({ subjects, roleRef: fc.constant(roleRef('ClusterRole')) }),
  }),
  custom('Widget', 'widgets', { isNamespaced: true, fields: widgetFields }),
  custom('Gadget', 'gadgets', {
    isNamespaced: false,
    fields: fc.record({
      spec: fc.record({ value: anyJson, number: edgeNumber }),
      status: maybe(fc.constant({ ready: true })),
    }),
  }),
];

/** All kinds whose objects are held against their watch: definitions too, which are not written like the rest. */
export const followedKinds: readonly FuzzKind[] = [
  ...kinds,
  builtin('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', {
    isNamespaced: false,
    hasStatus: true,
    fields: fc.constant({}),
  }),
];

/** The same events, seen in their other group. */
export const groupEvents: FuzzKind = {
  ...builtin('events.k8s.io/v1', 'Event', 'events', {
    fields: fc.record({
      eventTime: microTime,
      reportingController: fc.constant('example.com/tester'),
      reportingInstance: fc.constant('tester-1'),
      action: word,
      reason: word,
      regarding: fc.constant({ kind: 'ConfigMap', name: 'n0', namespace: '$namespace' }),
      note: fc.string({ maxLength: 40 }),
      type: fc.constant('Normal'),
    }),
  }),
  collection: '/events',
};

/** The same widgets in their older version. */
export const oldWidgets: FuzzKind = {
  ...custom('Widget', 'widgets', { isNamespaced: true, fields: widgetFields }),
  apiVersion: 'fuzz.example.com/v1beta1',
};

/** Where a resource of a kind is served, with or without name and namespace. */
export function pathOf(
  kind: FuzzKind,
  place: { readonly namespace?: string; readonly name?: string },
): string {
  const root = kind.apiVersion === 'v1' ? '/api/v1' : `/apis/${kind.apiVersion}`;
  const namespace = kind.isNamespaced && place.namespace ? `/namespaces/${place.namespace}` : '';
  return `${root}${namespace}/${kind.plural}${place.name === undefined ? '' : `/${place.name}`}`;
}

function builtin(
  apiVersion: string,
  kind: string,
  plural: string,
  options: Pick<FuzzKind, 'fields'> & Partial<Pick<FuzzKind, 'isNamespaced' | 'hasStatus'>>,
): FuzzKind {
  const group = apiVersion === 'v1' ? '' : apiVersion.split('/')[0];
  return {
    collection: `${group}/${plural}`,
    apiVersion,
    kind,
    plural,
    isNamespaced: true,
    isCustom: false,
    hasStatus: false,
    ...options,
  };
}

function custom(kind: string, plural: string, options: Pick<FuzzKind, 'fields' | 'isNamespaced'>): FuzzKind {
  const apiVersion = 'fuzz.example.com/v1';
  return {
    collection: `fuzz.example.com/${plural}`,
    apiVersion,
    kind,
    plural,
    isCustom: true,
    hasStatus: true,
    ...options,
  };
}

/** A CRD of `plural` in the group of these tests. */
export function definitionOf(
  plural: string,
  options: { readonly kind: string; readonly scope: string; readonly versions: readonly unknown[] },
): Record<string, unknown> {
  const { kind, scope, versions } = options;
  const group = 'fuzz.example.com';
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: { group, names: { plural, kind }, scope, versions },
  };
}

const open = { 'x-kubernetes-preserve-unknown-fields': true };
const partsSchema = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['name'],
  items: {
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string' }, n: { type: 'integer' } },
  },
};
const widgetSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 0, maximum: 90 },
        port: { 'x-kubernetes-int-or-string': true },
        mode: { type: 'string', enum: ['fast', 'slow'], default: 'slow' },
        title: { type: 'string', nullable: true, maxLength: 8 },
        extra: { type: 'object', ...open },
        parts: partsSchema,
        big: { type: 'integer', format: 'int64' },
      },
    },
    status: { type: 'object', ...open },
  },
};
const subresources = { status: {} };
const columns = [
  { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
  { name: 'Extra', type: 'string', jsonPath: '.spec.extra' },
];

export const widgetsDefinition = definitionOf('widgets', {
  kind: 'Widget',
  scope: 'Namespaced',
  versions: [
    {
      name: 'v1',
      served: true,
      storage: true,
      schema: { openAPIV3Schema: widgetSchema },
      subresources,
      additionalPrinterColumns: columns,
    },
    {
      name: 'v1beta1',
      served: true,
      storage: false,
      deprecated: true,
      schema: { openAPIV3Schema: widgetSchema },
      subresources,
    },
  ],
});

export const gadgetsDefinition = definitionOf('gadgets', {
  kind: 'Gadget',
  scope: 'Cluster',
  versions: [
    {
      name: 'v1',
      served: true,
      storage: true,
      schema: { openAPIV3Schema: { type: 'object', ...open } },
      subresources,
    },
  ],
});
