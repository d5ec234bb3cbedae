import {
  isObject,
  type JsonObject,
  type KubeObject,
  objectOf,
  objectsAt,
  textAt,
} from '../../machinery/mod.ts';
import { objectAt } from './crd-view.ts';

/** Fills in, in place, what a CRD leaves to the server: singular, listKind, conversion and the webhook's port. */
export function defaultCustomResourceDefinition(crd: KubeObject): void {
  const spec = crd['spec'];
  if (!isObject(spec)) return;
  defaultNames(spec['names']);
  defaultStoredVersions(crd, spec);
  const conversion = spec['conversion'];
  if (!isObject(conversion)) {
    spec['conversion'] = objectOf({ strategy: 'None' });
    return;
  }
  dropEmptyWebhook(conversion);
  const service = objectAt(objectAt(conversion, 'webhook'), 'clientConfig')['service'];
  if (isObject(service) && (service['port'] === undefined || service['port'] === null)) service['port'] = 443;
}

/** Something is stored in the storage version, if anything is stored at all. */
function defaultStoredVersions(crd: KubeObject, spec: JsonObject): void {
  const status = crd['status'];
  const storage = objectsAt(spec, 'versions').find((version) => version['storage'] === true);
  if (storage === undefined || !isObject(status)) return;
  const stored = status['storedVersions'];
  if (!Array.isArray(stored) || stored.length === 0) status['storedVersions'] = [textAt(storage, 'name')];
}

/** A webhook of which nothing is said is none: upstream's internal type cannot tell them apart. */
function dropEmptyWebhook(conversion: JsonObject): void {
  const webhook = conversion['webhook'];
  if (!isObject(webhook)) return;
  const versions = webhook['conversionReviewVersions'];
  const hasVersions = Array.isArray(versions) && versions.length > 0;
  if (!isObject(webhook['clientConfig']) && !hasVersions) delete conversion['webhook'];
}

function defaultNames(names: JsonObject[string]): void {
  if (!isObject(names)) return;
  const kind = textAt(names, 'kind');
  if (textAt(names, 'singular') === '') names['singular'] = kind.toLowerCase();
  if (textAt(names, 'listKind') === '' && kind !== '') names['listKind'] = `${kind}List`;
}
