import { systemClock } from '../../base/mod.ts';
import { type JsonObject, newServiceUnavailable } from '../../machinery/mod.ts';
import { conflict, notFound } from './control-errors.ts';
import type { Membership } from './membership.ts';
import type { PlanetPart } from './planet-part.ts';
import { shownMember } from './planet-view.ts';

/**
 * Ends a membership, at the home of the root shard: first the member votes for no shard any more, then nobody believes what
 * it signs. A member that is home of a shard stays: its writes would be nobody's.
 */
export async function removeMember(options: {
  readonly part: Pick<PlanetPart, 'homes'>;
  readonly membership: Membership;
  readonly name: string;
  readonly actor: string;
}): Promise<JsonObject> {
  const { membership, name, actor } = options;
  const members = await membership.list();
  const member = members.find((each) => shownMember(each)['name'] === name);
  if (member === undefined)
    throw notFound(`there is no member "${name}": "antipode member list" says which there are`);
  if (member.removedMs !== undefined) return shownMember(member);
  const { homes } = options.part;
  const voting = homes.list().filter(({ voters }) => voters.some((voter) => voter.member === name));
  const own = voting.find(({ voters }) => voters.some((voter) => voter.isHome && voter.member === name));
  if (own !== undefined) {
    const { region } = member;
    throw conflict(
      `${name} in region ${region} is the home of shard ${own.shard}: move it first, with "antipode shard move ${own.shard} ` +
        `--to REGION", or with "antipode shard promote ${own.shard} --region REGION" if ${region} is lost`,
    );
  }
  for (const { shard } of voting) {
    const outcome = await homes.command(shard, { kind: 'remove-voter', region: member.region });
    if (outcome.kind === 'done') continue;
    const detail = `${name} still votes for shard ${shard}: ${outcome.detail}`;
    throw outcome.kind === 'failed' ? newServiceUnavailable(detail) : conflict(detail);
  }
  await membership.remove(member.number, { actor, nowMs: systemClock.nowMs() });
  return shownMember(membership.find(member.number) ?? member);
}
