import type { Schema } from '../../machinery/mod.ts';
import { accessReviewComponents } from './access-review-components.ts';
import { authenticationReviewComponents } from './authentication-reviews.ts';
import { configMapComponents } from './config-map.ts';
import { customResourceDefinitionComponents } from './custom-resource-definition-components.ts';
import { eventComponents } from './event-components.ts';
import { type Components, listStruct } from './fields.ts';
import { leaseComponents } from './lease.ts';
import { limitRangeComponents } from './limit-range.ts';
import { createLinker } from './linker.ts';
import { metaComponents, scaleComponents } from './meta-components.ts';
import { namespaceComponents } from './namespace.ts';
import { rbacComponents } from './rbac-components.ts';
import { resourceQuotaComponents } from './resource-quota.ts';
import { secretComponents } from './secret.ts';
import { referenceComponents, serviceAccountComponents } from './service-account.ts';

/** The kinds that are stored, and therefore listed. */
const LISTED_COMPONENTS: readonly string[] = [
  ...['ConfigMap', 'Event', 'LimitRange', 'Namespace', 'ResourceQuota', 'Secret', 'ServiceAccount'].map(
    (kind) => `io.k8s.api.core.v1.${kind}`,
  ),
  'io.k8s.api.events.v1.Event',
  'io.k8s.api.coordination.v1.Lease',
  ...['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'].map((kind) => `io.k8s.api.rbac.v1.${kind}`),
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
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

function listComponents(): Components {
  return Object.fromEntries(LISTED_COMPONENTS.map((name) => [`${name}List`, listStruct(name)]));
}
