import { namespaceKey } from '../../admission/mod.ts';
import { isConvergentIdentity } from '../../definitions/mod.ts';
import { type KubeObject, objectOf, parseJson } from '../../machinery/mod.ts';
import type { ObjectKey, Row } from '../../store/mod.ts';
import type { Api } from '../api.ts';

/** Of an object that goes with all that is around it, whatever it waits for. */
export const WITHOUT_FINALIZERS = objectOf({ metadata: objectOf({}) }) as KubeObject;

/**
 * Whether what an object was in is gone: its namespace, or the binding by which its logical cluster had its kind. Only the
 * home of the logical cluster can tell, when it sees all of its own log: elsewhere both may only have not come yet. A region that was
 * cut off may have written the object meanwhile.
 */
export function isPlaceGone(api: Pick<Api, 'store' | 'registry'>, key: ObjectKey): boolean {
  const { cluster, namespace } = key;
  if (namespace !== '' && api.store.newest(namespaceKey(cluster, namespace)) === undefined) return true;
  return isConvergentIdentity(key.identity) && api.registry.findStored(key) === undefined;
}

/**
 * Whether an object only waits for nobody any more: one region has deleted it while another one, its home, took the last
 * finalizer off.
 */
export function isReleased({ json }: Pick<Row, 'json'>): boolean {
  // Most objects have no such field, and need no parsing.
  if (!json.includes('"deletionTimestamp"')) return false;
  const { metadata } = parseJson(json).value as KubeObject;
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0;
}
