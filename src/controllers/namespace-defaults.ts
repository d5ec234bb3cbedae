import {
  type Api,
  CONTROLLERS,
  DEFAULT_SERVICE_ACCOUNT,
  decodeStored,
  defaultServiceAccount,
  isRootCaCurrent,
  NAMESPACE_DEFAULTS_MANAGER,
  ROOT_CA_CONFIG_MAP,
  readLogicalCluster,
  rootCaConfigMap,
  systemNamespace,
  withRootCa,
} from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import { builtinDefinition, collectionOf } from '../definitions/mod.ts';
import { StatusError } from '../machinery/mod.ts';
import type { Row } from '../store/mod.ts';
import { ControllerClient, type Place } from './client.ts';
import type { Controller, Debt, Result } from './runtime.ts';

const NAMESPACES = builtinDefinition('', 'namespaces')!;
const SERVICE_ACCOUNTS = builtinDefinition('', 'serviceaccounts')!;
const CONFIG_MAPS = builtinDefinition('', 'configmaps')!;

/** Gives namespaces what every namespace has, and gives it back when somebody takes or changes it. */
export function namespaceDefaultsController(api: Api): Controller {
  return {
    name: CONTROLLERS.namespaceDefaults,
    async reconcile(debt, signal) {
      const { cluster, key: namespace } = debt.key;
      await completeNamespace(api, { cluster, namespace, signal });
      return 'settled';
    },
  };
}

/** Makes the namespaces again that every logical cluster has. */
export function systemNamespaceController(api: Api): Controller {
  return {
    name: CONTROLLERS.systemNamespace,
    reconcile: (debt, signal) => recreateNamespace(api, debt, signal),
  };
}

/** Makes the default objects of a namespace what they have to be, unless it is gone or going. */
export async function completeNamespace(
  api: Api,
  scope: { readonly cluster: LogicalCluster; readonly namespace: string; readonly signal: AbortSignal },
): Promise<void> {
  const { cluster, namespace, signal } = scope;
  const row = api.store.get({ ...collectionOf(cluster, NAMESPACES), namespace: '', name: namespace });
  if (row === undefined || row.fields['status.phase'] === 'Terminating') return;
  const client = new ControllerClient(api, { name: NAMESPACE_DEFAULTS_MANAGER, signal });
  await Promise.all([
    completeServiceAccount(api, client, { ...scope, name: DEFAULT_SERVICE_ACCOUNT }),
    completeConfigMap(api, client, { ...scope, name: ROOT_CA_CONFIG_MAP }),
  ]);
}

interface Scope {
  readonly cluster: LogicalCluster;
  readonly namespace: string;
  readonly name: string;
}

async function completeServiceAccount(api: Api, client: ControllerClient, scope: Scope): Promise<void> {
  const { cluster, namespace, name } = scope;
  const place = { definition: SERVICE_ACCOUNTS, cluster, namespace, name };
  if (rowAt(api, place) !== undefined) return;
  await forgivingNamespace(client.create(place, defaultServiceAccount(namespace)));
}

async function completeConfigMap(api: Api, client: ControllerClient, scope: Scope): Promise<void> {
  const { cluster, namespace, name } = scope;
  const place = { definition: CONFIG_MAPS, cluster, namespace, name };
  const row = rowAt(api, place);
  if (row === undefined) {
    await forgivingNamespace(client.create(place, rootCaConfigMap(namespace, api.caBundle)));
    return;
  }
  const configMap = decodeStored(CONFIG_MAPS, 'v1', row);
  if (isRootCaCurrent(configMap, api.caBundle)) return;
  configMap.metadata.resourceVersion = String(row.revision);
  try {
    await client.update(place, withRootCa(configMap, api.caBundle));
  } catch (error) {
    // Somebody has made it immutable: until it is deleted there is nothing to be done.
    if (!(error instanceof StatusError) || error.reason !== 'Invalid') throw error;
  }
}

async function recreateNamespace(api: Api, { key }: Debt, signal: AbortSignal): Promise<Result> {
  const logicalCluster = readLogicalCluster(api, key.cluster);
  if (logicalCluster === undefined || logicalCluster.fields['status.phase'] === 'Deleting') return 'settled';
  const place = { definition: NAMESPACES, cluster: key.cluster, namespace: '', name: key.key };
  if (rowAt(api, place) !== undefined) return 'settled';
  const client = new ControllerClient(api, { name: 'kube-apiserver', signal });
  await client.create(place, systemNamespace(key.key));
  return 'settled';
}

function rowAt(api: Api, { definition, cluster, namespace, name }: Place): Row | undefined {
  return api.store.get({ ...collectionOf(cluster, definition), namespace, name });
}

/** A namespace that is gone or going meanwhile needs nothing any more. */
async function forgivingNamespace(creation: Promise<void>): Promise<void> {
  try {
    await creation;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const isTerminating = error.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating');
    if (error.reason !== 'NotFound' && isTerminating !== true) throw error;
  }
}
