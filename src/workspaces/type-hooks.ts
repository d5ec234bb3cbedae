import type { KindHooks } from '../api/mod.ts';
import { formatTime, objectAt, objectOf } from '../machinery/mod.ts';
import { withCondition } from './conditions.ts';
import { TENANCY_GROUP, WORKSPACE_TYPES } from './names.ts';
import { lifecycleName } from './types.ts';

/** Has every WorkspaceType say where its controllers find the workspaces that wait for them. */
export const workspaceTypeHooks: KindHooks = {
  group: TENANCY_GROUP,
  resource: WORKSPACE_TYPES,
  complete(_api, _attempt, { operation, object, key, nowMs }) {
    if (operation === 'delete') return undefined;
    const now = formatTime(nowMs);
    const name = lifecycleName({ cluster: key.cluster, name: key.name });
    const virtualWorkspaces = [
      objectOf({ type: 'initializing', url: `/services/initializingworkspaces/${name}` }),
      objectOf({ type: 'terminating', url: `/services/terminatingworkspaces/${name}` }),
    ];
    object['status'] = objectOf({
      ...objectAt(object, 'status'),
      virtualWorkspaces,
      conditions: withCondition(object, { type: 'VirtualWorkspaceURLsReady', status: 'True' }, now),
    });
    const conditions = withCondition(object, { type: 'Ready', status: 'True' }, now);
    object['status'] = objectOf({ ...objectAt(object, 'status'), conditions });
    return undefined;
  },
};
