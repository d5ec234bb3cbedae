import type { User } from '../access/mod.ts';
import { newForbidden } from '../machinery/mod.ts';
import type { Exchange } from './exchange.ts';

const PREFIX = 'impersonate-';
const EXTRA = 'impersonate-extra-';
const AUTHENTICATION_GROUP = 'authentication.k8s.io';
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

interface Subject {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name: string;
}

/**
 * Throws 403 when a request asks to be made as somebody else. Nobody may yet; to ignore the headers would
 * give the rights of an administrator to a request that was meant to have fewer.
 */
export function assertNoImpersonation(exchange: Exchange, user: User): void {
  // Every request comes by here: no list of its headers is made.
  for (const header in exchange.request.headers) {
    if (header.startsWith(PREFIX)) throw forbidden(subjectOf(exchange), user);
  }
}

/** Whom upstream would ask its authorizer about first. */
function subjectOf(exchange: Exchange): Subject {
  const user = exchange.header('impersonate-user');
  const [, namespace, account] = SERVICE_ACCOUNT.exec(user ?? '') ?? [];
  if (namespace !== undefined && account !== undefined) {
    return { group: '', resource: 'serviceaccounts', namespace, name: account };
  }
  if (user !== undefined) return { group: '', resource: 'users', name: user };
  const group = exchange.header('impersonate-group');
  if (group !== undefined) return { group: '', resource: 'groups', name: group };
  const extra = Object.keys(exchange.request.headers).find((header) => header.startsWith(EXTRA));
  if (extra !== undefined) {
    const subresource = extra.slice(EXTRA.length);
    const name = exchange.header(extra) ?? '';
    return { group: AUTHENTICATION_GROUP, resource: 'userextras', subresource, name };
  }
  const uid = exchange.header('impersonate-uid');
  if (uid !== undefined) return { group: AUTHENTICATION_GROUP, resource: 'uids', name: uid };
  return { group: '', resource: 'users', name: '' };
}

function forbidden(subject: Subject, user: User): Error {
  const { group, resource, subresource, namespace, name } = subject;
  const printed = subresource === undefined ? resource : `${resource}/${subresource}`;
  const scope = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return newForbidden(
    { group, resource },
    name,
    `User "${user.name}" cannot impersonate resource "${printed}" in API group "${group}" ${scope}: impersonation is not supported`,
  );
}
