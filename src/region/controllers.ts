import type { Api } from '../api/mod.ts';
import {
  bindingControllers,
  bindingDeletionController,
  boundSchemaController,
  ControllerRuntime,
  clusterRoleAggregationController,
  customResourceDefinitionController,
  defaultBindingController,
  EventExpiry,
  endpointSliceControllers,
  exportIdentityController,
  garbageCollector,
  logicalClusterController,
  nameConflictController,
  namespaceController,
  namespaceDefaultsController,
  partitionSetControllers,
  permissionClaimControllers,
  placedWorkspaceControllers,
  resourceQuotaController,
  rootCaController,
  serviceAccountTokenController,
  systemNamespaceController,
  typeHeirsController,
  workspaceMountController,
  workspaceSchedulingController,
} from '../controllers/mod.ts';
import { StatusError } from '../machinery/mod.ts';
import type { WorkspaceGround } from '../workspaces/mod.ts';
import { type Cleanup, runAll } from './cleanup.ts';
import type { MemberOptions } from './member.ts';

// As upstream's --event-ttl.
const EVENT_TTL_MS = 60 * 60_000;

/** Starts whatever works off what commits leave to be done. Returns what ends it. */
export async function startControllers(
  api: Api,
  options: Pick<MemberOptions, 'log' | 'eventTtlMs' | 'disabledControllers'> & {
    readonly workspaces: WorkspaceGround;
  },
): Promise<Cleanup> {
  const { log, disabledControllers = [] } = options;
  const runtime = new ControllerRuntime({
    api,
    clock: api.clock,
    controllers: [
      logicalClusterController(api),
      namespaceController(api),
      serviceAccountTokenController(api),
      namespaceDefaultsController(api),
      systemNamespaceController(api),
      rootCaController(api),
      clusterRoleAggregationController(api),
      customResourceDefinitionController(api),
      resourceQuotaController(api),
      ...garbageCollector(api),
      ...permissionClaimControllers(api),
      ...endpointSliceControllers(api),
      ...partitionSetControllers(api),
      workspaceSchedulingController(api),
      ...placedWorkspaceControllers(api, options.workspaces),
      ...bindingControllers(api),
      defaultBindingController(api),
      typeHeirsController(api),
      workspaceMountController(api),
      bindingDeletionController(api),
      boundSchemaController(api),
      exportIdentityController(api),
      nameConflictController(api),
    ].filter(({ name }) => !disabledControllers.includes(name)),
    report: (controller, key, error) => {
      // Somebody else was quicker: the next look settles it, and there is nothing to do for an operator.
      const isRace = error instanceof StatusError && error.reason === 'Conflict';
      log[isRace ? 'debug' : 'warn']('a controller will try again', {
        controller,
        cluster: key.cluster,
        key: key.key,
        error: String(error),
      });
    },
  });
  const expiry = new EventExpiry({
    api,
    clock: api.clock,
    ttlMs: options.eventTtlMs ?? EVENT_TTL_MS,
    report: (error) => log.warn('events could not be deleted for now', { error: String(error) }),
  });
  await runtime.start();
  expiry.start();
  return () => runAll([() => expiry.close(), () => runtime.close()]);
}
