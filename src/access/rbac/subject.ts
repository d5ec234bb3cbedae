import { goQuote, type JsonObject, textAt } from '../../machinery/mod.ts';
import { serviceAccountUserName } from '../groups.ts';
import type { User } from '../user.ts';

/** Whom a binding grants its role. */
export interface Subject {
  /** `User`, `Group` or `ServiceAccount`; any other matches nobody. */
  readonly kind: string;
  readonly name: string;
  /** Of a service account; in a RoleBinding it may be left out. */
  readonly namespace: string;
}

export function subjectFrom(subject: JsonObject): Subject {
  return {
    kind: textAt(subject, 'kind'),
    name: textAt(subject, 'name'),
    namespace: textAt(subject, 'namespace'),
  };
}

/**
 * Whether a user is meant by a subject of a binding in a namespace (empty for a ClusterRoleBinding), as
 * upstream's appliesToUser. Bindings are searched by {@link subjectKey}, which must come to the same.
 */
export function isSubject(user: User, subject: Subject, namespace: string): boolean {
  switch (subject.kind) {
    case 'User':
      return user.name === subject.name;
    case 'Group':
      return user.groups.includes(subject.name);
    case 'ServiceAccount': {
      const home = subject.namespace === '' ? namespace : subject.namespace;
      return home !== '' && user.name === serviceAccountUserName(home, subject.name);
    }
    default:
      return false;
  }
}

/** The key under which a binding in a namespace is found; undefined for a subject that matches nobody. */
export function subjectKey(subject: Subject, namespace: string): string | undefined {
  switch (subject.kind) {
    case 'User':
      return userKey(subject.name);
    case 'Group':
      return groupKey(subject.name);
    case 'ServiceAccount': {
      const home = subject.namespace === '' ? namespace : subject.namespace;
      return home === '' ? undefined : userKey(serviceAccountUserName(home, subject.name));
    }
    default:
      return undefined;
  }
}

export function userKey(name: string): string {
  return `u${name}`;
}

export function groupKey(name: string): string {
  return `g${name}`;
}

/** The subject in the words of an authorizer's reason. */
export function describeSubject(subject: Subject, namespace: string): string {
  if (subject.kind !== 'ServiceAccount') return `${subject.kind} ${goQuote(subject.name)}`;
  // Upstream writes the name first, and clients read its text.
  const home = subject.namespace === '' ? namespace : subject.namespace;
  return `ServiceAccount ${goQuote(`${subject.name}/${home}`)}`;
}
