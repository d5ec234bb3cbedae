import { isObject, type JsonObject, type KubeObject, objectOf, textAt } from '../../machinery/mod.ts';
import { objectAt } from './crd-view.ts';

/** Fills in, in place, what a CRD leaves to the server: singular, listKind, conversion and the webhook's port. */
export function defaultCustomResourceDefinition(crd: KubeObject): void {
  const spec = crd['spec'];
  if (!isObject(spec)) return;
  defaultNames(spec['names']);
  const conversion = spec['conversion'];
  if (!isObject(conversion)) {
    spec['conversion'] = objectOf({ strategy: 'None' });
    return;
  }
  const service = objectAt(objectAt(conversion, 'webhook'), 'clientConfig')['service'];
  if (isObject(service) && (service['port'] === undefined || service['port'] === null)) service['port'] = 443;
}

function defaultNames(names: JsonObject[string]): void {
  if (!isObject(names)) return;
  const kind = textAt(names, 'kind');
  if (textAt(names, 'singular') === '') names['singular'] = kind.toLowerCase();
  if (textAt(names, 'listKind') === '' && kind !== '') names['listKind'] = `${kind}List`;
}
