import { EVERYWHERE } from '../base/mod.ts';
import type { ClusterQuestion, Question } from './attributes.ts';
import { type Decision, decision, type Eventual, SCOPES_EXTRA } from './chain/mod.ts';
import { MASTERS_GROUP } from './groups.ts';
import type { User } from './user.ts';

/**
 * Another way to objects than the URL of their logical cluster: what a virtual workspace demands of those who come
 * by it. `Access.authorize` asks all of it, whatever the request; there is no other way through a door.
 */
export interface Door {
  /** Rights that the user needs first, as who they are; usually where those are at home who offer the view. */
  questions(request: Question): readonly ClusterQuestion[];
  /**
   * Then whether what is asked for can be reached through here at all: whether the logical cluster has anything to do
   * with those who offer the view. Asked again with every attempt of a write, and while a watch runs.
   */
  admit(request: Question): Eventual<Decision>;
  /** As whom the request goes on into one logical cluster, whose own chain of authorizers then judges it. */
  userOf(request: ClusterQuestion): User;
}

export function isInOneCluster(question: Question): question is ClusterQuestion {
  return question.cluster !== EVERYWHERE;
}

/** All logical clusters at once are for those alone who may do everything everywhere, with no scope to hold them. */
export function everywhere({ user }: Question): Decision {
  const isAllowed = user.groups.includes(MASTERS_GROUP) && user.extra[SCOPES_EXTRA] === undefined;
  return decision(isAllowed ? 'allow' : 'no-opinion', '');
}
