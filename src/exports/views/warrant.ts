import { ADMIN_GROUP, ORIGIN_EXTRA, type User, WARRANT_EXTRA } from '../../access/mod.ts';
import type { LogicalCluster } from '../../base/mod.ts';

// Who was warranted where last: the same object for the same user, so that others can remember them by it.
const warranted = new WeakMap<User, { readonly cluster: LogicalCluster; readonly user: User }>();

/**
 * A user as a virtual workspace sends them into a logical cluster: themselves for audit and admission, with a warrant
 * that lets them do there what an administrator may, and nowhere else. It names a service account of that logical
 * cluster that nobody has to have, as kcp's does.
 */
export function withWarrant(user: User, cluster: LogicalCluster): User {
  const known = warranted.get(user);
  if (known?.cluster === cluster) return known.user;
  const warrant = JSON.stringify({
    user: 'system:serviceaccount:default:rest',
    groups: [ADMIN_GROUP],
    extra: { [ORIGIN_EXTRA]: [cluster] },
  });
  // In front: of very many warrants, the last ones are not looked at.
  const extra = { ...user.extra, [WARRANT_EXTRA]: [warrant, ...(user.extra[WARRANT_EXTRA] ?? [])] };
  const made = { ...user, extra };
  warranted.set(user, { cluster, user: made });
  return made;
}
