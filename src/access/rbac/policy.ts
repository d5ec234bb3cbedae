import { hash } from 'node:crypto';
import { limits } from '../../base/mod.ts';
import { encodeJson, goQuote, type JsonObject, objectAt, objectsAt, textAt } from '../../machinery/mod.ts';
import type { User } from '../user.ts';
import { type PolicyRule, rulesOf } from './policy-rule.ts';
import { ruleSizeBytes, textsSizeBytes } from './rule-index.ts';
import {
  describeSubject,
  groupKey,
  isSubject,
  type Subject,
  subjectFrom,
  subjectKey,
  userKey,
} from './subject.ts';

export const RBAC_GROUP = 'rbac.authorization.k8s.io';

/**
 * The roles and bindings that decide about requests in a scope: a namespace of a logical cluster, or (with no
 * namespace) its cluster-wide part. All of one state.
 */
export interface RbacState {
  readonly namespace: string;
  readonly clusterRoleBindings: readonly JsonObject[];
  /** Those of the namespace. */
  readonly roleBindings: readonly JsonObject[];
  clusterRole(name: string): JsonObject | undefined;
  /** A role of the namespace. */
  role(name: string): JsonObject | undefined;
}

export interface RoleRef {
  readonly kind: string;
  readonly name: string;
}

/** A role that a binding names and that is not there; or why nothing was looked up at all. */
export type RoleProblem = RoleRef | 'too-large';

/**
 * A problem in upstream's words. Where a role is missed while an object is written, upstream takes the resource that
 * is written for that of the role; people search for its text, so this does the same.
 */
export function problemText(problem: RoleProblem, writtenResource?: string): string {
  if (problem === 'too-large') return 'there are too many roles and bindings to evaluate';
  const { kind, name } = problem;
  if (kind !== 'ClusterRole' && kind !== 'Role') return `unsupported role reference kind: ${goQuote(kind)}`;
  return `${writtenResource ?? kind.toLowerCase()}.${RBAC_GROUP} ${goQuote(name)} not found`;
}

interface Binding {
  readonly kind: 'ClusterRoleBinding' | 'RoleBinding';
  readonly name: string;
  /** Of a RoleBinding. */
  readonly namespace: string;
  readonly roleRef: RoleRef;
  readonly subjects: readonly Subject[];
}

/** A binding with the rules that it grants, or with what is wrong with its role. */
interface Grant {
  readonly binding: Binding;
  readonly rules: readonly PolicyRule[];
  readonly problem: RoleProblem | undefined;
}

/** A rule that somebody has, with the position of the grant that it comes from. */
export interface HeldRule {
  readonly rule: PolicyRule;
  readonly grant: number;
}

/** A role as a policy holds it. */
interface ResolvedRole {
  /** Of its rules alone: the same rules are one object in all policies. */
  readonly digest: string;
  readonly rules: readonly PolicyRule[];
  readonly problem: RoleProblem | undefined;
}

/** Roles and bindings that are more than `rbacScopeBytesMax`: nobody is let in by them. */
export class PolicyTooLarge extends Error {
  override readonly name = 'PolicyTooLarge';
}

/** Returns the one list that stands for all lists of rules with a digest. */
export type InternRules = (digest: string, rules: readonly PolicyRule[]) => readonly PolicyRule[];

/**
 * What a state of roles and bindings grants, in a fixed order: cluster role bindings, then role bindings, each by
 * name. Plain and immutable; two states that grant the same have the same `digest`, wherever they are kept.
 */
export class Policy {
  readonly digest: string;
  /** What it costs in memory, roughly, without the rules, which policies share. */
  readonly sizeBytes: number;
  readonly #grants: readonly Grant[];
  readonly #grantsBySubject = new Map<string, number[]>();
  // A user is one object for all requests with the same credential, and is asked about again and again.
  readonly #keys = new WeakMap<User, string>();

  /** @throws PolicyTooLarge */
  constructor(state: RbacState, intern: InternRules = (_, rules) => rules) {
    const bindings = [
      ...inOrder(state.clusterRoleBindings).map((object) => bindingFrom(object, 'ClusterRoleBinding', '')),
      ...inOrder(state.roleBindings).map((object) => bindingFrom(object, 'RoleBinding', state.namespace)),
    ];
    this.sizeBytes = bindings.reduce((sum, binding) => sum + bindingSizeBytes(binding), 0);
    // A role that a thousand bindings name is read once.
    const resolved = new Map<string, ResolvedRole>();
    let bytesLeft = limits.rbacScopeBytesMax - this.sizeBytes;
    this.#grants = bindings.map((binding) => {
      const key = `${binding.roleRef.kind}/${binding.roleRef.name}`;
      let role = resolved.get(key);
      if (role === undefined) {
        const { rules, problem } = resolveRole(state, binding.roleRef);
        bytesLeft -= rulesSizeBytes(rules);
        if (bytesLeft < 0) throw new PolicyTooLarge('roles and bindings are too large');
        const digest = problem !== undefined ? problemText(problem) : sha256(JSON.stringify(rules));
        role = { digest, rules: problem === undefined ? intern(digest, rules) : rules, problem };
        resolved.set(key, role);
      }
      return { binding, rules: role.rules, problem: role.problem };
    });
    for (const [position, { binding }] of this.#grants.entries()) {
      for (const subject of binding.subjects) this.#index(subjectKey(subject, binding.namespace), position);
    }
    // Only what decides is hashed: uids, times and labels differ between workspaces that grant the same.
    this.digest = sha256(JSON.stringify([bindings, [...resolved].map(([key, { digest }]) => [key, digest])]));
  }

  /**
   * Who a user is to this policy: users who match the same subjects have the same key, and the same rules.
   * Subjects that no binding names do not count, so that nearly all users share a few keys.
   */
  matchedSubjects(user: User): string[] {
    const keys = this.#grantsBySubject;
    const matched: string[] = [];
    const own = userKey(user.name);
    if (keys.has(own)) matched.push(own);
    for (const group of user.groups) {
      const key = groupKey(group);
      if (keys.has(key) && !matched.includes(key)) matched.push(key);
    }
    return matched.sort();
  }

  /** The same as one text: equal for users who match the same subjects. */
  subjectsKey(user: User): string {
    const known = this.#keys.get(user);
    if (known !== undefined) return known;
    // Names may hold any character: only a JSON text keeps two lists of them apart.
    const key = `${this.digest}${JSON.stringify(this.matchedSubjects(user))}`;
    this.#keys.set(user, key);
    return key;
  }

  /**
   * All rules of those subjects, in the order of their grants, and what is wrong with roles granted to them. A
   * list of rules that is granted twice comes once, by its first grant: more it cannot allow.
   */
  held(subjects: readonly string[]): {
    readonly rules: readonly HeldRule[];
    readonly problems: readonly RoleProblem[];
  } {
    const rules: HeldRule[] = [];
    const seen = new Set<readonly PolicyRule[]>();
    const grants = this.#grantsOf(subjects);
    for (const grant of grants) {
      const granted = this.#grants[grant]!.rules;
      if (seen.has(granted)) continue;
      seen.add(granted);
      for (const rule of granted) rules.push({ rule, grant });
    }
    return { rules, problems: grants.flatMap((grant) => this.#grants[grant]!.problem ?? []) };
  }

  /** The same by looking at every subject of every binding, as upstream does; the tests compare the two. */
  *walk(user: User): Generator<HeldRule> {
    for (const [grant, { binding, rules }] of this.#grants.entries()) {
      if (!binding.subjects.some((subject) => isSubject(user, subject, binding.namespace))) continue;
      for (const rule of rules) yield { rule, grant };
    }
  }

  /** Why a grant applies to a user, in upstream's words. */
  reason(grant: number, user: User): string {
    const { binding } = this.#grants[grant]!;
    const { kind, name, namespace, roleRef, subjects } = binding;
    const subject = subjects.find((one) => isSubject(user, one, namespace))!;
    // Upstream writes a namespaced name the wrong way round, and clients read its text.
    const printed = kind === 'RoleBinding' ? `${name}/${namespace}` : name;
    return `RBAC: allowed by ${kind} ${goQuote(printed)} of ${roleRef.kind} ${goQuote(roleRef.name)} to ${describeSubject(subject, namespace)}`;
  }

  #grantsOf(subjects: readonly string[]): number[] {
    const positions = new Set(subjects.flatMap((key) => this.#grantsBySubject.get(key) ?? []));
    return [...positions].sort((a, b) => a - b);
  }

  #index(key: string | undefined, position: number): void {
    if (key === undefined) return;
    const positions = this.#grantsBySubject.get(key);
    if (positions === undefined) this.#grantsBySubject.set(key, [position]);
    else if (positions.at(-1) !== position) positions.push(position);
  }
}

function resolveRole(state: RbacState, { kind, name }: RoleRef): Omit<ResolvedRole, 'digest'> {
  const role = readRole(state, { kind, name });
  if (role !== undefined) return { rules: rulesOf(role), problem: undefined };
  return { rules: [], problem: { kind, name } };
}

/** The role that a reference in this scope names; undefined when there is none. */
export function readRole(
  state: Pick<RbacState, 'role' | 'clusterRole'>,
  { kind, name }: RoleRef,
): JsonObject | undefined {
  return kind === 'ClusterRole' ? state.clusterRole(name) : kind === 'Role' ? state.role(name) : undefined;
}

/** The role that a binding names. */
export function roleRefOf(binding: JsonObject): RoleRef {
  const roleRef = objectAt(binding, 'roleRef');
  return { kind: textAt(roleRef, 'kind'), name: textAt(roleRef, 'name') };
}

function bindingFrom(object: JsonObject, kind: Binding['kind'], namespace: string): Binding {
  return {
    kind,
    name: nameOf(object),
    namespace,
    roleRef: roleRefOf(object),
    subjects: objectsAt(object, 'subjects').map(subjectFrom),
  };
}

function inOrder(objects: readonly JsonObject[]): JsonObject[] {
  return [...objects].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
}

function nameOf(object: JsonObject): string {
  return textAt(objectAt(object, 'metadata'), 'name');
}

function sha256(text: string): string {
  return hash('sha256', text, 'base64url');
}

function bindingSizeBytes({ name, namespace, roleRef, subjects }: Binding): number {
  const own = textsSizeBytes([name, namespace, roleRef.kind, roleRef.name]);
  return subjects.reduce((sum, one) => sum + textsSizeBytes([one.kind, one.name, one.namespace]), own);
}

/** What a stored role or binding costs in memory, roughly, and never less than its text. */
export function grantSizeBytes(object: JsonObject): number {
  const text = encodeJson(object).length;
  if (!('roleRef' in object)) return Math.max(text, rulesSizeBytes(rulesOf(object)));
  return Math.max(text, bindingSizeBytes(bindingFrom(object, 'RoleBinding', '')));
}

/** What a list of rules costs in memory, roughly. */
export function rulesSizeBytes(rules: readonly PolicyRule[]): number {
  return rules.reduce((sum, rule) => sum + ruleSizeBytes(rule), 0);
}
