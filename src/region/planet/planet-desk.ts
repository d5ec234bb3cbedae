import { limits, type RegionName, systemClock, systemRandom } from '../../base/mod.ts';
import { QuestionRefused, type Transport } from '../../replication/mod.ts';
import { LogUnavailable, type Store } from '../../store/mod.ts';
import type { MemberLog } from '../member.ts';
import { type PlanetIdentity, sharedFiles } from './identity-files.ts';
import { JoinDesk } from './join-desk.ts';
import { JOIN_TOPIC } from './join-planet.ts';
import { JoinTokens } from './join-tokens.ts';
import { memberName } from './member-certificate.ts';
import { type Membership, memberRecord } from './membership.ts';
import type { PlanetPart } from './planet-part.ts';
import { readRecord, recordKey, recordRow } from './records.ts';
import { shardMutation } from './shard-records.ts';

/** Who is a member of the planet, and how others become one. */
export interface PlanetDesk {
  readonly membership: Membership;
  readonly tokens: JoinTokens;
  close(): void;
}

/** Writes down the founder at the first start, and answers members that join where the root shard is at home. */
export async function openPlanetDesk(options: {
  readonly part: PlanetPart;
  /** Of the root shard. */
  readonly store: Store;
  readonly directory: string;
  readonly log: MemberLog;
}): Promise<PlanetDesk> {
  const { part, store, directory, log } = options;
  const { identity, transport } = part.entered;
  const { region } = identity;
  const planetKey = identity.planet.publicKey;
  const { membership } = part;
  const tokens = new JoinTokens({ store, clock: systemClock, random: systemRandom, region, planetKey });
  if (part.root.isHome) await writeOwnRecords(store, identity);
  const desk = new JoinDesk({
    store,
    planet: identity.planet,
    membership,
    tokens,
    files: () => sharedFiles(directory),
    clock: systemClock,
    random: systemRandom,
    region,
    admitted: (member) =>
      log.info('a member has joined', { member: memberName(member.number), region: member.region }),
  });
  const stop = transport.serve({
    topic: JOIN_TOPIC,
    isForRegion: true,
    atOnceMax: limits.joinsAtOnceMax,
    answer: async ({ body }) => {
      const { away } = part.root;
      if (away !== undefined) return askHome(transport, away.member.region, body);
      try {
        return await desk.answer(body);
      } catch (error) {
        // It passes, and whoever joins asks again.
        if (error instanceof QuestionRefused || error instanceof LogUnavailable) throw error;
        log.error('a member could not join', { error: String(error) });
        throw new Error('the member that was asked has failed: its log says why', { cause: error });
      }
    },
  });
  return { membership, tokens, close: stop };
}

/** What says who the founder is, and which shard it brings. */
async function writeOwnRecords(store: Store, identity: PlanetIdentity): Promise<void> {
  const name = memberName(identity.number);
  const row = recordRow(name, memberRecord(identity, { certificate: identity.certificate }));
  const isKnown = readRecord(store, 'member', name) !== undefined;
  const mutations = [
    ...(isKnown ? [] : [{ key: recordKey('member', name), expected: 0, row }]),
    ...shardMutation(store, identity),
  ];
  if (mutations.length === 0) return;
  await store.commit({ mutations, actor: 'system:planet', originRegion: identity.region });
}

/** The answer is signed and sealed for whoever joins, so that it may go through other hands. */
async function askHome(
  transport: Transport,
  region: RegionName,
  body: Uint8Array,
): Promise<AsyncIterable<Uint8Array>> {
  const timeoutMs = limits.joinTimeoutMs;
  const asked = await transport.ask({ to: { region }, topic: JOIN_TOPIC, body, timeoutMs });
  if (asked.kind === 'answered') return asked.parts;
  if (asked.kind === 'refused') throw new QuestionRefused(asked.detail);
  throw new Error(`the home of the root shard, in region ${region}, did not answer: ${asked.detail}`);
}
