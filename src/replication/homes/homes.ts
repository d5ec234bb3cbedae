import { limits, type RegionName } from '../../base/mod.ts';
import {
  type AskOutcome,
  collect,
  type MemberName,
  QuestionRefused,
  type Transport,
} from '../transport/mod.ts';
import type { Command, CommandOutcome } from './core-types.ts';
import { decodeQuestion, encodeAnswer } from './messages.ts';
import type { VoterName } from './settings.ts';
import { ShardHome, type ShardHomeOptions } from './shard-home.ts';
import type { ShardStatus } from './status.ts';

const TOPIC = 'homes';
const COMMAND_TOPIC = 'home-commands';
/** A command is a few names. */
const COMMAND_BYTES_MAX = 64 * 1024;
/** Longer than any command takes by itself. */
const COMMAND_MS = 30_000;

/** One member's part in the homes of all shards that it has: answers other members, and carries commands to where they belong. */
export class Homes {
  readonly #transport: Transport;
  readonly #shards = new Map<string, ShardHome>();
  readonly #stops: readonly (() => void)[];

  /** `mayVote`: who is no member, or none any more, becomes nobody's voter. Absent: whoever asks may. */
  constructor(
    transport: Transport,
    { mayVote = () => true }: { readonly mayVote?: (voter: VoterName) => boolean } = {},
  ) {
    this.#transport = transport;
    this.#stops = [
      transport.serve({
        topic: TOPIC,
        answer: async ({ body }) => {
          const { shard, question } = decodeQuestion(body);
          return encodeAnswer(await this.#shardOf(shard).answer(question));
        },
      }),
      transport.serve({
        topic: COMMAND_TOPIC,
        answer: async ({ body }) => {
          const { shard, command } = JSON.parse(Buffer.from(body).toString()) as Carried;
          if (command.kind === 'add-voter' && !mayVote(command.voter))
            throw new QuestionRefused('it is no member of the planet, or none any more');
          return Buffer.from(JSON.stringify(await this.#shardOf(shard).command(command)));
        },
      }),
    ];
  }

  /** Takes part in a shard from now on. */
  add(options: Omit<ShardHomeOptions, 'ask' | 'self'>): ShardHome {
    const home = new ShardHome({
      ...options,
      self: this.#transport.self,
      ask: (to, body) => this.#ask(TOPIC, to, body, limits.homesAskMs),
    });
    this.#shards.set(options.shard, home);
    return home;
  }

  get(shard: string): ShardHome | undefined {
    return this.#shards.get(shard);
  }

  /** `antipode shard list`: what this member knows of all its shards. */
  list(): readonly ShardStatus[] {
    return [...this.#shards.values()].map(({ status }) => status);
  }

  /** `antipode shard move`: hands a shard over to another region's voter; whoever is the home does it. */
  move(shard: string, to: RegionName): Promise<CommandOutcome> {
    return this.command(shard, { kind: 'move', to });
  }

  /** `antipode shard promote`: makes a region the home of a shard whose home is lost; its voter does it. */
  promote(
    shard: string,
    options: { readonly region: RegionName; readonly acceptLoss: boolean; readonly salt: number },
  ): Promise<CommandOutcome> {
    const { region, acceptLoss, salt } = options;
    const voter = this.#shards.get(shard)?.voterIn(region);
    if (voter === undefined) return refused(`region ${region} has no voter of shard ${shard}`);
    return this.#carry(voter, { shard, command: { kind: 'promote', acceptLoss, salt } });
  }

  /** Carries a command for the home of a shard to it. */
  command(shard: string, command: Command): Promise<CommandOutcome> {
    const known = this.#shards.get(shard);
    const home = known?.lastHome;
    if (home === undefined) return refused(`this member knows no home of shard ${shard}`);
    return this.#carry(home, { shard, command });
  }

  close(): void {
    for (const stop of this.#stops) stop();
    for (const shard of this.#shards.values()) shard.close();
  }

  async #carry(to: MemberName, carried: Carried): Promise<CommandOutcome> {
    const { region, member } = this.#transport.self;
    if (to.region === region && to.member === member)
      return this.#shardOf(carried.shard).command(carried.command);
    const outcome = await this.#ask(COMMAND_TOPIC, to, Buffer.from(JSON.stringify(carried)), COMMAND_MS);
    if (outcome.kind !== 'answered')
      return { kind: 'failed', detail: `region ${to.region} did not answer: ${outcome.detail}` };
    const answer = await collect(outcome.parts, COMMAND_BYTES_MAX);
    return JSON.parse(Buffer.from(answer).toString()) as CommandOutcome;
  }

  #ask(topic: string, to: MemberName, body: Uint8Array, timeoutMs: number): Promise<AskOutcome> {
    const { region, member } = to;
    return this.#transport.ask({ to: { region, member }, topic, body, timeoutMs });
  }

  #shardOf(shard: string): ShardHome {
    const home = this.#shards.get(shard);
    if (home === undefined) throw new QuestionRefused(`this member does not have shard ${shard}`);
    return home;
  }
}

interface Carried {
  readonly shard: string;
  readonly command: Command;
}

async function refused(detail: string): Promise<CommandOutcome> {
  return { kind: 'refused', detail };
}
