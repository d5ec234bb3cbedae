export { customResourceDefinitionController } from './custom-resource-definition.ts';
export { garbageCollector } from './garbage-collector.ts';
export { namespaceController } from './namespace.ts';
export { resourceQuotaController } from './resource-quota.ts';
export { type Controller, type ControllerReport, ControllerRuntime } from './runtime.ts';
