import {
  ADMIN_GROUP,
  LOGICAL_CLUSTER_ADMIN_GROUP,
  MASTERS_GROUP,
  type User,
  WORKSPACE_BOOTSTRAPPER_GROUP,
} from '../access/mod.ts';
import {
  type AdmissionPlugin,
  type AdmissionRequest,
  isAbout,
  newAdmissionForbidden,
} from '../admission/mod.ts';
import { ROOT_CLUSTER } from '../base/mod.ts';
import {
  deepEqual,
  goQuote,
  invalid,
  type KubeObject,
  newInvalid,
  objectAt,
  textAt,
  textsAt,
} from '../machinery/mod.ts';
import { DELETING, INACTIVE, INITIALIZING, READY, TERMINATING, UNAVAILABLE } from './lifecycle-names.ts';
import { LIFECYCLES } from './lifecycles.ts';
import {
  CORE_GROUP,
  LOGICAL_CLUSTERS,
  MAX_OBJECTS,
  OWNER,
  PATH,
  REQUIRED_GROUPS,
  SHARD,
  TYPE,
} from './names.ts';

const SYSTEM_GROUPS: readonly string[] = [
  MASTERS_GROUP,
  LOGICAL_CLUSTER_ADMIN_GROUP,
  WORKSPACE_BOOTSTRAPPER_GROUP,
];

/** How far a logical cluster is: it only goes on, but for being switched off and on again. */
const ORDER: Readonly<Record<string, number>> = {
  '': 1,
  Scheduling: 2,
  [INITIALIZING]: 3,
  [READY]: 4,
  [INACTIVE]: 4,
  [UNAVAILABLE]: 4,
  [TERMINATING]: 5,
  [DELETING]: 6,
};

/** Whoever may write these could act as somebody else, or make a workspace of another type of theirs. */
const SPEC_OF_SYSTEM = ['owner', 'createdBy'] as const;
const ANNOTATIONS_OF_SYSTEM = [PATH, TYPE, SHARD, OWNER] as const;
/** A bound that tenants could move would be none; nor would groups that they could do without. */
const ANNOTATIONS_OF_ADMINISTRATORS = [MAX_OBJECTS, REQUIRED_GROUPS] as const;

/**
 * What may become of a LogicalCluster by its users, as kcp's plugin of that name has it: nobody but the system makes
 * one, initializers and terminators are only ever taken away, phases only go on, and it is deleted through its
 * Workspace unless it says otherwise. Beyond kcp, who created it and where it belongs stays as it is: views let
 * controllers act as its creator.
 */
export const logicalClusterAdmission: AdmissionPlugin = {
  name: 'core.kcp.io/LogicalCluster',
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  validate(request) {
    if (!isAbout(request, { group: CORE_GROUP, resource: LOGICAL_CLUSTERS })) return;
    const refusal = isEternal(request) ? 'LogicalCluster cannot be deleted' : refusalOf(request);
    if (refusal !== undefined) throw newAdmissionForbidden(request, refusal);
    assertOwnRemoval(request);
  },
};

/** Without these there is no server: nobody deletes them. */
function isEternal({ operation, cluster }: AdmissionRequest): boolean {
  return operation === 'DELETE' && (cluster === ROOT_CLUSTER || cluster.startsWith('system:'));
}

function refusalOf({ operation, user, object, oldObject }: AdmissionRequest): string | undefined {
  if (isSystem(user)) return undefined;
  if (operation === 'CREATE') return 'LogicalCluster cannot be created';
  if (operation === 'DELETE') {
    const isDeletable = objectAt(oldObject, 'spec')?.['directlyDeletable'] === true;
    return isDeletable ? undefined : 'LogicalCluster cannot be deleted';
  }
  if (object === undefined || oldObject === undefined) return undefined;
  const [given, known] = [object, oldObject].map(({ metadata }) => metadata.annotations ?? {});
  const moved = ANNOTATIONS_OF_ADMINISTRATORS.find((name) => given?.[name] !== known?.[name]);
  if (moved !== undefined && !user.groups.includes(ADMIN_GROUP))
    return `annotation ${moved} is for administrators`;
  return refusalOfUpdate(object, oldObject);
}

/**
 * Whoever comes through the view of an initializer or terminator takes that one away, and changes nothing else: kcp's
 * let them write any status once (GO-2025-3985).
 */
function assertOwnRemoval({ operation, user, object, oldObject }: AdmissionRequest): void {
  if (operation !== 'UPDATE' || object === undefined || oldObject === undefined) return;
  const sides = LIFECYCLES.flatMap((lifecycle) =>
    lifecycle.namesOf(user).map((name) => ({ ...lifecycle, name })),
  );
  if (sides.length === 0) return;
  const [status, old] = [objectAt(object, 'status') ?? {}, objectAt(oldObject, 'status') ?? {}];
  const isRemoval = sides.some(({ field, name }) => {
    const left = textsAt(old, field).filter((one) => one !== name);
    const isRemoved =
      textsAt(old, field).length - left.length === 1 && deepEqual(textsAt(status, field), left);
    return isRemoved && deepEqual({ ...status, [field]: undefined }, { ...old, [field]: undefined });
  });
  if (isRemoval) return;
  const [{ field, name, what }] = sides as [(typeof sides)[number]];
  throw newInvalid({ group: CORE_GROUP, kind: 'LogicalCluster' }, object.metadata.name ?? '', [
    invalid(`status.${field}`, textsAt(status, field), `only removing the "${name}" ${what} is supported`),
  ]);
}

function isSystem({ groups }: User): boolean {
  return groups.some((group) => SYSTEM_GROUPS.includes(group));
}

function refusalOfUpdate(object: KubeObject, old: KubeObject): string | undefined {
  const [spec, oldSpec] = [objectAt(object, 'spec'), objectAt(old, 'spec')];
  for (const field of ['initializers', 'terminators']) {
    if (!isSameSet(textsAt(spec, field), textsAt(oldSpec, field))) return `spec.${field} is immutable`;
  }
  for (const field of SPEC_OF_SYSTEM) {
    if (!deepEqual(spec?.[field], oldSpec?.[field])) return `spec.${field} is immutable`;
  }
  for (const name of ANNOTATIONS_OF_SYSTEM) {
    if (object.metadata.annotations?.[name] !== old.metadata.annotations?.[name]) {
      return `annotation ${name} is immutable`;
    }
  }
  return refusalOfStatus(object, old);
}

function refusalOfStatus(object: KubeObject, old: KubeObject): string | undefined {
  const [phase, oldPhase] = [phaseOf(object), phaseOf(old)];
  const [names, oldNames] = [initializersOf(object), initializersOf(old)];
  if (phase === INITIALIZING && oldPhase !== INITIALIZING) {
    const wanted = textsAt(objectAt(object, 'spec'), 'initializers');
    if (!isSameSet(names, wanted)) return 'status.initializers do not equal spec.initializers';
  } else if (phase === INITIALIZING && !isSubset(names, oldNames)) {
    return 'status.initializers must not grow';
  }
  if (phase !== INITIALIZING && !isSameSet(names, oldNames)) {
    // Spelled as kcp spells it.
    return 'status.initializers is immutable after initilization';
  }
  if (phase !== INITIALIZING && oldPhase === INITIALIZING && names.length > 0) {
    return 'status.initializers is not empty';
  }
  if (!isSubset(terminatorsOf(object), terminatorsOf(old))) return 'status.terminators must not grow';
  const isBackwards = (ORDER[oldPhase] ?? 0) > (ORDER[phase] ?? 0);
  const isOff = phase === INACTIVE && oldPhase !== INACTIVE && oldPhase !== READY;
  if (isBackwards || isOff) return `cannot transition from ${goQuote(oldPhase)} to ${goQuote(phase)}`;
  return undefined;
}

function phaseOf(object: KubeObject): string {
  return textAt(objectAt(object, 'status'), 'phase');
}

function initializersOf(object: KubeObject): readonly string[] {
  return textsAt(objectAt(object, 'status'), 'initializers');
}

function terminatorsOf(object: KubeObject): readonly string[] {
  return textsAt(objectAt(object, 'status'), 'terminators');
}

function isSubset(part: readonly string[], whole: readonly string[]): boolean {
  return part.every((name) => whole.includes(name));
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return isSubset(a, b) && isSubset(b, a);
}
