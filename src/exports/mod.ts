export * from './binding/mod.ts';
export * from './claims/mod.ts';
export { EXPORT_CONTROLLERS } from './debts.ts';
export * from './endpoints/mod.ts';
export * from './identity/mod.ts';
export {
  API_BINDINGS,
  API_EXPORTS,
  API_RESOURCE_SCHEMAS,
  apisDefinition,
  apisKey,
  BINDING_FINALIZER,
} from './kcp-objects.ts';
export * from './root/mod.ts';
export { crdHooks, schemaHooks } from './schema-hooks.ts';
export * from './views/mod.ts';
