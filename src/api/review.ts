import { InvalidCredential, type User } from '../access/mod.ts';
import {
  formatTime,
  isObject,
  type JsonObject,
  type KubeObject,
  newBadRequest,
  objectOf,
  textAt,
  textsAt,
} from '../machinery/mod.ts';

import { accessStatus, reviewedUser, rulesStatus } from './access-review.ts';
import type { Api } from './api.ts';
import { type BodyRequest, decodeRequest } from './decode.ts';
import { assertValidReview, settleNamespace } from './metadata.ts';
import { type Resource, resolve } from './target.ts';
import { admitAnswered } from './write.ts';

/** A question that was answered: nothing was stored. */
export interface Reviewed {
  readonly resource: Resource;
  readonly object: KubeObject;
}

/** POST of a review kind (SubjectAccessReview and its family, SelfSubjectReview, TokenReview). */
export async function review(api: Api, request: BodyRequest): Promise<Reviewed> {
  const { target, options } = request;
  const resource = resolve(api, target);
  const object = decodeRequest(resource, request);
  settleNamespace(resource, object);
  await admitAnswered(api, resource, { phase: 'mutate', object, options });
  assertToken(object);
  const strategyContext = { subresource: '', now: formatTime(api.store.nowMs()) };
  assertValidReview(resource, object, resource.definition.strategy.validateCreate(object, strategyContext));
  await admitAnswered(api, resource, { phase: 'validate', object, options });
  object['status'] = await answer(api, object, resource.target);
  // Upstream answers with a new object, which does not say what was asked.
  if (object.kind === 'SelfSubjectRulesReview') object['spec'] = objectOf({});
  // Of all reviews, this one alone is dated.
  if (object.kind === 'SelfSubjectReview') object.metadata.creationTimestamp = strategyContext.now;
  return { resource, object };
}

function assertToken(object: KubeObject): void {
  if (object.kind !== 'TokenReview') return;
  const spec = isObject(object['spec']) ? object['spec'] : objectOf({});
  if (!spec['token']) throw newBadRequest('token is required for TokenReview in authentication');
}

async function answer(
  api: Api,
  object: KubeObject,
  { user, cluster }: Resource['target'],
): Promise<JsonObject> {
  const spec = isObject(object['spec']) ? object['spec'] : objectOf({});
  switch (object.kind) {
    case 'SelfSubjectReview':
      return objectOf({ userInfo: userInfo(user) });
    case 'SelfSubjectAccessReview':
      return accessStatus(api, { user, cluster, spec });
    case 'SubjectAccessReview':
    case 'LocalSubjectAccessReview':
      return accessStatus(api, { user: reviewedUser(spec), cluster, spec });
    case 'SelfSubjectRulesReview':
      return rulesStatus(api, { user, cluster, namespace: textAt(spec, 'namespace') });
    default:
      return tokenStatus(api, spec);
  }
}

/** Whom a token belongs to. That it belongs to nobody is an answer, and no error. */
async function tokenStatus(api: Api, spec: JsonObject): Promise<JsonObject> {
  const wanted = textsAt(spec, 'audiences');
  const found = await api.authenticator.review(textAt(spec, 'token'), wanted.length > 0 ? wanted : undefined);
  if (found instanceof InvalidCredential) return objectOf({ user: objectOf({}), error: found.reason });
  return objectOf({ authenticated: true, user: userInfo(found.user), audiences: [...found.audiences] });
}

function userInfo(user: User): JsonObject {
  return objectOf({
    username: user.name,
    uid: user.uid === '' ? undefined : user.uid,
    groups: [...user.groups],
    extra: extraOf(user),
  });
}

function extraOf({ extra }: User): JsonObject | undefined {
  // Sorted, as Go prints maps.
  const keys = Object.keys(extra).sort();
  if (keys.length === 0) return undefined;
  return objectOf(Object.fromEntries(keys.map((key) => [key, [...extra[key]!]])));
}
