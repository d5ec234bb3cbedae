import type { Clock, RegionName } from '../../base/mod.ts';
import { PublicationLoop, type Transport } from '../../replication/mod.ts';
import type { Store } from '../../store/mod.ts';
import { convergentLogOf } from '../convergent-log.ts';
import { StreamSink } from '../planet/log-sink.ts';
import { LOG_RETENTION } from '../planet/shard-log.ts';

/** Publishes this region's convergent log, which this member sequences. */
export class OwnLog {
  readonly #publication: PublicationLoop;
  readonly #stopBeating: () => void;

  constructor(options: {
    readonly transport: Transport;
    readonly log: Store;
    readonly region: RegionName;
    readonly clock: Clock;
    readonly fenced: (detail: string) => void;
    readonly problem: (detail: string) => void;
  }) {
    const { transport, region, clock, fenced, problem } = options;
    const { log } = options.log;
    const name = convergentLogOf(region);
    this.#publication = new PublicationLoop({
      log,
      sink: new StreamSink({ transport, log: name, region, retention: LOG_RETENTION }),
      clock,
      fenced,
      problem,
    });
    this.#stopBeating = transport.startHeartbeats(name, () =>
      log.role === 'home' ? log.announce() : undefined,
    );
  }

  /** What of it is on the disk and not in the stream. */
  get lag(): { readonly commits: number; readonly ms: number } {
    return this.#publication.lag;
  }

  async close(): Promise<void> {
    this.#stopBeating();
    await this.#publication.close();
  }
}
