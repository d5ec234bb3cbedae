/** The built-in kinds: their schemas as OpenAPI components, and their rules as definitions. */
import type { Schema } from '../../machinery/mod.ts';
import { accessReviewComponents } from './access-review-components.ts';
import { accessReviews } from './access-reviews.ts';
import { authenticationReviewComponents, authenticationReviews } from './authentication-reviews.ts';
import { configMap, configMapComponents } from './config-map.ts';
import { customResourceDefinition } from './custom-resource-definition.ts';
import { customResourceDefinitionComponents } from './custom-resource-definition-components.ts';
import { coreEvent, groupEvent } from './event.ts';
import { eventComponents } from './event-components.ts';
import { type Components, listStruct } from './fields.ts';
import { type BuiltinDefinition, defineBuiltin, type KindSource } from './kind.ts';
import { lease, leaseComponents } from './lease.ts';
import { limitRange, limitRangeComponents } from './limit-range.ts';
import { createLinker } from './linker.ts';
import { metaComponents, scaleComponents } from './meta-components.ts';
import { namespace, namespaceComponents } from './namespace.ts';
import { clusterRole, clusterRoleBinding, role, roleBinding } from './rbac.ts';
import { rbacComponents } from './rbac-components.ts';
import { resourceQuota, resourceQuotaComponents } from './resource-quota.ts';
import { secret, secretComponents } from './secret.ts';
import { referenceComponents, serviceAccount, serviceAccountComponents } from './service-account.ts';

export { EVENTS_API_VERSION, eventFromCore, eventToCore } from './event-conversion.ts';
export type { Components } from './fields.ts';
export type { BuiltinDefinition } from './kind.ts';
export { NAMESPACE_FINALIZER, NAMESPACE_NAME_LABEL } from './namespace.ts';
export { normalizeBuiltin } from './normalize.ts';
export { compareKubeVersions, groupPriority } from './order.ts';

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

/** Every published component of the built-in kinds, by upstream's name, with references between them. */
export const components: Components = {
  ...metaComponents,
  ...scaleComponents,
  ...referenceComponents,
  ...configMapComponents,
  ...secretComponents,
  ...namespaceComponents,
  ...serviceAccountComponents,
  ...eventComponents,
  ...limitRangeComponents,
  ...resourceQuotaComponents,
  ...leaseComponents,
  ...rbacComponents,
  ...customResourceDefinitionComponents,
  ...accessReviewComponents,
  ...authenticationReviewComponents,
  ...listComponents(),
};

/**
 * The schema of a component with all references replaced by what they name. The result is shared and,
 * for JSONSchemaProps, cyclic. A name that no component has fails an assertion.
 */
export const resolveComponent: (name: string) => Schema = createLinker(components);

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

function listComponents(): Components {
  const lists: Record<string, Schema> = {};
  for (const { component, isVirtual } of sources) {
    if (isVirtual !== true) lists[`${component}List`] = listStruct(component);
  }
  return lists;
}
