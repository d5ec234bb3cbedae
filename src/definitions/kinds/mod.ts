/** The built-in kinds: their schemas as OpenAPI components, and their rules as definitions. */
import { accessReviews } from './access-reviews.ts';
import { authenticationReviews } from './authentication-reviews.ts';
import { components, resolveComponent } from './components.ts';
import { configMap } from './config-map.ts';
import { customResourceDefinition } from './custom-resource-definition.ts';
import { coreEvent, groupEvent } from './event.ts';
import { type BuiltinDefinition, defineBuiltin, type KindSource } from './kind.ts';
import { lease } from './lease.ts';
import { limitRange } from './limit-range.ts';
import { namespace } from './namespace.ts';
import { clusterRole, clusterRoleBinding, role, roleBinding } from './rbac.ts';
import { resourceQuota } from './resource-quota.ts';
import { secret } from './secret.ts';
import { serviceAccount } from './service-account.ts';

export { components, resolveComponent } from './components.ts';
export { EVENTS_API_VERSION, eventFromCore, eventToCore } from './event-conversion.ts';
export type { Components } from './fields.ts';
export type { BuiltinDefinition } from './kind.ts';
export { NAMESPACE_FINALIZER, NAMESPACE_NAME_LABEL } from './namespace.ts';
export { normalizeBuiltin } from './normalize.ts';
export { compareKubeVersions, groupPriority } from './order.ts';
export { scaleDefinition } from './scale.ts';
export { tokenRequestDefinition } from './token-request.ts';

const sources: readonly KindSource[] = [
  configMap,
  coreEvent,
  limitRange,
  namespace,
  resourceQuota,
  secret,
  serviceAccount,
  groupEvent,
  ...authenticationReviews,
  ...accessReviews,
  role,
  roleBinding,
  clusterRole,
  clusterRoleBinding,
  customResourceDefinition,
  lease,
];

/** All built-in kinds. */
export const builtinDefinitions: readonly BuiltinDefinition[] = sources.map((source) =>
  defineBuiltin(source, { components, resolve: resolveComponent }),
);

/** The definition of a built-in resource, such as `('', 'configmaps')`. */
export function builtinDefinition(group: string, resource: string): BuiltinDefinition | undefined {
  return definitionsByResource.get(`${group}/${resource}`);
}

const definitionsByResource: ReadonlyMap<string, BuiltinDefinition> = new Map(
  builtinDefinitions.map((definition) => [`${definition.group}/${definition.names.plural}`, definition]),
);
