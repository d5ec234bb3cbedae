import { APIS_GROUP } from '../access/mod.ts';
import type { KindHooks } from '../api/mod.ts';
import {
  boundAlias,
  CONSISTENCIES,
  CONSISTENCY_ANNOTATION,
  CRD_GROUP,
  CRD_RESOURCE,
  consistencyOf,
  isConditionTrue,
} from '../definitions/mod.ts';
import {
  at,
  type FieldError,
  invalid,
  type KubeObject,
  newInvalid,
  notSupported,
  objectAt,
  textAt,
} from '../machinery/mod.ts';
import { ExpectationFailed } from '../store/mod.ts';
import { debt, EXPORT_CONTROLLERS } from './debts.ts';
import { API_RESOURCE_SCHEMAS } from './kcp-objects.ts';

/**
 * Exports may wait for a schema. How consistent its objects are, it says from its creation on: where they are kept hangs
 * on that, so that no admission may be switched off which looks after it.
 */
export const schemaHooks: KindHooks = {
  group: APIS_GROUP,
  resource: API_RESOURCE_SCHEMAS,
  complete(_api, _attempt, { operation, object, old, key, definition }) {
    const error = operation === 'delete' ? undefined : consistencyError(object, old);
    if (error === undefined) return undefined;
    throw newInvalid({ group: key.group, kind: definition.names.kind }, key.name, [error]);
  },
  work(api, { operation, key }) {
    if (operation !== 'create') return [];
    return [debt(api, EXPORT_CONTROLLERS.schema, { cluster: key.cluster, key: key.name })];
  },
};

function consistencyError(schema: KubeObject, old: KubeObject | undefined): FieldError | undefined {
  const field = at('metadata.annotations', CONSISTENCY_ANNOTATION);
  const value = schema.metadata.annotations?.[CONSISTENCY_ANNOTATION];
  if (old !== undefined) {
    const isSame = value === old.metadata.annotations?.[CONSISTENCY_ANNOTATION];
    return isSame ? undefined : invalid(field, value ?? '', 'is immutable: offer another schema');
  }
  if (value === undefined || consistencyOf(value) !== undefined) return undefined;
  return notSupported(field, value, CONSISTENCIES);
}

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
