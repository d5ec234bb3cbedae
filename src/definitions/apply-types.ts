import { type ApplyType, type ApplyTypes, createApplyTypes } from '../machinery/mod.ts';
import type { Definition, DefinitionVersion } from './definition.ts';
import { resolveComponent } from './kinds/mod.ts';

/** How server-side apply sees a kind in one of its versions. Hangs on the schema, and goes with it. */
export function applyTypeOf(definition: Definition, version: DefinitionVersion): ApplyType {
  types ??= createApplyTypes({ objectMeta: resolveComponent(OBJECT_META) });
  return definition.origin === 'builtin' ? types.builtIn(version.schema) : types.custom(version.schema);
}

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

let types: ApplyTypes | undefined;
