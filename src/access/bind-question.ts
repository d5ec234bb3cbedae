import type { LogicalCluster } from '../base/mod.ts';
import { type AccessRequest, withoutWarrants } from './chain/mod.ts';
import { APIS_GROUP } from './rbac/mod.ts';
import type { User } from './user.ts';

/**
 * Whether a user may bind an APIExport, as the chain is asked. It is the user's own right: the warrant of a view, which is
 * one for the consumer, binds no export there. And whoever may bind need not be let into the provider's workspace.
 */
export function bindQuestion(request: {
  readonly user: User;
  /** Where the export lies. */
  readonly provider: LogicalCluster;
  readonly name: string;
}): AccessRequest {
  return {
    user: withoutWarrants(request.user),
    cluster: request.provider,
    verb: 'bind',
    group: APIS_GROUP,
    resource: 'apiexports',
    subresource: '',
    namespace: '',
    name: request.name,
    isDeepReview: true,
  };
}
