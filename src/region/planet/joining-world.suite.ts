import { type Clock, type RegionName, type ShardName, systemClock, systemRandom } from '../../base/mod.ts';
import { MemoryPlanet, type Transport, Transport as TransportClass } from '../../replication/mod.ts';
import { MemoryKeyValue, Store } from '../../store/mod.ts';
import { JoinDesk } from './join-desk.ts';
import type { JoinGrant, PlanetFile } from './join-messages.ts';
import { JOIN_TOPIC, joinPlanet } from './join-planet.ts';
import { JoinTokens, type TokenWish } from './join-tokens.ts';
import { SigningKey } from './keys.ts';
import { certify, memberName } from './member-certificate.ts';
import { Membership, memberRecord } from './membership.ts';
import { recordKey, recordRow } from './records.ts';
import { parseJoinToken } from './token-text.ts';

export const EU = 'eu' as RegionName;
export const US = 'us' as RegionName;
export const SECRET_FILES: readonly PlanetFile[] = [
  { name: 'ca.key', content: Buffer.from('the key of the CA') },
  { name: 'sa.key', content: Buffer.from('the key of service accounts') },
];

/** A clock that is wrong by so much, and can be moved. */
export class WrongClock implements Clock {
  offsetMs = 0;
  nowMs(): number {
    return systemClock.nowMs() + this.offsetMs;
  }
  monotonicMs(): number {
    return systemClock.monotonicMs();
  }
  after(delayMs: number, task: () => void): () => void {
    return systemClock.after(delayMs, task);
  }
}

/** A founder in eu that answers, and whoever wants to join, on an in-memory network that somebody listens to. */
export class JoiningWorld {
  readonly clock = new WrongClock();
  readonly planetKey = SigningKey.create(systemRandom);
  readonly founderKey = SigningKey.create(systemRandom);
  readonly #network = new MemoryPlanet({
    clock: systemClock,
    random: systemRandom,
    regions: ['eu', 'us', 'ap', 'sa', 'af'],
    delayMs: 1,
  });
  readonly #transports: Transport[] = [];
  readonly store: Store;
  readonly membership: Membership;
  readonly tokens: JoinTokens;
  readonly desk: JoinDesk;
  /** All that went over the network to and from whoever admits. */
  readonly overheard: Uint8Array[] = [];
  #joiners = 0;

  private constructor(store: Store) {
    this.store = store;
    const planetKey = this.planetKey.publicKey;
    const { clock } = this;
    this.membership = new Membership({ store, planetKey });
    this.tokens = new JoinTokens({ store, clock, random: systemRandom, region: EU, planetKey });
    this.desk = new JoinDesk({
      store,
      planet: this.planetKey,
      membership: this.membership,
      tokens: this.tokens,
      files: async () => SECRET_FILES,
      clock,
      random: systemRandom,
      region: EU,
    });
  }

  static async start(): Promise<JoiningWorld> {
    const store = await Store.open({
      keyValue: new MemoryKeyValue(),
      shard: 'root' as ShardName,
      clock: systemClock,
      random: systemRandom,
    });
    const world = new JoiningWorld(store);
    await world.#found();
    const transport = world.connect(EU, 'm0');
    transport.serve({
      topic: JOIN_TOPIC,
      isForRegion: true,
      answer: async ({ body }) => {
        world.overheard.push(body);
        const answer = await world.desk.answer(body);
        world.overheard.push(answer);
        return answer;
      },
    });
    return world;
  }

  connect(region: RegionName, member: string): Transport {
    const self = { region, member };
    const carrier = this.#network.connect(self);
    const transport = new TransportClass({ carrier, clock: systemClock, random: systemRandom, self });
    this.#transports.push(transport);
    return transport;
  }

  async token(wish: Partial<TokenWish> = {}): Promise<{ readonly text: string; readonly id: string }> {
    const { text, record } = await this.tokens.create({
      ttlMs: 60_000,
      usesMax: 1,
      actor: 'kcp-admin',
      ...wish,
    });
    return { text, id: record.id };
  }

  join(
    text: string,
    options: { readonly region?: RegionName; readonly member?: SigningKey; readonly clock?: Clock } = {},
  ): Promise<JoinGrant> {
    const token = parseJoinToken(text);
    if (token === undefined) throw new Error('no token');
    const { region = US, member = SigningKey.create(systemRandom), clock = this.clock } = options;
    this.#joiners += 1;
    const transport = this.connect(region, `joining-${this.#joiners}`);
    return joinPlanet({ transport, token, region, member, clock, random: systemRandom });
  }

  async close(): Promise<void> {
    for (const transport of this.#transports) await transport.close();
    await this.store.close();
  }

  async #found(): Promise<void> {
    const statement = {
      number: 0,
      region: EU,
      publicKey: this.founderKey.publicKey,
      joinedMs: this.clock.nowMs(),
    };
    const record = memberRecord(statement, { certificate: certify(this.planetKey, statement) });
    const name = memberName(0);
    await this.store.commit({
      mutations: [{ key: recordKey('member', name), expected: 0, row: recordRow(name, record) }],
      actor: 'test',
      originRegion: EU,
    });
  }
}
