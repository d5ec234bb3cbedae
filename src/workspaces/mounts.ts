import { type Api, type Attempt, decodeStored, isMount, type KindHooks } from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import { collectionOf, type FoundDefinition, type MountedObject, mountedObject } from '../definitions/mod.ts';
import {
  formatTime,
  goQuote,
  type KubeObject,
  madeObjectAt,
  objectAt,
  objectOf,
  textAt,
} from '../machinery/mod.ts';
import type { Precondition } from '../store/mod.ts';
import { mountOf } from './admit-workspace.ts';
import { type Condition, withCondition } from './conditions.ts';
import { INITIALIZED, INITIALIZING, READY, UNAVAILABLE } from './lifecycle-names.ts';
import { TENANCY_GROUP, WORKSPACES } from './names.ts';

const MOUNT_READY = 'WorkspaceMountReady';

/**
 * What a mounted Workspace says is settled by every write of it: whether the object that it is a door to is ready, and
 * where that leads. So its controller just writes it, and nobody else has a say in it.
 */
export const mountHooks: KindHooks = {
  group: TENANCY_GROUP,
  resource: WORKSPACES,
  complete(api, attempt, { operation, object, old, key, nowMs }) {
    const mounted = mountedObject(object);
    if (operation === 'delete' || mounted === undefined) return undefined;
    if (object.metadata.deletionTimestamp !== undefined) return undefined;
    const apiVersion = textAt(mountOf(object), 'apiVersion');
    const found = mountObject(api, attempt, { cluster: key.cluster, mounted, apiVersion });
    settleMount(object, { old, verdict: verdictOf(mounted, found.object), now: formatTime(nowMs) });
    return { preconditions: found.preconditions };
  },
};

interface Verdict {
  readonly condition: Condition;
  /** Where the mount leads, if it is ready. */
  readonly url?: string;
}

function verdictOf({ kind, namespace, name }: MountedObject, object: KubeObject | undefined): Verdict {
  if (object === undefined) {
    const place = namespace === '' ? `/${name}` : `${namespace}/${name}`;
    return notReady('MountObjectNotFound', `${kind} ${goQuote(place)} not found`);
  }
  if (!isMount(object)) {
    const message = `${kind} ${goQuote(name)} is not annotated as a mount`;
    return notReady('MountAnnotationInvalid', message);
  }
  const status = objectAt(object, 'status');
  const url = textAt(status, 'URL');
  if (textAt(status, 'phase') === READY && isAbsolute(url)) {
    return { condition: { type: MOUNT_READY, status: 'True' }, url };
  }
  const message = `Mount is not reporting ready. See ${kind} ${goQuote(name)} status for more details`;
  return notReady('MountObjectNotReady', message);
}

function notReady(reason: string, message: string): Verdict {
  return { condition: { type: MOUNT_READY, status: 'False', severity: 'Error', reason, message } };
}

/** Anything else would be taken for a place on this server. */
function isAbsolute(url: string): boolean {
  return /^https?:\/\/[^/]/.test(url) && URL.canParse(url);
}

function settleMount(
  workspace: KubeObject,
  found: { readonly old: KubeObject | undefined; readonly verdict: Verdict; readonly now: string },
): void {
  const { old, verdict, now } = found;
  const { condition, url } = verdict;
  const before = textAt(objectAt(old, 'status'), 'phase');
  const known = textAt(objectAt(old, 'spec'), 'URL');
  const { URL: _, ...spec } = objectAt(workspace, 'spec') ?? {};
  const shown = url ?? known;
  workspace['spec'] = objectOf(shown === '' ? spec : { ...spec, URL: shown });
  if (old !== undefined && shown !== known && workspace.metadata.generation === old.metadata.generation)
    workspace.metadata.generation = (old.metadata.generation ?? 0) + 1;
  const status = madeObjectAt(workspace, 'status');
  status['conditions'] = withCondition(workspace, condition, now);
  if (url !== undefined) {
    status['conditions'] = withCondition(workspace, { type: INITIALIZED, status: 'True' }, now);
    status['phase'] = READY;
  } else status['phase'] = before === READY || before === UNAVAILABLE ? UNAVAILABLE : INITIALIZING;
}

/**
 * The object that a mount names. Only kinds that somebody has brought count: of those of the server itself, a Workspace
 * would tell who may not read them whether one is there.
 */
function mountObject(
  api: Api,
  { reads }: Attempt,
  wanted: { readonly cluster: LogicalCluster; readonly mounted: MountedObject; readonly apiVersion: string },
): { readonly object: KubeObject | undefined; readonly preconditions: readonly Precondition[] } {
  const { cluster, mounted, apiVersion } = wanted;
  const found = kindOf(api, cluster, mounted);
  if (found === undefined) return { object: undefined, preconditions: [] };
  const { definition, preconditions } = found;
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
  const isServed = definition.versions.some(({ name, served }) => name === version && served);
  const isPlaced = (mounted.namespace !== '') === (definition.scope === 'Namespaced');
  if (!isServed || !isPlaced) return { object: undefined, preconditions };
  const { namespace, name } = mounted;
  const row = reads.read({ ...collectionOf(cluster, definition), namespace, name });
  const object = row && decodeStored(definition, definition.storageVersion, row);
  return { object, preconditions };
}

/** A kind is kept by its plural, which kcp guesses from the name of the kind as well. */
function kindOf(
  api: Api,
  cluster: LogicalCluster,
  { group, kind }: MountedObject,
): FoundDefinition | undefined {
  if (group === '') return undefined;
  const singular = kind.toLowerCase();
  for (const plural of [`${singular}s`, `${singular}es`, singular.replace(/y$/, 'ies')]) {
    const found = api.registry.find(cluster, group, plural);
    if (found?.definition.names.kind === kind && found.definition.origin === 'crd') return found;
  }
  return undefined;
}
