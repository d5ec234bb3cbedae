import {
  deepEqual,
  goQuote,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  objectOf,
  objectsAt,
  textAt,
  textsAt,
} from '../../machinery/mod.ts';
import { type Condition, isSameCondition, statusWith, withCondition } from './conditions.ts';
import { approvalOf, isProtectedGroup } from './crd-approval.ts';
import { conditionOf, isConditionTrue, objectAt, specOf, statusOfCrd } from './crd-view.ts';

/**
 * The next status of a CRD on its way to being served, or undefined when it is settled. Like upstream
 * it takes two writes: first names are accepted and it is `Installing`, then it is established. Once
 * established it stays so, whatever a later rename runs into.
 *
 * @param othersInGroup the other CRDs of its group, whose accepted names are taken
 * @param now RFC 3339, for the conditions that change
 */
export function nextCrdStatus(
  crd: KubeObject,
  othersInGroup: readonly KubeObject[],
  now: string,
): JsonObject | undefined {
  const { acceptedNames, conditions } = namingConditions(crd, othersInGroup);
  const approval = approvalCondition(crd);
  const wanted = approval === undefined ? conditions : [...conditions, approval];
  const changed = wanted.filter((condition) => !isSameCondition(condition, conditionOf(crd, condition.type)));
  if (
    changed.length > 0 ||
    !deepEqual(acceptedNames, objectOf(ownNames(objectAt(statusOfCrd(crd), 'acceptedNames'))))
  ) {
    return statusAfter(crd, changed, { now, acceptedNames });
  }
  if (!isConditionTrue(crd, 'NamesAccepted') || isConditionTrue(crd, 'Established')) return undefined;
  return statusAfter(crd, [ESTABLISHED], { now, acceptedNames });
}

/** The names that a CRD gets, given those of the others, and what its conditions say of them. */
export function namingConditions(
  crd: KubeObject,
  others: readonly KubeObject[],
): { readonly acceptedNames: JsonObject; readonly conditions: readonly Condition[] } {
  const taken = takenNames(crd, others);
  const requested = objectAt(specOf(crd), 'names');
  const accepted = objectAt(statusOfCrd(crd), 'acceptedNames');
  const names: Record<NameKey, JsonValue | undefined> = {
    ...ownNames(accepted),
    categories: listOf(requested, 'categories'),
  };
  let conflict: Pick<Condition, 'reason' | 'message'> | undefined;

  // The last conflict is the one that is told, as upstream.
  for (const { key, reason, isResource } of SINGLE_NAMES) {
    const name = textAt(requested, key);
    const isFree = name === textAt(accepted, key) || !(isResource ? taken.resources : taken.kinds).has(name);
    if (isFree) names[key] = name;
    else conflict = { reason, message: inUse(name) };
    if (key !== 'singular') continue;
    const clashes = shortNameClashes(requested, accepted, taken.resources);
    if (clashes.length === 0) names['shortNames'] = listOf(requested, 'shortNames');
    else conflict = { reason: 'ShortNamesConflict', message: aggregate(clashes.map(inUse)) };
  }

  const namesAccepted: Condition = {
    type: 'NamesAccepted',
    ...(conflict === undefined
      ? { status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
      : { status: 'False', ...conflict }),
  };
  const established = establishedCondition(crd, namesAccepted);
  return {
    acceptedNames: objectOf(names),
    conditions: established === undefined ? [namesAccepted] : [namesAccepted, established],
  };
}

type NameKey = 'plural' | 'singular' | 'shortNames' | 'kind' | 'listKind' | 'categories';

const SINGLE_NAMES = [
  { key: 'plural', reason: 'PluralConflict', isResource: true },
  { key: 'singular', reason: 'SingularConflict', isResource: true },
  { key: 'kind', reason: 'KindConflict', isResource: false },
  { key: 'listKind', reason: 'ListKindConflict', isResource: false },
] as const;

const ESTABLISHED: Condition = {
  type: 'Established',
  status: 'True',
  reason: 'InitialNamesAccepted',
  message: 'the initial names have been accepted',
};

/** What Established says before it is True; undefined leaves it as it is. */
function establishedCondition(crd: KubeObject, namesAccepted: Condition): Condition | undefined {
  if (isConditionTrue(crd, 'Established')) return undefined;
  if (namesAccepted.status === 'True') {
    return { ...ESTABLISHED, status: 'False', reason: 'Installing' };
  }
  if (conditionOf(crd, 'Established') !== undefined) return undefined;
  return {
    type: 'Established',
    status: 'False',
    reason: 'NotAccepted',
    message: 'not all names are accepted',
  };
}

function takenNames(
  crd: KubeObject,
  others: readonly KubeObject[],
): { readonly resources: ReadonlySet<string>; readonly kinds: ReadonlySet<string> } {
  const resources = new Set<string>();
  const kinds = new Set<string>();
  for (const other of others) {
    if (other.metadata.name === crd.metadata.name) continue;
    const names = objectAt(statusOfCrd(other), 'acceptedNames');
    for (const key of ['plural', 'singular']) resources.add(textAt(names, key));
    for (const name of textsAt(names, 'shortNames')) resources.add(name);
    for (const key of ['kind', 'listKind']) kinds.add(textAt(names, key));
  }
  // Others have empty names until theirs are accepted.
  resources.delete('');
  kinds.delete('');
  return { resources, kinds };
}

function shortNameClashes(requested: JsonObject, accepted: JsonObject, taken: ReadonlySet<string>): string[] {
  const own = new Set([
    ...textsAt(accepted, 'shortNames'),
    textAt(accepted, 'plural'),
    textAt(accepted, 'singular'),
  ]);
  return textsAt(requested, 'shortNames').filter((name) => !own.has(name) && taken.has(name));
}

function ownNames(accepted: JsonObject): Record<NameKey, JsonValue | undefined> {
  return {
    plural: textAt(accepted, 'plural'),
    singular: textAt(accepted, 'singular') || undefined,
    shortNames: listOf(accepted, 'shortNames'),
    kind: textAt(accepted, 'kind'),
    listKind: textAt(accepted, 'listKind') || undefined,
    categories: listOf(accepted, 'categories'),
  };
}

function listOf(names: JsonObject, key: string): string[] | undefined {
  const list = textsAt(names, key);
  return list.length === 0 ? undefined : list;
}

function inUse(name: string): string {
  return `${goQuote(name)} is already in use`;
}

function aggregate(messages: readonly string[]): string {
  return messages.length === 1 ? (messages[0] ?? '') : `[${[...new Set(messages)].join(', ')}]`;
}

/** KubernetesAPIApprovalPolicyConformant, for groups that are Kubernetes' own. */
function approvalCondition(crd: KubeObject): Condition | undefined {
  if (!isProtectedGroup(textAt(specOf(crd), 'group'))) return undefined;
  const { state, reason } = approvalOf(crd);
  return {
    type: 'KubernetesAPIApprovalPolicyConformant',
    status: state === 'approved' ? 'True' : 'False',
    reason: APPROVAL_REASONS[state],
    message: reason,
  };
}

const APPROVAL_REASONS = {
  approved: 'ApprovedAnnotation',
  bypassed: 'UnapprovedAnnotation',
  missing: 'MissingAnnotation',
  invalid: 'InvalidAnnotation',
} as const;

function statusAfter(
  crd: KubeObject,
  changes: readonly Condition[],
  { now, acceptedNames }: { readonly now: string; readonly acceptedNames: JsonObject },
): JsonObject {
  let conditions = objectsAt(statusOfCrd(crd), 'conditions');
  for (const condition of changes) conditions = withCondition(conditions, condition, now);
  return statusWith(statusOfCrd(crd), { acceptedNames, conditions });
}
