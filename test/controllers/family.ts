import type { Client, KubeObject } from '../http/client.ts';

/** An owner reference to an object, which blocks a deletion in the foreground if wanted. */
export function ownedBy(
  owner: KubeObject,
  changes: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const { name, uid } = owner.metadata;
  return { apiVersion: owner.apiVersion, kind: owner.kind, name, uid, ...changes };
}

export const BLOCKING = { blockOwnerDeletion: true };

/** Makes a ConfigMap with owners and finalizers in a collection. */
export function member(
  client: Client,
  collection: string,
  object: {
    readonly name: string;
    readonly owners?: readonly Record<string, unknown>[];
    readonly finalizers?: readonly string[];
  },
): Promise<KubeObject> {
  const { name, owners, finalizers } = object;
  return client.create(collection, { metadata: { name, ownerReferences: owners, finalizers } });
}

/** DeleteOptions of one policy. */
export function policy(propagationPolicy: 'Foreground' | 'Background' | 'Orphan'): Record<string, unknown> {
  return { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy };
}

/**
 * Waits until the controllers have done all that they had to do by now: they have deleted an owner's
 * dependent that was created after everything else.
 */
export async function untilCollected(client: Client, collection: string): Promise<void> {
  for (const name of ['first-pass', 'second-pass']) {
    const owners = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'never', uid: 'never-was' }];
    await member(client, collection, { name, owners });
    await client.untilGone(`${collection}/${name}`);
  }
}

export function widgetDefinition(group: string, scope: 'Namespaced' | 'Cluster'): Record<string, unknown> {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope,
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  };
}

export const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Defines a kind and waits until it is served. */
export async function defineWidgets(
  client: Client,
  group: string,
  scope: 'Namespaced' | 'Cluster',
): Promise<void> {
  await client.create(DEFINITIONS, widgetDefinition(group, scope));
  await client.until(
    `${DEFINITIONS}/widgets.${group}`,
    (crd) => conditionOf(crd, 'Established')?.['status'] === 'True',
  );
}

export function conditionOf(object: KubeObject, type: string): Readonly<Record<string, string>> | undefined {
  const status = (object['status'] ?? {}) as {
    // A new CRD has none, and says so with a null.
    conditions?: readonly Readonly<Record<string, string>>[] | null;
  };
  return status.conditions?.find((condition) => condition['type'] === type);
}
