export { clusterRoleAggregationController } from './cluster-role-aggregation.ts';
export { customResourceDefinitionController } from './custom-resource-definition.ts';
export { EventExpiry } from './event-expiry.ts';
export { garbageCollector } from './garbage-collector.ts';
export { namespaceController } from './namespace.ts';
export { namespaceDefaultsController, systemNamespaceController } from './namespace-defaults.ts';
export { resourceQuotaController } from './resource-quota.ts';
export { oweRootCa, rootCaController } from './root-ca.ts';
export { type Controller, type ControllerReport, ControllerRuntime } from './runtime.ts';
