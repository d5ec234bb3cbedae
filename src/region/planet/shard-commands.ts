import { type RegionName, systemRandom } from '../../base/mod.ts';
import type { ShardWish } from '../../facade/mod.ts';
import {
  type JsonObject,
  newBadRequest,
  newServiceUnavailable,
  objectOf,
  StatusError,
} from '../../machinery/mod.ts';
import { type CommandOutcome, type Homes, SURVIVAL_GOALS } from '../../replication/mod.ts';
import { conflict, notFound } from './control-errors.ts';
import type { PlanetPart } from './planet-part.ts';

/** Terms that nobody can compare get different numbers, as likely as not: see `Command`. */
const SALT_BOUND = 1024;

/** Has a command about a shard carried out by whoever it is for, and shows what it came to. */
export async function commandShard(
  { homes }: Pick<PlanetPart, 'homes'>,
  shard: string,
  wish: ShardWish,
): Promise<JsonObject> {
  const home = homes.get(shard);
  if (home === undefined) {
    const known = homes.list().map((status) => status.shard);
    throw notFound(`there is no shard "${shard}": there are ${known.join(', ')}`);
  }
  if (wish.action !== 'goal' && home.voterIn(wish.region as RegionName) === undefined) {
    const regions = home.status.voters.map(({ region }) => region).sort();
    throw notFound(
      `region "${wish.region}" has no voter of shard ${shard}: voters are in ${regions.join(', ')}`,
    );
  }
  return shown(shard, await carriedOut(homes, shard, wish));
}

function carriedOut(homes: Homes, shard: string, wish: ShardWish): Promise<CommandOutcome> {
  switch (wish.action) {
    case 'move':
      return homes.move(shard, wish.region as RegionName);
    case 'promote': {
      const { acceptLoss } = wish;
      const salt = systemRandom.below(SALT_BOUND);
      return homes.promote(shard, { region: wish.region as RegionName, acceptLoss, salt });
    }
    case 'goal': {
      const goal = SURVIVAL_GOALS.find((each) => each === wish.goal);
      if (goal === undefined)
        throw newBadRequest(`"${wish.goal}" is no survival goal: there are ${SURVIVAL_GOALS.join(', ')}`);
      return homes.command(shard, { kind: 'set-goal', goal });
    }
  }
}

function shown(shard: string, outcome: CommandOutcome): JsonObject {
  switch (outcome.kind) {
    case 'done':
      return objectOf({ shard, outcome: 'done', epoch: outcome.epoch, losses: outcome.losses });
    case 'would-lose':
      throw new StatusError({
        code: 409,
        reason: 'Conflict',
        message: outcome.detail,
        details: { kind: 'Shard', name: shard, causes: [{ reason: 'WouldLose', message: outcome.detail }] },
      });
    case 'refused':
    case 'outdone':
      throw conflict(outcome.detail);
    case 'failed':
      // Without Retry-After: whether to try again is for the operator to say.
      throw newServiceUnavailable(outcome.detail);
  }
}
