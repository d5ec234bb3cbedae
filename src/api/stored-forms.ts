import type { AdmissionRequest } from '../admission/mod.ts';
import type { KubeObject } from '../machinery/mod.ts';
import type { Resource } from './target.ts';

/**
 * What plugins see of a kind that has several forms: the one that is stored, so that they have to know no other.
 * Undefined where that is the form of the request anyway.
 */
export function storedForms(
  { definition, version }: Resource,
  { object, oldObject }: Pick<AdmissionRequest, 'object' | 'oldObject'>,
): Pick<AdmissionRequest, 'definition' | 'version' | 'object' | 'oldObject' | 'givenObject'> | undefined {
  const { family } = definition;
  if (family === undefined) return undefined;
  const { home } = family;
  // By hash: what shows a kind's objects in another way is another definition of the same kind.
  if (home.hash === definition.hash && home.storageVersion === version.name) return undefined;
  const apiVersion = `${home.group}/${home.storageVersion}`;
  return {
    definition: home,
    version: home.storageVersion,
    object: object && family.convert(object, apiVersion),
    oldObject: oldObject && family.convert(oldObject, apiVersion),
    givenObject: object,
  };
}

/** Makes an object, in place, what another one is. */
export function replaceContent(object: KubeObject, other: KubeObject): void {
  // A form that needs no conversion is the object itself.
  if (object === other) return;
  for (const key of Object.keys(object)) delete (object as Record<string, unknown>)[key];
  for (const key of Object.keys(other)) object[key] = other[key];
}
