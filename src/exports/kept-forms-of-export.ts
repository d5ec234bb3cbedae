import type { Attempt, KindChange } from '../api/mod.ts';
import {
  at,
  child,
  invalid,
  type JsonObject,
  type KubeObject,
  newInvalid,
  objectAt,
  objectsAt,
  textAt,
} from '../machinery/mod.ts';
import { API_RESOURCE_SCHEMAS, readApisObject } from './kcp-objects.ts';
import { formConflict, keptFormOf } from './kept-form.ts';

/**
 * Refuses an APIExport that goes on to a schema by which objects of a kind would be kept otherwise than by the one it names
 * so far: no binding would follow. What cannot be told here, since one of the two is not there, each binding finds out for itself.
 */
export function assertKeptForms(
  { reads }: Pick<Attempt, 'reads'>,
  { object, old, key, definition }: KindChange,
): void {
  const { cluster } = key;
  const formOf = (name: string) => {
    const schema = readApisObject(reads, { cluster, resource: API_RESOURCE_SCHEMAS, name });
    return schema && keptFormOf(schema.object);
  };
  const before = resourcesOf(old);
  for (const [index, resource] of resourcesOf(object).entries()) {
    const name = textAt(resource, 'schema');
    const known = before.find(
      (one) => one['group'] === resource['group'] && one['name'] === resource['name'],
    );
    if (known === undefined || textAt(known, 'schema') === name) continue;
    const [kept, wanted] = [formOf(textAt(known, 'schema')), formOf(name)];
    const conflict = kept && wanted && formConflict(kept, wanted);
    if (conflict === undefined) continue;
    const field = child(at('spec.resources', index), 'schema');
    throw newInvalid({ group: key.group, kind: definition.names.kind }, key.name, [
      invalid(field, name, conflict),
    ]);
  }
}

function resourcesOf(apiExport: KubeObject | undefined): readonly JsonObject[] {
  return objectsAt(objectAt(apiExport, 'spec'), 'resources');
}
