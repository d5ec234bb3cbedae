import { limits } from '../../base/mod.ts';
import { isObject, type JsonValue, objectAt, parseJson, textAt, textsAt } from '../../machinery/mod.ts';
import {
  ANONYMOUS_USER,
  AUTHENTICATED_GROUP,
  clusterGroup,
  SERVICE_ACCOUNT_PREFIX,
  UNAUTHENTICATED_GROUP,
} from '../groups.ts';
import type { User } from '../user.ts';

/** JSON of further users whose rights count when the user's own do not suffice. */
export const WARRANT_EXTRA = 'authorization.kcp.io/warrant';
/** `cluster:<a>,cluster:<b>`: where the user counts at all; several values must all agree. */
export const SCOPES_EXTRA = 'authentication.kcp.io/scopes';
/** The logical cluster that a service account comes from. Authentication sets it; it is never a client's to send. */
export const ORIGIN_EXTRA = 'authentication.kcp.io/cluster-name';

const CLUSTER_SCOPE = 'cluster:';

export function isServiceAccount(user: User): boolean {
  return user.name.startsWith(SERVICE_ACCOUNT_PREFIX);
}

/** The logical cluster that a service account comes from; undefined for everybody else. */
export function homeOfServiceAccount(user: User): string | undefined {
  return isServiceAccount(user) ? onlyOne(user.extra[ORIGIN_EXTRA] ?? []) : undefined;
}

/**
 * Whether a user is, in a logical cluster, who they are: a service account only in its own, a scoped user only
 * within all scopes. A service account without origin counts as local: an access review may name one so.
 */
export function isInScope(user: User, cluster: string): boolean {
  const origins = user.extra[ORIGIN_EXTRA] ?? [];
  const isForeign = origins.length > 0 && (origins.length > 1 || origins[0] !== cluster);
  return !(isServiceAccount(user) && isForeign) && scopesAllow(user, cluster);
}

/**
 * As whom a user is judged in a logical cluster, best first: themselves where they are in scope; a service account
 * also under its global name, which other workspaces can bind; those of their warrants; and for whoever is out of
 * scope, an anonymous user with the group of the cluster that they come from. What is malformed is left out.
 */
export function effectiveUsers(user: User, cluster: string): readonly User[] {
  // Nearly all users have neither scopes nor warrants.
  if (!isServiceAccount(user) && user.extra[SCOPES_EXTRA] === undefined && !hasWarrants(user)) return [user];
  const known = remembered.get(user);
  if (known?.cluster === cluster) return known.users;
  const users = findEffectiveUsers(user, cluster);
  remembered.set(user, { cluster, users });
  return users;
}

// Where a user was last: most of them are always in the same place, and then their other selves are always the same
// objects, by which others remember them.
const remembered = new WeakMap<User, { readonly cluster: string; readonly users: readonly User[] }>();

function findEffectiveUsers(user: User, cluster: string): readonly User[] {
  const effective: User[] = [];
  const strangers: User[] = [];
  const waiting = [user];
  for (let seen = 0; waiting.length > 0 && seen < limits.warrantsMax; seen += 1) {
    const next = waiting.shift()!;
    if (isInScope(next, cluster)) effective.push(next);
    else strangers.push(strangerOf(next));
    const global = globalServiceAccount(next);
    if (global !== undefined && scopesAllow(next, cluster)) effective.push(global);
    waiting.unshift(...(next.extra[WARRANT_EXTRA] ?? []).flatMap(warrantedUser));
  }
  return [...effective, ...strangers];
}

/** A user by their own rights alone: what they may do that no view can lend them. */
export function withoutWarrants(user: User): User {
  if (!hasWarrants(user)) return user;
  const { [WARRANT_EXTRA]: _, ...extra } = user.extra;
  return { ...user, extra };
}

function hasWarrants(user: User): boolean {
  return user.extra[WARRANT_EXTRA] !== undefined;
}

function scopesAllow(user: User, cluster: string): boolean {
  return (user.extra[SCOPES_EXTRA] ?? []).every((scopes) =>
    scopes.split(',').includes(`${CLUSTER_SCOPE}${cluster}`),
  );
}

function isAuthenticated(user: User): boolean {
  return user.groups.includes(AUTHENTICATED_GROUP);
}

// What is left of somebody out of scope: that they are somebody, and where they come from.
function strangerOf(user: User): User {
  const groups = [isAuthenticated(user) ? AUTHENTICATED_GROUP : UNAUTHENTICATED_GROUP];
  const home = homeOf(user);
  if (home !== undefined && isAuthenticated(user)) groups.push(clusterGroup(home));
  return { name: ANONYMOUS_USER, uid: '', groups, extra: {} };
}

function homeOf(user: User): string | undefined {
  if (isServiceAccount(user)) return homeOfServiceAccount(user);
  const scopes = user.extra[SCOPES_EXTRA] ?? [];
  const clusters = new Set(scopes.flatMap((scope) => scope.split(',')));
  const scope = onlyOne([...clusters]);
  return scope?.startsWith(CLUSTER_SCOPE) ? scope.slice(CLUSTER_SCOPE.length) : undefined;
}

function globalServiceAccount(user: User): User | undefined {
  const origin = onlyOne(user.extra[ORIGIN_EXTRA] ?? []);
  if (origin === undefined || !isServiceAccount(user)) return undefined;
  const name = `system:kcp:serviceaccount:${origin}:${user.name.slice(SERVICE_ACCOUNT_PREFIX.length)}`;
  return { name, uid: '', groups: isAuthenticated(user) ? [AUTHENTICATED_GROUP] : [], extra: {} };
}

/** By which name others than their own logical cluster know a user: service accounts have another one there. */
export function nameElsewhere(user: User): string {
  return globalServiceAccount(user)?.name ?? user.name;
}

function warrantedUser(text: string): User[] {
  const warrant = parsedObject(text);
  if (warrant === undefined) return [];
  const extra: Record<string, readonly string[]> = {};
  const extras = objectAt(warrant, 'extra');
  for (const key of [WARRANT_EXTRA, SCOPES_EXTRA, ORIGIN_EXTRA]) {
    if (extras?.[key] !== undefined) extra[key] = textsAt(extras, key);
  }
  const user = {
    name: textAt(warrant, 'user'),
    uid: textAt(warrant, 'uid'),
    groups: textsAt(warrant, 'groups'),
    extra,
  };
  // A warrant goes everywhere with its bearer: a service account in it has to say which one it means.
  return isServiceAccount(user) && (extra[ORIGIN_EXTRA] ?? []).length === 0 ? [] : [user];
}

function parsedObject(text: string) {
  let value: JsonValue | undefined;
  try {
    value = parseJson(text).value;
  } catch {
    return undefined;
  }
  return isObject(value) ? value : undefined;
}

function onlyOne(texts: readonly string[]): string | undefined {
  return texts.length === 1 ? texts[0] : undefined;
}
