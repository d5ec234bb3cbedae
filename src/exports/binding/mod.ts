export { type Adoption, adoptionBy } from './adoption.ts';
export { bindingFor, defaultBindingName, defaultBindingSpec } from './binding-for.ts';
export { bindingHooks } from './binding-hooks.ts';
export { type DefaultBindingsMade, defaultBindings } from './default-bindings.ts';
export { type ExportReference, exportCluster, exportReferenceOf, mayBind } from './export-of-binding.ts';
export { extraAnnotationsOf } from './extra-annotations.ts';
export { bindingsIn } from './name-conflicts.ts';
export { reconcileBinding } from './reconcile-binding.ts';
export { shadowKey, shadowPut, UNBOUND_ANNOTATION } from './shadow-schema.ts';
export {
  acceptsAll,
  defaultBindingHooks,
  isBound,
  type WantedBinding,
  wantedAnswers,
  wantedBindings,
} from './wanted-bindings.ts';
