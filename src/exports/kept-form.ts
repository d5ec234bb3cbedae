import { CONSISTENCY_ANNOTATION, type Consistency, consistencyOf } from '../definitions/mod.ts';
import { type KubeObject, objectAt, objectsAt, textAt } from '../machinery/mod.ts';

/** What of a kind decides where its objects are kept, and what documents say of them. */
export interface KeptForm {
  readonly consistency?: Consistency | undefined;
  readonly storageVersion: string;
}

/** The form in which objects of an APIResourceSchema are kept. */
export function keptFormOf(schema: KubeObject): KeptForm {
  const versions = objectsAt(objectAt(schema, 'spec'), 'versions');
  return {
    consistency: consistencyOf(schema.metadata.annotations?.[CONSISTENCY_ANNOTATION]),
    storageVersion: textAt(
      versions.find(({ storage }) => storage === true),
      'name',
    ),
  };
}

/**
 * Why objects that are kept in one form cannot be kept in another one; undefined when they can. They would be looked for
 * in another log, and nobody can move them there that is of no region alone. And what regions merge, field by field, has to be of one
 * version.
 */
export function formConflict(kept: KeptForm, wanted: KeptForm): string | undefined {
  if (kept.consistency !== wanted.consistency) {
    return wanted.consistency === undefined
      ? 'its objects are Convergent, which cannot be changed while it is bound'
      : `its objects are not ${wanted.consistency}, which cannot be changed while it is bound`;
  }
  if (kept.consistency === undefined || kept.storageVersion === wanted.storageVersion) return undefined;
  return `its objects are ${kept.consistency} and stored in version ${kept.storageVersion}, which cannot become ${wanted.storageVersion}`;
}
