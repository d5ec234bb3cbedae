import { type Api, FOREGROUND_FINALIZER, logicalClusterKey, ORPHAN_FINALIZER } from '../api/mod.ts';
import { type LogicalCluster, parseLogicalCluster } from '../base/mod.ts';
import { CRD_FINALIZER, CRD_GROUP, CRD_RESOURCE } from '../definitions/mod.ts';
import { isObject, type KubeObject, objectAt, parseJson, textAt } from '../machinery/mod.ts';
import { type ListedObject, objectKeyText, type Row } from '../store/mod.ts';
import { RESOURCES_REMAIN, TENANCY_GROUP, WORKSPACE_FINALIZER, WORKSPACES } from '../workspaces/mod.ts';

/** What an object is to the deletion of its logical cluster. */
export type Part =
  /** Nobody waits for it. */
  | { readonly is: 'free' }
  /** Nobody waits for it, but what is held needs it: its namespace, its kind, or the right to get at it. */
  | { readonly is: 'ground' }
  /** Finalizers of others hold it. */
  | { readonly is: 'held'; readonly finalizers: readonly string[] }
  /** A workspace with a logical cluster, which has to go first. */
  | {
      readonly is: 'child';
      readonly cluster: LogicalCluster;
      /** Something in it is held. */
      readonly isHeld: boolean;
      readonly finalizers: readonly string[];
    };

/**
 * What the server itself waits for when such an object is deleted alone. Here all that it is about goes too, so that
 * nothing is left to be done.
 */
const OWN_FINALIZERS: readonly string[] = [
  FOREGROUND_FINALIZER,
  ORPHAN_FINALIZER,
  CRD_FINALIZER,
  'apis.kcp.io/apibinding-finalizer',
];

const GROUND: readonly { readonly group: string; readonly resource: string }[] = [
  { group: '', resource: 'namespaces' },
  { group: CRD_GROUP, resource: CRD_RESOURCE },
  { group: 'apis.kcp.io', resource: 'apibindings' },
  ...['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'].map((resource) => ({
    group: 'rbac.authorization.k8s.io',
    resource,
  })),
];

/** Tells what the objects of a logical cluster that goes are; undefined for the LogicalCluster itself. */
export function partOf(api: Api, { key, row }: ListedObject): Part | undefined {
  if (objectKeyText(key) === objectKeyText(logicalClusterKey(key.cluster))) return undefined;
  const isWorkspace = isWorkspaceKey(api, key);
  // Most objects are neither workspaces nor have finalizers, and need no parsing.
  if (isWorkspace || row.json.includes('"finalizers"')) {
    const { value } = parseJson(row.json);
    const object = (isObject(value) ? value : {}) as KubeObject;
    const finalizers = (object.metadata?.finalizers ?? []).filter((name) => !OWN_FINALIZERS.includes(name));
    if (isWorkspace) {
      const others = finalizers.filter((name) => name !== WORKSPACE_FINALIZER);
      if (others.length > 0) return { is: 'held', finalizers: others };
      const cluster = parseLogicalCluster(textAt(objectAt(object, 'spec'), 'cluster'));
      if (cluster === undefined) return { is: 'free' };
      return { is: 'child', cluster, isHeld: isWorkspaceHeld(row), finalizers };
    }
    if (finalizers.length > 0) return { is: 'held', finalizers };
  }
  const isGround = GROUND.some(({ group, resource }) => key.group === group && key.resource === resource);
  return { is: isGround ? 'ground' : 'free' };
}

/** Whether a Workspace says that something in it keeps it: most do not, and need no parsing. */
export function isWorkspaceHeld({ json }: Row): boolean {
  return json.includes(`"reason":"${RESOURCES_REMAIN}"`);
}

/** Whether an object is of our kind of that name, and not of another one that somebody offers. */
export function isWorkspaceKey(api: Api, key: ListedObject['key']): boolean {
  return key.group === TENANCY_GROUP && key.resource === WORKSPACES && !api.registry.isForeign(key);
}

/** What of a logical cluster others hold, as its condition tells it. */
export class HeldContent {
  readonly #counts = new Map<string, number>();
  readonly #finalizers = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  note(
    { group, resource }: { readonly group: string; readonly resource: string },
    finalizers: readonly string[],
  ): void {
    const kind = `${resource}.${group}`;
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    for (const name of finalizers) this.#finalizers.set(name, (this.#finalizers.get(name) ?? 0) + 1);
  }

  /** In the words of kcp, which are those of Kubernetes about namespaces. */
  get message(): string {
    const kinds = [...this.#counts].map(([kind, count]) => `${kind} has ${count} resource instances`).sort();
    const held = [...this.#finalizers]
      .map(([name, count]) => `${name} in ${count} resource instances`)
      .sort();
    return [
      `Some resources are remaining: ${kinds.join(', ')}`,
      ...(held.length === 0
        ? []
        : [`Some content in the logical cluster has finalizers remaining: ${held.join(', ')}`]),
    ].join('; ');
  }
}
