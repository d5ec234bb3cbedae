import { type Clock, type ClusterScope, limits, type Random, type ShardName } from '../base/mod.ts';
import type { Facade, Forwarding } from '../facade/mod.ts';
import {
  type Asking,
  answerConfirm,
  CONFIRM_TOPIC,
  type Confirmation,
  Confirmer,
  FORWARD_TOPIC,
  Forwarder,
  ForwardReceiver,
  type HomeAway,
  type MemberKeys,
  type ServeOptions,
} from '../replication/mod.ts';

/** Which logs there are, and where they are homed. */
export interface ShardPlaces {
  /** The shard of a logical cluster, also of one that is not known here; all shards for all of them. */
  shardsOf(cluster: ClusterScope): readonly ShardName[];
  /** The member at which a shard is homed; undefined when it is this one. */
  homeOf(shard: ShardName): HomeAway | undefined;
  /** Makes sure that this member is still the home of a shard; rejects when its voters do not say so. */
  confirmEpoch(shard: ShardName): Promise<void>;
}

/** What this member has of its shards. */
export interface ShardReplicas {
  /** Up to where all of a shard that counts is visible here. */
  revisionOf(shard: ShardName): number;
  /** Resolves when that is a revision, or the signal is aborted. */
  reached(shard: ShardName, revision: number, signal: AbortSignal): Promise<void>;
  /** How old what is visible here may be, milliseconds; undefined at the home. */
  stalenessMs(shard: ShardName): number | undefined;
}

/** Puts together how a member hands on requests, and how it carries out what others hand on to it. */
export function createForwarding(options: {
  readonly transport: Asking & { serve(options: ServeOptions): () => void };
  readonly keys: MemberKeys;
  readonly memberNumber: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly places: ShardPlaces;
  readonly replicas: ShardReplicas;
}): {
  readonly forwarding: Forwarding;
  /** Takes what other members hand on, until the returned function is called. */
  serve(facade: Pick<Facade, 'carryOut'>): () => void;
} {
  const { transport, keys, clock, random, places, replicas } = options;
  const forwarder = new Forwarder({ transport, keys, clock, random });
  const confirmer = new Confirmer({ transport, keys, random });
  const isHome = (shard: ShardName) => places.homeOf(shard) === undefined;

  const confirm = async (shard: ShardName): Promise<Confirmation> => {
    const home = places.homeOf(shard);
    if (home !== undefined) return confirmer.confirm(home);
    const revision = replicas.revisionOf(shard);
    try {
      await places.confirmEpoch(shard);
      return { kind: 'confirmed', revision };
    } catch (error) {
      return { kind: 'unconfirmed', detail: error instanceof Error ? error.message : String(error) };
    }
  };

  const forwarding: Forwarding = {
    memberNumber: options.memberNumber,
    forwarder,
    homeOf(cluster) {
      const [shard, ...others] = places.shardsOf(cluster);
      return shard === undefined || others.length > 0 ? undefined : places.homeOf(shard);
    },
    confirm: (cluster) =>
      Promise.all(places.shardsOf(cluster).map(async (shard) => ({ shard, answer: await confirm(shard) }))),
    reached: (shard, revision, signal) => replicas.reached(shard, revision, signal),
    revisionOf: (shard) => replicas.revisionOf(shard),
    stalenessMs(cluster) {
      // What is shown of several is as old as the oldest of them.
      const known = places.shardsOf(cluster).map((shard) => replicas.stalenessMs(shard));
      const stale = known.filter((ms) => ms !== undefined);
      return stale.length === 0 ? undefined : Math.max(...stale);
    },
  };
  return {
    forwarding,
    serve(facade) {
      const receiver = new ForwardReceiver({
        keys,
        clock,
        random,
        isHome,
        carryOut: (received) => facade.carryOut(received),
      });
      const { revisionOf } = replicas;
      const confirming = { keys, isHome, confirmEpoch: places.confirmEpoch, revisionOf };
      const stops = [
        transport.serve({
          topic: FORWARD_TOPIC,
          answer: receiver.answer,
          atOnceMax: limits.forwardsAtOnceMax,
        }),
        transport.serve({ topic: CONFIRM_TOPIC, answer: answerConfirm(confirming) }),
      ];
      return () => {
        for (const stop of stops) stop();
      };
    },
  };
}
