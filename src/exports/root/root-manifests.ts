import { type KcpKind, kcpKinds, PATH_ANNOTATION, schemaOfKind } from '../../definitions/mod.ts';
import { IDENTITY_NAMESPACE } from '../identity/mod.ts';

/** What the root of the workspace tree offers: exports of kcp's own kinds, and the types of workspaces. */

const APIS = 'apis.kcp.io';
const TENANCY = 'tenancy.kcp.io';
const ROOT = 'root';
/** Marks what is only made once: somebody may change it, and it stays as they want it. */
export const CREATE_ONLY_ANNOTATION = 'bootstrap.kcp.io/create-only';
const BATTERY_ANNOTATION = 'bootstrap.kcp.io/battery';

/** An object as somebody would send it to be created. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: object;
}

/** The exports of root: which kinds each of them offers is said by the kinds. */
export const ROOT_EXPORTS = [
  'planet.antipode.dev',
  'shards.core.kcp.io',
  'tenancy.kcp.io',
  'topology.kcp.io',
] as const;

export function rootSchemas(): readonly Manifest[] {
  return kcpKinds
    .filter(({ exportedBy }) => exportedBy !== undefined)
    .map((kind) => ({ ...schemaOfKind(kind), apiVersion: `${APIS}/v1alpha1`, kind: 'APIResourceSchema' }));
}

export function rootExport(name: string): Manifest {
  const policy = name === TENANCY ? { maximalPermissionPolicy: { local: {} } } : {};
  return {
    apiVersion: `${APIS}/v1alpha2`,
    kind: 'APIExport',
    metadata: { name, annotations: { [PATH_ANNOTATION]: ROOT } },
    spec: {
      identity: { secretRef: { name, namespace: IDENTITY_NAMESPACE } },
      ...policy,
      resources: kcpKinds.filter(({ exportedBy }) => exportedBy === name).map(exportedResource),
    },
  };
}

export function rootEndpointSlice(name: string): Manifest {
  return {
    apiVersion: `${APIS}/v1alpha1`,
    kind: 'APIExportEndpointSlice',
    metadata: { name },
    spec: { export: { name, path: ROOT } },
  };
}

function exportedResource(kind: KcpKind): object {
  const { group, plural } = kind;
  return { group, name: plural, schema: schemaOfKind(kind).metadata.name, storage: { crd: {} } };
}

const type = (name: string): { readonly name: string; readonly path: string } => ({ name, path: ROOT });
const UNIVERSAL = type('universal');

/** The types of workspaces that there are from the beginning. */
export const rootTypes: readonly Manifest[] = [
  workspaceType('root', {
    annotations: { [CREATE_ONLY_ANNOTATION]: 'true' },
    spec: {
      extend: { with: [UNIVERSAL] },
      defaultChildWorkspaceType: type('organization'),
      limitAllowedParents: { none: true },
    },
  }),
  workspaceType('universal', {
    spec: {
      initializer: true,
      defaultAPIBindings: [
        { path: ROOT, export: TENANCY },
        { path: ROOT, export: 'topology.kcp.io' },
      ],
    },
  }),
  workspaceType('home', {
    spec: {
      extend: { with: [UNIVERSAL] },
      defaultChildWorkspaceType: UNIVERSAL,
      limitAllowedParents: { none: true },
    },
  }),
  workspaceType('organization', {
    annotations: { [BATTERY_ANNOTATION]: 'workspace-types' },
    spec: {
      extend: { with: [UNIVERSAL] },
      defaultChildWorkspaceType: UNIVERSAL,
      limitAllowedChildren: { types: [UNIVERSAL] },
      limitAllowedParents: { types: [type('root')] },
    },
  }),
  workspaceType('team', {
    annotations: { [BATTERY_ANNOTATION]: 'workspace-types' },
    spec: {
      extend: { with: [UNIVERSAL] },
      defaultChildWorkspaceType: UNIVERSAL,
      limitAllowedParents: { types: [type('organization'), type('team')] },
    },
  }),
];

function workspaceType(
  name: string,
  {
    spec,
    annotations = {},
  }: { readonly spec: object; readonly annotations?: Readonly<Record<string, string>> },
): Manifest {
  return {
    apiVersion: `${TENANCY}/v1alpha1`,
    kind: 'WorkspaceType',
    metadata: { name, annotations: { ...annotations, [PATH_ANNOTATION]: ROOT } },
    spec,
  };
}

/**
 * The object of this shard. It is reached where it is reached: URLs without a host, which are completed when they are
 * shown. More labels are for the operator to add.
 */
export function shardManifest(name: string, region: string): Manifest {
  return {
    apiVersion: 'core.kcp.io/v1alpha1',
    kind: 'Shard',
    metadata: { name, labels: { name, region } },
    spec: { baseURL: '/', externalURL: '/', virtualWorkspaceURL: '/' },
  };
}
