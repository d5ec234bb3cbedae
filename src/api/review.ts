import { type Authorized, isAllowed, type User } from '../access/mod.ts';
import {
  formatTime,
  isObject,
  type JsonObject,
  type KubeObject,
  newBadRequest,
  objectOf,
} from '../machinery/mod.ts';
import type { Api, RequestContext } from './api.ts';
import { type Body, decodeObject, enforceFieldValidation } from './decode.ts';
import { assertValidReview, settleNamespace } from './metadata.ts';
import { type Resource, resolve, type Target } from './target.ts';
import type { WriteOptions } from './write-options.ts';

/** A question that was answered: nothing was stored. */
export interface Reviewed {
  readonly resource: Resource;
  readonly object: KubeObject;
}

/** POST of a review kind (SubjectAccessReview and its family, SelfSubjectReview, TokenReview). */
export function review(
  api: Api,
  request: {
    readonly target: Authorized<Target>;
    readonly options: WriteOptions;
    readonly context: RequestContext;
    readonly body: Body;
  },
): Reviewed {
  const { target, options, context, body } = request;
  const resource = resolve(api, target);
  const { object, complaints } = decodeObject(resource, body);
  enforceFieldValidation(resource, complaints, { options, warn: context.warn });
  settleNamespace(resource, object);
  assertToken(object);
  const strategyContext = { subresource: '', now: formatTime(api.store.nowMs()) };
  assertValidReview(resource, object, resource.definition.strategy.validateCreate(object, strategyContext));
  object['status'] = answer(object, target.user);
  // Of all reviews, this one alone is dated.
  if (object.kind === 'SelfSubjectReview') object.metadata.creationTimestamp = strategyContext.now;
  return { resource, object };
}

function assertToken(object: KubeObject): void {
  if (object.kind !== 'TokenReview') return;
  const spec = isObject(object['spec']) ? object['spec'] : objectOf({});
  if (!spec['token']) throw newBadRequest('token is required for TokenReview in authentication');
}

function answer(object: KubeObject, user: User): JsonObject {
  const spec = isObject(object['spec']) ? object['spec'] : objectOf({});
  switch (object.kind) {
    case 'SelfSubjectReview':
      return objectOf({ userInfo: userInfo(user) });
    case 'SelfSubjectAccessReview':
      return access(user);
    case 'SubjectAccessReview':
    case 'LocalSubjectAccessReview':
      return access(subjectOf(spec));
    case 'SelfSubjectRulesReview':
      return rules(user);
    default:
      // A token that this member does not know: the answer is no, not an error.
      return objectOf({ user: objectOf({}), error: 'invalid bearer token' });
  }
}

function access(user: User): JsonObject {
  return objectOf({ allowed: isAllowed(user) });
}

function rules(user: User): JsonObject {
  const everything = isAllowed(user);
  return objectOf({
    resourceRules: everything ? [objectOf({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] })] : [],
    nonResourceRules: everything ? [objectOf({ verbs: ['*'], nonResourceURLs: ['*'] })] : [],
    incomplete: false,
  });
}

function subjectOf(spec: JsonObject): User {
  const groups = Array.isArray(spec['groups']) ? spec['groups'].map(String) : [];
  return { name: String(spec['user'] ?? ''), uid: String(spec['uid'] ?? ''), groups, extra: {} };
}

function userInfo(user: User): JsonObject {
  return objectOf({
    username: user.name,
    uid: user.uid === '' ? undefined : user.uid,
    groups: [...user.groups],
  });
}
