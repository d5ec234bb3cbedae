import { timingSafeEqual } from 'node:crypto';
import { type Clock, type LogicalCluster, ROOT_CLUSTER } from '../../base/mod.ts';
import { builtinDefinition, collectionOf } from '../../definitions/mod.ts';
import { isObject, type JsonObject, objectAt, parseJson, textAt } from '../../machinery/mod.ts';
import type { ObjectKey, Row } from '../../store/mod.ts';
import { AUTHENTICATED_GROUP } from '../groups.ts';
import type { User } from '../user.ts';
import { InvalidCredential, type TokenAuthenticator } from './credentials.ts';

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const NAMESPACE = 'kube-system';
const SECRET_TYPE = 'bootstrap.kubernetes.io/token';
const GROUP = 'system:bootstrappers';
/** Groups that a Secret may add: whoever may write Secrets must not become somebody else by it. */
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/**
 * Bootstrap tokens `<id>.<secret>`, each a Secret `bootstrap-token-<id>` of the namespace kube-system. The
 * Secret is read with every request: its deletion or expiry counts at once. Only those of the root workspace
 * count: a token names no logical cluster, and in any other workspace a tenant could make one.
 */
export function bootstrapTokens(options: {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly read: (key: ObjectKey) => Row | undefined;
}): TokenAuthenticator {
  return {
    verify(token) {
      const [, id, secret] = TOKEN.exec(token) ?? [];
      if (id === undefined || secret === undefined) return undefined;
      const key = secretKey(ROOT_CLUSTER, id);
      const identify = () => {
        const row = options.read(key);
        const user =
          row === undefined ? undefined : userOf(row, { id, secret, nowMs: options.clock.nowMs() });
        return user ?? INVALID;
      };
      return identify() === INVALID ? INVALID : { audiences: undefined, identify };
    },
  };
}

const INVALID = new InvalidCredential('invalid bootstrap token');

function secretKey(cluster: LogicalCluster, id: string): ObjectKey {
  const collection = collectionOf(cluster, builtinDefinition('', 'secrets')!);
  return { ...collection, namespace: NAMESPACE, name: `bootstrap-token-${id}` };
}

function userOf(
  row: Row,
  presented: { readonly id: string; readonly secret: string; readonly nowMs: number },
): User | undefined {
  const { id, secret, nowMs } = presented;
  const object = parseJson(row.json).value;
  if (!isObject(object) || textAt(object, 'type') !== SECRET_TYPE) return undefined;
  if (textAt(objectAt(object, 'metadata'), 'deletionTimestamp') !== '') return undefined;
  const data = objectAt(object, 'data');
  if (!isEqual(decodedAt(data, 'token-secret'), secret) || decodedAt(data, 'token-id') !== id)
    return undefined;
  const expiration = decodedAt(data, 'expiration');
  // A time that cannot be read has come, as upstream.
  if (expiration !== '' && !(Date.parse(expiration) > nowMs)) return undefined;
  if (decodedAt(data, 'usage-bootstrap-authentication') !== 'true') return undefined;
  const groups = groupsOf(decodedAt(data, 'auth-extra-groups'));
  return groups && { name: `system:bootstrap:${id}`, uid: '', groups, extra: {} };
}

/** Undefined: the Secret names a group that it may not. */
function groupsOf(text: string): string[] | undefined {
  const extra = text.split(',').filter((group) => group !== '');
  if (!extra.every((group) => EXTRA_GROUP.test(group))) return undefined;
  return [...new Set([GROUP, ...extra.sort(), AUTHENTICATED_GROUP])];
}

function decodedAt(data: JsonObject | undefined, key: string): string {
  return Buffer.from(textAt(data, key), 'base64').toString();
}

function isEqual(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)];
  return one.length === other.length && timingSafeEqual(one, other);
}
