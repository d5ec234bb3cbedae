import { type RegionName, systemClock, systemRandom } from '../../base/mod.ts';
import type { JoinTokenWish, PlanetControl } from '../../facade/mod.ts';
import { formatTime, type JsonObject, newBadRequest, objectOf } from '../../machinery/mod.ts';
import type { Store } from '../../store/mod.ts';
import { conflict, notFound, translated } from './control-errors.ts';
import { endOfToken, JoinTokens, type TokenRecord, TooManyTokens } from './join-tokens.ts';
import { KEY_BYTES, SigningKey } from './keys.ts';
import { memberName } from './member-certificate.ts';
import type { PlanetPart } from './planet-part.ts';
import { PlanetView, shownMember } from './planet-view.ts';
import { removeMember } from './remove-member.ts';
import { commandShard } from './shard-commands.ts';
import { base64url, TOKEN_ID } from './token-text.ts';

const REGION = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** What operators see and command of a planet, at one of its members. */
export function createPlanetControl(options: {
  readonly part: PlanetPart;
  /** Of the root shard. */
  readonly store: Store;
  /** Where clients reach this member. */
  readonly url: () => string;
}): PlanetControl & { close(): void } {
  const { part, store, url } = options;
  const { identity } = part.entered;
  const { region } = identity;
  const planetKey = identity.planet.publicKey;
  const tokens = new JoinTokens({ store, clock: systemClock, random: systemRandom, region, planetKey });
  const { membership } = part;
  const view = new PlanetView({ part, membership, url });
  return {
    status: () => view.status(),
    async members() {
      return objectOf({ items: (await membership.list()).map((member) => shownMember(member)) });
    },
    removeMember: (name, actor) => translated(removeMember({ part, membership, name, actor })),
    async tokens() {
      return objectOf({ items: (await tokens.list()).map(shownToken) });
    },
    createToken: (wish) => translated(createToken(tokens, wish)),
    revokeToken: (id, actor) => translated(revokeToken(tokens, id, actor)),
    newTokenKey() {
      const key = SigningKey.create(systemRandom);
      return { publicKey: base64url(key.publicKey), textOf: (id) => tokens.textOf(id, key) };
    },
    command: (shard, wish) => commandShard(part, shard, wish),
    close: () => view.close(),
  };
}

async function createToken(tokens: JoinTokens, wish: JoinTokenWish): Promise<JsonObject> {
  const { ttlMs, usesMax, actor, region } = wish;
  if (region !== undefined && !REGION.test(region))
    throw newBadRequest(`"${region}" cannot be the name of a region`);
  const plain = { ttlMs, usesMax, actor, ...(region === undefined ? {} : { region: region as RegionName }) };
  try {
    if (wish.publicKey === undefined) {
      const { text, record } = await tokens.create(plain);
      return objectOf({ ...shownToken(record), token: text });
    }
    const publicKey = Buffer.from(wish.publicKey, 'base64url');
    if (publicKey.length !== KEY_BYTES || base64url(publicKey) !== wish.publicKey)
      throw newBadRequest(`"publicKey" has to be an Ed25519 key: ${KEY_BYTES} bytes in base64url`);
    return shownToken(await tokens.add({ ...plain, publicKey }));
  } catch (error) {
    if (error instanceof TooManyTokens) throw conflict(error.message);
    throw error;
  }
}

async function revokeToken(tokens: JoinTokens, id: string, actor: string): Promise<JsonObject> {
  const isThere = TOKEN_ID.test(id) && (await tokens.revoke(id, actor));
  const record = isThere ? tokens.find(id)?.content : undefined;
  if (record === undefined)
    throw notFound(`there is no join token "${id}": "antipode join-token list" says which there are`);
  return shownToken(record);
}

/** A token as it is listed; its secret is not known here. */
function shownToken(record: TokenRecord): JsonObject {
  const { id, createdBy, createdMs, expiresMs, usesMax, members, region } = record;
  return objectOf({
    id,
    state: endOfToken(record, systemClock.nowMs()) ?? 'valid',
    uses: usesMax,
    members: members.map(memberName),
    region,
    createdBy,
    createdAt: formatTime(createdMs),
    expiresAt: formatTime(expiresMs),
  });
}
