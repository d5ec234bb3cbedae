import { MASTERS_GROUP, SCOPES_EXTRA, type User } from '../access/mod.ts';
import { type LogicalCluster, limits } from '../base/mod.ts';
import { newTooManyRequests } from '../machinery/mod.ts';

/** Who watches, and where. */
interface Watcher {
  readonly user: User;
  readonly cluster: LogicalCluster;
}

const RETRY_SECONDS = 5;

/**
 * Counts open watches: in all, of each user and in each logical cluster, so that one tenant leaves room for
 * others. Only what has a watch open has an entry. Operators count in all alone: as upstream, whose priority
 * and fairness exempts them too, they must get in when everybody else is held back.
 */
export class WatchCounts {
  readonly #byUser = new Map<string, number>();
  readonly #byCluster = new Map<string, number>();
  #all = 0;

  /** Users and clusters that have a watch open. */
  get entries(): number {
    return this.#byUser.size + this.#byCluster.size;
  }

  /** Throws 429 when there is no room for another one. */
  assertRoom({ user, cluster }: Watcher): void {
    if (this.#all >= limits.watchersMax) throw tooMany('this member has too many watches');
    if (isOperator(user)) return;
    if ((this.#byUser.get(keyOf(user)) ?? 0) >= limits.watchersPerUserMax)
      throw tooMany('this user has too many watches');
    if ((this.#byCluster.get(cluster) ?? 0) >= limits.watchersPerClusterMax)
      throw tooMany('this workspace has too many watches');
  }

  /** Counts one more, until the result is called, once. */
  add({ user, cluster }: Watcher): () => void {
    this.#all += 1;
    if (isOperator(user)) {
      return () => {
        this.#all -= 1;
      };
    }
    const key = keyOf(user);
    change(this.#byUser, key, 1);
    change(this.#byCluster, cluster, 1);
    return () => {
      this.#all -= 1;
      change(this.#byUser, key, -1);
      change(this.#byCluster, cluster, -1);
    };
  }
}

function isOperator(user: User): boolean {
  return user.groups.includes(MASTERS_GROUP);
}

/**
 * Service accounts have the same names in all workspaces, but not the same uids. Whoever is impersonated has the
 * name, and perhaps the uid, of somebody else, but is scoped to a workspace.
 */
function keyOf({ name, uid, extra }: User): string {
  return [name, uid, ...(extra[SCOPES_EXTRA] ?? [])].join('\0');
}

function change(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

function tooMany(message: string): Error {
  return newTooManyRequests(message, RETRY_SECONDS);
}
