import { systemClock } from '../../base/mod.ts';
import {
  formatTime,
  isObject,
  type JsonObject,
  type JsonValue,
  objectOf,
  parseJson,
} from '../../machinery/mod.ts';
import { collect, type ShardStatus } from '../../replication/mod.ts';
import type { LogSize } from '../../store/mod.ts';
import { memberName } from './member-certificate.ts';
import type { Membership, PlanetMember } from './membership.ts';
import type { PlanetPart } from './planet-part.ts';
import { base64url } from './token-text.ts';

/** Questions of members about what others know of themselves; the answers are shown, and decide nothing. */
const TOPIC = 'planet-status';
const ASK_TIMEOUT_MS = 2_000;
const ANSWER_BYTES_MAX = 1024 * 1024;
/** One per region; a planet has few of those. */
const ASKED_MAX = 64;
/** What this program writes. What a newer one adds is not looked at. */
const VERSION = 1;

/** What a member says of itself. */
interface OwnWords {
  readonly url: string | undefined;
  readonly shards: readonly JsonObject[];
}

/** What became of asking a member. */
type Heard =
  | { readonly words: OwnWords; readonly roundTripMs: number | undefined }
  | { readonly problem: string };

/** The planet as one of its members sees it, with what the others say of themselves. */
export class PlanetView {
  readonly #part: PlanetPart;
  readonly #membership: Membership;
  readonly #url: () => string;
  readonly #stop: () => void;

  constructor(options: {
    readonly part: PlanetPart;
    readonly membership: Membership;
    readonly url: () => string;
  }) {
    this.#part = options.part;
    this.#membership = options.membership;
    this.#url = options.url;
    this.#stop = options.part.entered.transport.serve({
      topic: TOPIC,
      atOnceMax: ASKED_MAX,
      answer: async () => Buffer.from(JSON.stringify({ version: VERSION, ...(await this.#ownWords()) })),
    });
  }

  async status(): Promise<JsonObject> {
    const { identity } = this.#part.entered;
    const members = (await this.#membership.list()).filter(({ removedMs }) => removedMs === undefined);
    const heard = new Map(
      await Promise.all(
        members.slice(0, ASKED_MAX).map(async (member) => [member.number, await this.#hear(member)] as const),
      ),
    );
    return objectOf({
      region: identity.region,
      member: memberName(identity.number),
      planet: base64url(identity.planet.publicKey),
      members: members.map((member) => this.#shownMember(member, heard.get(member.number))),
      shards: (await this.#ownWords()).shards.map((own) => this.#shownShard(own, members, heard)),
    });
  }

  close(): void {
    this.#stop();
  }

  async #ownWords(): Promise<OwnWords> {
    const { homes, shards } = this.#part;
    const shown = homes.list().map(async (status) => {
      const log = shards.get(status.shard);
      return shownStatus(status, {
        stalenessMs: log?.stalenessMs,
        publicationLag: log?.publicationLag,
        // Of a store that is being closed nobody needs to know.
        kept: await log?.store.logSize().catch(() => undefined),
      });
    });
    return { url: this.#url(), shards: await Promise.all(shown) };
  }

  async #hear(member: PlanetMember): Promise<Heard> {
    const { identity, transport } = this.#part.entered;
    if (member.number === identity.number) return { words: await this.#ownWords(), roundTripMs: undefined };
    const to = { region: member.region, member: memberName(member.number) };
    const startMs = systemClock.monotonicMs();
    try {
      const body = Buffer.from(JSON.stringify({ version: VERSION }));
      const asked = await transport.ask({ to, topic: TOPIC, body, timeoutMs: ASK_TIMEOUT_MS });
      if (asked.kind !== 'answered') return { problem: asked.detail };
      const bytes = await collect(asked.parts, ANSWER_BYTES_MAX);
      const roundTripMs = Math.round((systemClock.monotonicMs() - startMs) * 10) / 10;
      const words = wordsIn(parseJson(bytes).value);
      return words === undefined ? { problem: 'its answer cannot be read' } : { words, roundTripMs };
    } catch (error) {
      return { problem: error instanceof Error ? error.message : String(error) };
    }
  }

  #shownMember(member: PlanetMember, heard: Heard | undefined): JsonObject {
    const { identity } = this.#part.entered;
    const isSelf = member.number === identity.number;
    const words = heard !== undefined && 'words' in heard ? heard : undefined;
    const silenceMs = this.#part.regions.silenceMs(member.region);
    const silentMs = isSelf || words !== undefined ? 0 : silenceMs && Math.round(silenceMs);
    return objectOf({
      ...shownMember(member),
      url: words?.words.url,
      isHere: isSelf ? true : undefined,
      silentMs,
      roundTripMs: words?.roundTripMs,
      problem: heard !== undefined && 'problem' in heard ? heard.problem : undefined,
    });
  }

  /** A shard as its home tells, since it alone knows how far the voters are; and how old it is here. */
  #shownShard(
    own: JsonObject,
    members: readonly PlanetMember[],
    heard: ReadonlyMap<number, Heard>,
  ): JsonObject {
    const { region } = this.#part.entered.identity;
    const seenFrom = (from: string, shard: JsonObject) =>
      objectOf({ ...shard, stalenessMs: own['stalenessMs'], seenFrom: from });
    if (own['role'] === 'home') return seenFrom(region, own);
    for (const member of members) {
      const words = heard.get(member.number);
      if (words === undefined || !('words' in words)) continue;
      const theirs = words.words.shards.find((shard) => shard['name'] === own['name']);
      if (theirs?.['role'] === 'home' && epochOf(theirs) >= epochOf(own))
        return seenFrom(member.region, theirs);
    }
    return seenFrom(region, own);
  }
}

function epochOf(shard: JsonObject): number {
  return typeof shard['epoch'] === 'number' ? shard['epoch'] : -1;
}

/** A member as its record says. */
export function shownMember(member: PlanetMember): JsonObject {
  const { number, region, joinedMs, removedMs, tokenId } = member;
  return objectOf({
    name: memberName(number),
    number,
    region,
    joinedAt: formatTime(joinedMs),
    removedAt: removedMs === undefined ? undefined : formatTime(removedMs),
    tokenId,
  });
}

function shownStatus(
  status: ShardStatus,
  more: {
    readonly stalenessMs: number | undefined;
    readonly publicationLag: { readonly commits: number; readonly ms: number } | undefined;
    readonly kept: LogSize | undefined;
  },
): JsonObject {
  const { shard, home, epoch, sequence, role, goal, met, outOfReach, waitsFor } = status;
  const { stalenessMs, publicationLag, kept } = more;
  return objectOf({
    name: shard,
    home,
    epoch,
    sequence,
    role,
    goal,
    met,
    outOfReach,
    waitsFor,
    stalenessMs: stalenessMs === undefined ? undefined : Math.ceil(stalenessMs),
    publicationLag:
      publicationLag &&
      objectOf({ commits: publicationLag.commits, milliseconds: Math.round(publicationLag.ms) }),
    kept: kept && objectOf({ ...kept }),
    voters: status.voters.map((voter) => objectOf({ ...voter })),
  });
}

function wordsIn(value: JsonValue): OwnWords | undefined {
  if (!isObject(value) || !Array.isArray(value['shards'])) return undefined;
  const url = value['url'];
  return {
    url: typeof url === 'string' ? url : undefined,
    shards: value['shards'].filter((shard) => isObject(shard)),
  };
}
