import type { Definition, MountedObject } from '../definitions/mod.ts';
import type { KubeObject } from '../machinery/mod.ts';
import type { ObjectKey, WorkChange } from '../store/mod.ts';
import type { Api } from './api.ts';

/** Workspaces may be doors to this object, and have to say how it is: key is what is mounted. */
export const WORKSPACE_MOUNTS = 'workspace-mounts';
/** Objects without this annotation are no mounts. */
export const IS_MOUNT = 'experimental.tenancy.kcp.io/is-mount';

/** What is owed when an object changes, comes or goes that a Workspace may be a door to. */
export function mountWork(
  api: Pick<Api, 'random'>,
  change: {
    readonly definition: Definition;
    readonly key: ObjectKey;
    readonly object?: KubeObject | undefined;
    readonly old: KubeObject | undefined;
  },
): readonly WorkChange[] {
  const { definition, key, object, old } = change;
  if (!isMount(object) && !isMount(old)) return [];
  const { group, names } = definition;
  const text = mountWorkKey({ group, kind: names.kind, namespace: key.namespace, name: key.name });
  return [{ controller: WORKSPACE_MOUNTS, cluster: key.cluster, key: text, payload: api.random.bytes(8) }];
}

/** Whether somebody says of an object that workspaces may be doors to it. */
export function isMount(object: KubeObject | undefined): boolean {
  return object?.metadata.annotations?.[IS_MOUNT] === 'true';
}

function mountWorkKey({ group, kind, namespace, name }: MountedObject): string {
  return [group, kind, namespace, name].join('\0');
}
export function parseMountWorkKey(text: string): MountedObject {
  const [group = '', kind = '', namespace = '', name = ''] = text.split('\0');
  return { group, kind, namespace, name };
}
