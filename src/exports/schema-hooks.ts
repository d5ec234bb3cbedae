import { APIS_GROUP } from '../access/mod.ts';
import type { KindHooks } from '../api/mod.ts';
import { boundAlias, CRD_GROUP, CRD_RESOURCE, isConditionTrue } from '../definitions/mod.ts';
import { objectAt, textAt } from '../machinery/mod.ts';
import { ExpectationFailed } from '../store/mod.ts';
import { debt, EXPORT_CONTROLLERS } from './debts.ts';
import { API_RESOURCE_SCHEMAS } from './kcp-objects.ts';

/** Exports may wait for a schema. */
export const schemaHooks: KindHooks = {
  group: APIS_GROUP,
  resource: API_RESOURCE_SCHEMAS,
  work(api, { operation, key }) {
    if (operation !== 'create') return [];
    return [debt(api, EXPORT_CONTROLLERS.schema, { cluster: key.cluster, key: key.name })];
  },
};

/**
 * A CRD is not accepted under a name that a binding has taken, however close they come: the binding looks at the CRD,
 * and the CRD at the binding, each at the moment of its commit. Bindings may wait for the names of one that goes.
 */
export const crdHooks: KindHooks = {
  group: CRD_GROUP,
  resource: CRD_RESOURCE,
  complete(api, _attempt, { operation, object, old, key }) {
    const isAccepted = isConditionTrue(object, 'NamesAccepted');
    if (operation === 'delete' || !isAccepted || (old !== undefined && isConditionTrue(old, 'NamesAccepted')))
      return undefined;
    const spec = objectAt(object, 'spec');
    const alias = boundAlias(textAt(spec, 'group'), textAt(objectAt(spec, 'names'), 'plural'));
    const { cluster } = key;
    return {
      settled: [{ cluster, group: APIS_GROUP }],
      assertCurrent() {
        const holder = api.store.aliased(cluster, alias);
        if (holder !== undefined)
          throw new ExpectationFailed({ key: holder, current: 0, isPrecondition: true });
      },
    };
  },
  work(api, { operation, key }) {
    if (operation !== 'delete') return [];
    return [debt(api, EXPORT_CONTROLLERS.conflicts, { cluster: key.cluster, key: '' })];
  },
};
