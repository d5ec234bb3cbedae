import type { LogicalCluster } from '../base/mod.ts';
import { builtinDefinition, type Definition } from '../definitions/mod.ts';
import { type KubeObject, StatusError } from '../machinery/mod.ts';
import type { AdmissionPlugin, AdmissionRequest } from './chain.ts';

/** A request of a user without groups for a ConfigMap, but for the changes. */
export function requestOf(
  changes: Partial<AdmissionRequest> & { readonly kind?: readonly [group: string, resource: string] },
): AdmissionRequest {
  const { kind = ['', 'configmaps'], ...rest } = changes;
  return {
    operation: 'CREATE',
    user: { name: 'alice', uid: '', groups: ['system:authenticated'], extra: {} },
    cluster: 'here' as LogicalCluster,
    definition: builtinDefinition(...kind) as Definition,
    version: 'v1',
    subresource: '',
    namespace: 'default',
    name: 'one',
    object: undefined,
    oldObject: undefined,
    isDryRun: false,
    ...rest,
  };
}

export function objectWith(
  metadata: Readonly<Record<string, unknown>>,
  rest: Readonly<Record<string, unknown>> = {},
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Any',
    metadata: { name: 'one', ...metadata },
    ...rest,
  } as unknown as KubeObject;
}

/** What a plugin says to a request in both phases: nothing when it lets it pass. */
export async function verdictOf(
  plugin: AdmissionPlugin,
  request: AdmissionRequest,
): Promise<string | undefined> {
  if (!plugin.operations.includes(request.operation)) return undefined;
  const reads = { read: () => undefined, reliesOn: [] };
  try {
    await plugin.mutate?.(request, reads);
    await plugin.validate?.(request, reads);
    return undefined;
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
}
