import { APIS_GROUP } from '../access/mod.ts';
import { type Api, decodeStored } from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import {
  claimantOf,
  claimLabelsFor,
  collectionOf,
  type Definition,
  identityOfBinding,
  isClaimLabel,
} from '../definitions/mod.ts';
import {
  CLAIM_CONTROLLERS,
  claimStatusOf,
  claimsToApply,
  isStatedBy,
  kindWorkKey,
  notApplied,
  parseKindWorkKey,
  writeClaimStatus,
} from '../exports/mod.ts';
import {
  type ConditionVerdict,
  deepCopy,
  formatTime,
  type JsonObject,
  type KubeObject,
  objectAt,
  objectOf,
  objectsAt,
  textAt,
} from '../machinery/mod.ts';
import type { ObjectKey, Row } from '../store/mod.ts';
import { ControllerClient } from './client.ts';
import { batchesOf, changeAll } from './objects.ts';
import type { Controller, Debt, Result } from './runtime.ts';

const MANAGER = 'permission-claims';

/**
 * Keeps what claims say true of objects that are there already: those that come later get their labels when they are
 * written. Each step can be repeated, and writes nothing where nothing is wrong.
 */
export function permissionClaimControllers(api: Api): readonly Controller[] {
  return [
    { name: CLAIM_CONTROLLERS.binding, reconcile: (debt, signal) => reconcileBinding(api, debt, signal) },
    { name: CLAIM_CONTROLLERS.labels, reconcile: (debt, signal) => reconcileKind(api, debt, signal) },
  ];
}

/** Labels what a binding's claims cover, and says in its status what is in force. */
async function reconcileBinding(api: Api, { key }: Debt, signal: AbortSignal): Promise<Result> {
  const found = readBinding(api, { cluster: key.cluster, name: key.key });
  if (found === undefined || found.apiExport === undefined) return 'settled';
  const { binding, apiExport, row, definition } = found;
  const failures: string[] = [];
  let failure: unknown;
  const kinds = new Map(claimsToApply(apiExport, binding).map((claim) => [kindWorkKey(claim), claim]));
  for (const claim of kinds.values()) {
    try {
      await relabel(api, { cluster: key.cluster, ...claim }, signal);
    } catch (error) {
      signal.throwIfAborted();
      failure ??= error;
      failures.push(`error labelling ${claim.resource}.${claim.group}: ${messageOf(error)}`);
    }
  }
  const wanted = claimStatusOf(apiExport, binding);
  // What could not be labelled is not said to be in force, nor is anything else until the next look.
  const status =
    failures.length === 0 ? wanted : { ...wanted, conditions: failed(wanted.conditions, failures) };
  if (!isStatedBy(binding, status)) {
    const applied = failures.length === 0 ? status.applied : appliedBefore(binding);
    const changed = deepCopy(binding);
    writeClaimStatus(changed, { ...status, applied }, formatTime(api.store.nowMs()));
    changed.metadata.resourceVersion = String(row.revision);
    const client = new ControllerClient(api, { name: MANAGER, signal });
    const place = { definition, cluster: key.cluster, namespace: '', name: key.key, subresource: 'status' };
    await client.update(place, changed);
  }
  if (failure !== undefined) throw failure;
  return 'settled';
}

/** Takes the labels off that belong to claims that are gone. */
async function reconcileKind(api: Api, { key }: Debt, signal: AbortSignal): Promise<Result> {
  await relabel(api, { cluster: key.cluster, ...parseKindWorkKey(key.key) }, signal);
  return 'settled';
}

interface FoundBinding {
  readonly definition: Definition;
  readonly row: Row;
  readonly binding: KubeObject;
  /** Undefined when it is not there (any more), also where another one has its name by now. */
  readonly apiExport: KubeObject | undefined;
}

/** A binding that knows its export; undefined when there is none. */
function readBinding(
  api: Api,
  { cluster, name }: Pick<ObjectKey, 'cluster' | 'name'>,
): FoundBinding | undefined {
  const found = readObject(api, { cluster, name, resource: 'apibindings' });
  const claimant = found && claimantOf(found.object);
  if (found === undefined || claimant === undefined) return undefined;
  const place = { cluster: claimant.cluster as LogicalCluster, name: claimant.name, resource: 'apiexports' };
  const apiExport = readObject(api, place)?.object;
  return {
    definition: found.definition,
    row: found.row,
    binding: found.object,
    apiExport: apiExport !== undefined && isOther(found.row, apiExport) ? undefined : apiExport,
  };
}

function isOther(binding: Row, apiExport: KubeObject): boolean {
  const known = identityOfBinding(binding);
  return known !== undefined && known !== textAt(objectAt(apiExport, 'status'), 'identityHash');
}

function readObject(
  api: Api,
  {
    cluster,
    name,
    resource,
  }: { readonly cluster: LogicalCluster; readonly name: string; readonly resource: string },
): { readonly definition: Definition; readonly row: Row; readonly object: KubeObject } | undefined {
  const definition = api.registry.find(cluster, APIS_GROUP, resource)?.definition;
  if (definition === undefined) return undefined;
  const row = api.store.get({ ...collectionOf(cluster, definition), namespace: '', name });
  if (row === undefined) return undefined;
  return { definition, row, object: decodeStored(definition, definition.storageVersion, row) };
}

/** Gives all objects of a kind the labels that they should have by the claims of now. */
async function relabel(
  api: Api,
  kind: {
    readonly cluster: LogicalCluster;
    readonly group: string;
    readonly resource: string;
    readonly identityHash: string;
  },
  signal: AbortSignal,
): Promise<void> {
  const { cluster, group, resource, identityHash } = kind;
  const definition = api.registry.find(cluster, group, resource)?.definition;
  // Nothing of it is there, or nothing that this claim could be about.
  if (definition === undefined || definition.isVirtual === true) return;
  if ((definition.identity ?? '') !== identityHash) return;
  const { claims } = await api.claims.of(cluster);
  const client = new ControllerClient(api, { name: MANAGER, signal });
  const claimed = { group, resource, identity: identityHash };
  const isBinding = group === APIS_GROUP && resource === 'apibindings';
  await changeAll(
    batchesOf(api, { collection: collectionOf(cluster, definition) }),
    signal,
    async ({ key, row }) => {
      const wanted = claimLabelsFor(claims, { kind: claimed, labels: row.labels });
      // A binding has a label besides, which its own content says.
      if (!isBinding && isLabelled(row, wanted)) return;
      // Admission puts the labels on, whoever writes: it is enough that something is written.
      const place = { definition, cluster, namespace: key.namespace, name: key.name };
      await client.mergePatch(place, objectOf({ metadata: objectOf({ uid: row.uid }) }));
    },
  );
}

function isLabelled({ labels }: Row, wanted: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(labels).filter(isClaimLabel);
  return keys.length === Object.keys(wanted).length && keys.every((key) => labels[key] === wanted[key]);
}

function failed(conditions: readonly ConditionVerdict[], failures: readonly string[]): ConditionVerdict[] {
  const verdict = notApplied(failures);
  return [...conditions.filter(({ type }) => type !== verdict.type), verdict];
}

function appliedBefore(binding: KubeObject): readonly JsonObject[] {
  return objectsAt(objectAt(binding, 'status'), 'appliedPermissionClaims');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
