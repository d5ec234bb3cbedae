import { type AccessRequest, rulesReviewStatus, type User } from '../access/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import {
  type JsonObject,
  newBadRequest,
  objectAt,
  objectOf,
  objectsAt,
  parseFieldSelector,
  parseLabelSelector,
  StatusError,
  textAt,
  textsAt,
} from '../machinery/mod.ts';
import type { Api } from './api.ts';

/** The status of an access review: what the authorizers say of the request that its spec describes. */
export async function accessStatus(
  api: Api,
  asked: { readonly user: User; readonly cluster: LogicalCluster; readonly spec: JsonObject },
): Promise<JsonObject> {
  const { verdict, reason } = await api.access.decide(requestOf(asked));
  return objectOf({
    allowed: verdict === 'allow',
    denied: verdict === 'deny' ? true : undefined,
    reason: reason === '' ? undefined : reason,
    evaluationError: unreadSelectors(objectAt(asked.spec, 'resourceAttributes')),
  });
}

/** The status of a SelfSubjectRulesReview. */
export async function rulesStatus(
  api: Api,
  asked: { readonly user: User; readonly cluster: LogicalCluster; readonly namespace: string },
): Promise<JsonObject> {
  if (asked.namespace === '') throw newBadRequest('no namespace on request');
  return rulesReviewStatus(await api.access.rightsOf(asked));
}

/** The user that a SubjectAccessReview asks about: nothing is added to what it says. */
export function reviewedUser(spec: JsonObject): User {
  const extra = Object.create(null) as Record<string, readonly string[]>;
  const extras = objectAt(spec, 'extra');
  for (const key of Object.keys(extras ?? {})) extra[key] = textsAt(extras, key);
  return { name: textAt(spec, 'user'), uid: textAt(spec, 'uid'), groups: textsAt(spec, 'groups'), extra };
}

/**
 * Roles know no selectors, so these change nothing about a decision; but whoever sends one that cannot be read hears
 * that it did not count.
 */
function unreadSelectors(resource: JsonObject | undefined): string | undefined {
  const unread = [
    ['fieldSelector', isFieldSelector] as const,
    ['labelSelector', isLabelSelector] as const,
  ].flatMap(([field, isRead]) => {
    const selector = objectAt(resource, field);
    if (selector === undefined || isRead(selector)) return [];
    return [`spec.resourceAttributes.${field} ignored due to parse error`];
  });
  return unread.length === 0 ? undefined : unread.join('; ');
}

function isFieldSelector(selector: JsonObject): boolean {
  const raw = textAt(selector, 'rawSelector');
  if (raw !== '') return isParsed(() => parseFieldSelector(raw));
  // A field selector compares with one value.
  return objectsAt(selector, 'requirements').every(
    (one) => ['In', 'NotIn'].includes(textAt(one, 'operator')) && textsAt(one, 'values').length === 1,
  );
}

function isLabelSelector(selector: JsonObject): boolean {
  const raw = textAt(selector, 'rawSelector');
  if (raw !== '') return isParsed(() => parseLabelSelector(raw));
  return objectsAt(selector, 'requirements').every((one) =>
    ['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(textAt(one, 'operator')),
  );
}

function isParsed(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (error) {
    if (error instanceof StatusError) return false;
    throw error;
  }
}

function requestOf({
  user,
  cluster,
  spec,
}: {
  readonly user: User;
  readonly cluster: LogicalCluster;
  readonly spec: JsonObject;
}): AccessRequest {
  const resource = objectAt(spec, 'resourceAttributes');
  if (resource === undefined) {
    const path = objectAt(spec, 'nonResourceAttributes');
    return { user, cluster, verb: textAt(path, 'verb'), path: textAt(path, 'path') };
  }
  return {
    user,
    cluster,
    verb: textAt(resource, 'verb'),
    group: textAt(resource, 'group'),
    resource: textAt(resource, 'resource'),
    subresource: textAt(resource, 'subresource'),
    namespace: textAt(resource, 'namespace'),
    name: textAt(resource, 'name'),
  };
}
