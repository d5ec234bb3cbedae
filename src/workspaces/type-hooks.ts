import type { KindHooks } from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import {
  deepEqual,
  formatTime,
  type JsonObject,
  type KubeObject,
  objectAt,
  objectOf,
} from '../machinery/mod.ts';
import { type Condition, withCondition } from './conditions.ts';
import { TYPE_HEIRS } from './default-exports.ts';
import { meantByType, rememberPlaces } from './meant-places.ts';
import { BINDING_LIFECYCLE, TENANCY_GROUP, WORKSPACE_TYPES } from './names.ts';
import { lifecycleName, namesOf, typeSpecOf } from './types.ts';

/** Has every WorkspaceType say where its controllers find the workspaces that wait for them. */
export const workspaceTypeHooks: KindHooks = {
  group: TENANCY_GROUP,
  resource: WORKSPACE_TYPES,
  async complete({ paths }, { pause }, { operation, object, oldRow, key, nowMs }) {
    if (operation === 'delete') return undefined;
    settleWorkspaceType(object, key.cluster, formatTime(nowMs));
    const before = meantByType(oldRow);
    const named = namesOf(typeSpecOf(object, before));
    return { remembered: await rememberPlaces(paths, pause, { named, before }) };
  },
  work(api, { operation, key, object, old }) {
    if (operation === 'update' && deepEqual(bindingsOf(object), bindingsOf(old))) return [];
    return [{ controller: TYPE_HEIRS, cluster: key.cluster, key: key.name, payload: api.random.bytes(8) }];
  },
};

/** What decides about the bindings of the workspaces of a type. */
function bindingsOf(type: KubeObject | undefined): JsonObject {
  const spec = objectAt(type, 'spec');
  return objectOf({
    bindings: spec?.['defaultAPIBindings'],
    extend: spec?.['extend'],
    lifecycle: [spec?.['defaultAPIBindingLifecycle'], type?.metadata.annotations?.[BINDING_LIFECYCLE]].join(
      ' ',
    ),
  });
}

const CONDITIONS: readonly Condition[] = [
  { type: 'Ready', status: 'True' },
  { type: 'VirtualWorkspaceURLsReady', status: 'True' },
];

/** Writes the status of a WorkspaceType of a logical cluster, in place. */
export function settleWorkspaceType(object: KubeObject, cluster: LogicalCluster, now: string): void {
  const name = lifecycleName({ cluster, name: object.metadata.name ?? '' });
  const virtualWorkspaces = [
    objectOf({ type: 'initializing', url: `/services/initializingworkspaces/${name}` }),
    objectOf({ type: 'terminating', url: `/services/terminatingworkspaces/${name}` }),
  ];
  object['status'] = objectOf({ ...objectAt(object, 'status'), virtualWorkspaces });
  for (const condition of CONDITIONS) {
    const conditions = withCondition(object, condition, now);
    object['status'] = objectOf({ ...objectAt(object, 'status'), conditions });
  }
}
