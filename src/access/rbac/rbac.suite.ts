import fc from 'fast-check';
import type { LogicalCluster, Revision } from '../../base/mod.ts';
import { type JsonObject, objectAt, objectOf, textAt } from '../../machinery/mod.ts';
import type { User } from '../user.ts';
import { RBAC_GROUP, type RbacState } from './policy.ts';
import { type PolicyRule, ruleToJson } from './policy-rule.ts';
import type { RbacReader } from './rbac-authorizer.ts';
import { ruleArb } from './rules.suite.ts';
import type { Subject } from './subject.ts';

/** The roles and bindings of one logical cluster. */
export interface RbacObjects {
  readonly clusterRoles: readonly JsonObject[];
  readonly clusterRoleBindings: readonly JsonObject[];
  readonly roles: readonly JsonObject[];
  readonly roleBindings: readonly JsonObject[];
}

export const NO_OBJECTS: RbacObjects = {
  clusterRoles: [],
  clusterRoleBindings: [],
  roles: [],
  roleBindings: [],
};

/** Roles and bindings in memory, with a revision that counts the changes. */
export class MemoryRbac implements RbacReader {
  readonly #clusters = new Map<
    LogicalCluster,
    { readonly objects: RbacObjects; readonly revision: Revision }
  >();
  #revision = 0;
  /** How often a state was read. */
  reads = 0;

  set(cluster: LogicalCluster, objects: Partial<RbacObjects>): void {
    this.#revision += 1;
    const revision = this.#revision as Revision;
    this.#clusters.set(cluster, { objects: { ...NO_OBJECTS, ...objects }, revision });
  }

  revision(cluster: LogicalCluster): Revision {
    return this.#clusters.get(cluster)?.revision ?? (0 as Revision);
  }

  async read(
    cluster: LogicalCluster,
    namespace: string,
  ): Promise<{ readonly revision: Revision; readonly state: RbacState }> {
    this.reads += 1;
    const objects = this.#clusters.get(cluster)?.objects ?? NO_OBJECTS;
    return { revision: this.revision(cluster), state: stateOf(objects, namespace) };
  }
}

/** What decides in a namespace. */
export function stateOf(objects: RbacObjects, namespace: string): RbacState {
  const within = (list: readonly JsonObject[]) => list.filter((one) => namespaceOf(one) === namespace);
  return {
    namespace,
    clusterRoleBindings: objects.clusterRoleBindings,
    roleBindings: namespace === '' ? [] : within(objects.roleBindings),
    clusterRole: (name) => objects.clusterRoles.find((one) => nameOf(one) === name),
    role: (name) => within(objects.roles).find((one) => nameOf(one) === name),
  };
}

/** A Role in a namespace, or a ClusterRole without one. */
export function roleOf(name: string, rules: readonly PolicyRule[], namespace = ''): JsonObject {
  const kind = namespace === '' ? 'ClusterRole' : 'Role';
  return objectOf({ kind, metadata: metadataOf(name, namespace), rules: rules.map(ruleToJson) });
}

/** A RoleBinding in a namespace, or a ClusterRoleBinding without one. */
export function bindingOf(
  name: string,
  binding: { readonly role: string; readonly kind?: string; readonly subjects: readonly Partial<Subject>[] },
  namespace = '',
): JsonObject {
  return objectOf({
    kind: namespace === '' ? 'ClusterRoleBinding' : 'RoleBinding',
    metadata: metadataOf(name, namespace),
    roleRef: objectOf({ apiGroup: RBAC_GROUP, kind: binding.kind ?? 'ClusterRole', name: binding.role }),
    subjects: binding.subjects.map(({ kind, name, namespace: home }) =>
      objectOf({ kind: kind ?? 'User', name: name ?? '', namespace: home === '' ? undefined : home }),
    ),
  });
}

export function userOf(name: string, groups: readonly string[] = [], extra: User['extra'] = {}): User {
  return { name, uid: '', groups, extra };
}

const NAMES = ['a', 'b', 'c', 'd'];
const subject: fc.Arbitrary<Subject> = fc.record({
  kind: fc.constantFrom('User', 'Group', 'ServiceAccount'),
  name: fc.constantFrom('u1', 'u2', 'g1', 'g2', 'sa1'),
  namespace: fc.constantFrom('', 'n1', 'n2'),
});
const rules = fc.array(ruleArb, { maxLength: 4 });
const distinctNames = fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 4 });
const subjects = fc.array(subject, { maxLength: 3 });

function rolesArb(namespace: string): fc.Arbitrary<JsonObject[]> {
  return distinctNames.chain((names) =>
    fc.tuple(...names.map((name) => rules.map((list) => roleOf(name, list, namespace)))),
  );
}

function bindingsArb(namespace: string): fc.Arbitrary<JsonObject[]> {
  const kinds = namespace === '' ? ['ClusterRole'] : ['ClusterRole', 'Role'];
  const binding = fc.record({ role: fc.constantFrom(...NAMES), kind: fc.constantFrom(...kinds), subjects });
  return distinctNames.chain((names) =>
    fc.tuple(...names.sort().map((name) => binding.map((one) => bindingOf(`b${name}`, one, namespace)))),
  );
}

/** Roles and bindings with few names, so that they meet; some bindings name roles that are not there. */
export const objectsArb: fc.Arbitrary<RbacObjects> = fc.record({
  clusterRoles: rolesArb(''),
  clusterRoleBindings: bindingsArb(''),
  roles: rolesArb('n1'),
  roleBindings: bindingsArb('n1'),
});

export const userArb: fc.Arbitrary<User> = fc.record({
  name: fc.constantFrom('u1', 'u2', 'x', 'system:serviceaccount:n1:sa1', 'system:serviceaccount:n2:sa1'),
  uid: fc.constant(''),
  groups: fc.uniqueArray(fc.constantFrom('g1', 'g2', 'g3')),
  extra: fc.constant({}),
});

function metadataOf(name: string, namespace: string): JsonObject {
  return objectOf({ name, namespace: namespace === '' ? undefined : namespace });
}

export function nameOf(object: JsonObject): string {
  return textAt(objectAt(object, 'metadata'), 'name');
}

function namespaceOf(object: JsonObject): string {
  return textAt(objectAt(object, 'metadata'), 'namespace');
}
