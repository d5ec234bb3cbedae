import { APIS_GROUP } from '../../access/mod.ts';
import type { KindHooks, KindWork } from '../../api/mod.ts';
import { claimantOf, type PermissionClaim } from '../../definitions/mod.ts';
import { deepEqual, type JsonObject, objectAt, objectsAt, textAt } from '../../machinery/mod.ts';
import type { WorkChange } from '../../store/mod.ts';
import { claimsWithLabels } from './claim-status.ts';

/** Debts about permission claims, by the controllers that owe them. */
export const CLAIM_CONTROLLERS = {
  /** The objects that a binding's claims are about may lack labels, and its status what is in force: key is its name. */
  binding: 'permission-claims',
  /** Objects may have labels of claims that are gone: key is the kind, see {@link kindWorkKey}. */
  labels: 'permission-claim-labels',
} as const;

/** The key of a debt about all objects of one kind in a logical cluster. */
export function kindWorkKey({
  group,
  resource,
  identityHash,
}: Omit<PermissionClaim, 'verbs' | 'defaultSelector'>): string {
  return [group, resource, identityHash].join('\0');
}

export function parseKindWorkKey(text: string): Omit<PermissionClaim, 'verbs' | 'defaultSelector'> {
  const [group = '', resource = '', identityHash = ''] = text.split('\0');
  return { group, resource, identityHash };
}

/** What changes of bindings leave to be done about permission claims. */
export const claimHooks: readonly KindHooks[] = [
  { group: APIS_GROUP, resource: 'apibindings', work: workOfBinding },
];

function workOfBinding(api: Parameters<NonNullable<KindHooks['work']>>[0], change: KindWork): WorkChange[] {
  const { key, object, old, operation } = change;
  const owe = (controller: string, text: string): WorkChange => ({
    controller,
    cluster: key.cluster,
    key: text,
    payload: api.random.bytes(8),
  });
  if (operation === 'delete') {
    const kinds = new Set(claimsWithLabels(old ?? object).map(kindWorkKey));
    return [...kinds].map((kind) => owe(CLAIM_CONTROLLERS.labels, kind));
  }
  if (claimantOf(object) === undefined || isSettled(object, old)) return [];
  return [owe(CLAIM_CONTROLLERS.binding, key.name)];
}

/** Whether nothing about the claims of a binding has changed that its status does not say already. */
function isSettled(binding: JsonObject, old: JsonObject | undefined): boolean {
  if (!saysApplied(binding)) return false;
  if (old === undefined) return claimsWithLabels(binding).length === 0;
  return (
    deepEqual(claimEntries(binding), claimEntries(old)) &&
    claimantText(binding) === claimantText(old) &&
    deepEqual(statusOf(binding), statusOf(old))
  );
}

function saysApplied(binding: JsonObject): boolean {
  return objectsAt(objectAt(binding, 'status'), 'conditions').some(
    (condition) =>
      textAt(condition, 'type') === 'PermissionClaimsApplied' && textAt(condition, 'status') === 'True',
  );
}

function claimEntries(object: JsonObject): JsonObject[] {
  return objectsAt(objectAt(object, 'spec'), 'permissionClaims');
}

function claimantText(binding: JsonObject): string {
  const { cluster = '', name = '' } = claimantOf(binding) ?? {};
  return `${cluster}:${name}`;
}

function statusOf(binding: JsonObject): JsonObject[][] {
  const status = objectAt(binding, 'status');
  return [objectsAt(status, 'appliedPermissionClaims'), objectsAt(status, 'exportPermissionClaims')];
}
