import type { Access, Asked, User } from '../access/mod.ts';
import { type Mount, UnknownCluster } from '../api/mod.ts';
import type { ClusterScope } from '../base/mod.ts';
import { StatusError } from '../machinery/mod.ts';
import { WorkspaceUnavailable } from './errors.ts';

/**
 * Answers a request for a workspace that is a door to a server elsewhere. Nothing is forwarded: the URL is the choice
 * of a tenant, and what came with the request, credentials above all, is not for them. Who may read the Workspace hears
 * where it leads; to all others it is like one that is not there.
 */
export async function refuseMount(access: Access, user: User, { cluster, name, url }: Mount): Promise<never> {
  const workspace = { group: 'tenancy.kcp.io', version: 'v1alpha1', resource: 'workspaces', name };
  await assertSeen(access, { user, cluster, verb: 'get', subresource: '', namespace: '', ...workspace });
  if (url === undefined) throw new WorkspaceUnavailable();
  const message = `workspace ${name} is mounted from ${url}: requests are not forwarded, send them there`;
  throw new StatusError({ code: 501, reason: '', message });
}

/** Answers a request for a workspace that cannot be used now: only those hear of it who may enter. */
export async function refuseUnavailable(access: Access, user: User, cluster: ClusterScope): Promise<never> {
  await assertSeen(access, { user, cluster, verb: 'access', path: '/' });
  throw new WorkspaceUnavailable();
}

/** To whoever may not do this, a workspace is like one that is not there. */
async function assertSeen(access: Access, target: Asked): Promise<void> {
  try {
    await access.authorize(target);
  } catch (error) {
    if (error instanceof StatusError && error.code === 403) throw new UnknownCluster();
    throw error;
  }
}
