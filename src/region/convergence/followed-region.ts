import { ANY_DOCUMENT, type DocumentMerger, positionKey, readDocumentRow, recordRow } from '../../api/mod.ts';
import type { Clock, RegionName } from '../../base/mod.ts';
import { FollowLoop, type FollowReport, type Transport, waitFor } from '../../replication/mod.ts';
import {
  decodeFrame,
  frameHash,
  type Mutation,
  type ObjectKey,
  type ObjectStore,
  type Position,
  REMEMBERED_FIELD,
  type ReplicatedLog,
  type Row,
  type Store,
} from '../../store/mod.ts';
import { convergentLogOf } from '../convergent-log.ts';
import type { HeardRegions } from '../planet/heard-regions.ts';
import { StreamSource } from '../planet/log-source.ts';
import type { SentDocument } from './messages.ts';

/** A log that takes nothing now is asked again after this. */
const RETRY_MS = 1_000;
/** Documents that are merged again after a crash, which costs time and nothing else. */
const UNRECORDED_MAX = 256;
/** Frames that are kept of another region's log behind what was merged: for a restart with an older position. */
const FRAMES_KEPT = 1_000;

export interface FollowedRegionOptions {
  readonly transport: Transport;
  readonly region: RegionName;
  readonly heard: HeardRegions;
  /** Where the other region's log is kept: verified frame by frame, filled up by it, as any log that is followed. */
  readonly replica: Store;
  /** This region's objects. */
  readonly store: ObjectStore;
  readonly merger: DocumentMerger;
  readonly ownRegion: RegionName;
  readonly clock: Clock;
  readonly report: (report: FollowReport) => void;
  readonly problem: (detail: string) => void;
}

/**
 * Follows another region's convergent log, and merges the documents of its changes into this region's, in order. How far
 * is written down in this region's own log, now and then; what was merged after that is merged again, which does no harm.
 */
export class FollowedRegion {
  readonly #options: FollowedRegionOptions;
  readonly #source: StreamSource;
  readonly #follow: FollowLoop;
  readonly #abort = new AbortController();
  readonly #stopListening: () => void;
  readonly #running: Promise<void>;
  #merged: Position | undefined;
  /** Documents that came since the position was written down. */
  #unrecorded = 0;
  #wake: () => void = () => {};
  #isAwake = false;

  constructor(options: FollowedRegionOptions) {
    this.#options = options;
    const { transport, region, replica, clock } = options;
    const log = convergentLogOf(region);
    this.#source = new StreamSource({ transport, log, clock, regions: options.heard });
    this.#follow = new FollowLoop({
      log: replica.log,
      source: this.#source,
      clock,
      report: (report) => {
        options.report(report);
        this.#notice();
      },
      // What a region publishes is on its disk, and more is not promised.
      isMetByArrival: () => true,
    });
    this.#stopListening = replica.log.subscribeToVisible(() => this.#notice());
    this.#merged = readPosition(options.store.get(positionKey(region)));
    this.#running = this.#run();
  }

  /** The copy of the other region's log: members ask each other for what they lack of it. */
  get log(): ReplicatedLog {
    return this.#options.replica.log;
  }

  get region(): RegionName {
    return this.#options.region;
  }

  /** For how long it has not been proven that all is here, milliseconds; undefined before it was for the first time. */
  get stalenessMs(): number | undefined {
    return this.#follow.stalenessMs;
  }

  /** How many commits are here and not merged yet. */
  get pending(): number {
    return this.#options.replica.log.visible.sequence - (this.#merged?.sequence ?? 0);
  }

  /** The position as it is now, for a commit that has to come with it; undefined when none was reached yet. */
  get position(): Mutation | undefined {
    const { region, store } = this.#options;
    if (this.#merged === undefined) return undefined;
    const key = positionKey(region);
    const expected = store.newest(key)?.revision ?? 0;
    return { key, expected, row: positionRow(region, this.#merged) };
  }

  /** Writes the position down if anything came since. Frees what is not needed any more of the other region's log. */
  async tidy(): Promise<void> {
    if (this.#unrecorded > 0) await this.#record();
    const { log } = this.#options.replica;
    const { sequence } = log.visible;
    await log.finalize(sequence);
    await log.trim(Math.min(sequence, this.#merged?.sequence ?? 0) - FRAMES_KEPT);
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#stopListening();
    this.#wake();
    this.#source.close();
    await this.#follow.close();
    await this.#running;
    if (this.#unrecorded > 0) await this.#record().catch(() => {});
    await this.#options.replica.close();
  }

  #notice(): void {
    this.#isAwake = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    this.#isAwake = true;
    while (!signal.aborted) {
      if (!this.#isAwake) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      this.#isAwake = false;
      try {
        await this.#mergeAll();
      } catch (error) {
        this.#options.problem(error instanceof Error ? error.message : String(error));
        this.#isAwake = true;
        await waitFor(this.#options.clock, RETRY_MS, signal);
      }
    }
  }

  async #mergeAll(): Promise<void> {
    const { log } = this.#options.replica;
    const { visible } = log;
    if (visible.sequence === 0) return;
    const from = this.#merged;
    const isBehindIt = from !== undefined && isSame(log.positionAt(from.sequence), from);
    if (!isBehindIt) return this.#mergeState();
    if (from.sequence >= visible.sequence) return;
    const replayed = log.replay(from.sequence + 1);
    if (replayed.kind === 'below') return this.#mergeState();
    for await (const batch of replayed.batches) {
      for (const { sequence, bytes } of batch) {
        if (this.#abort.signal.aborted || sequence > visible.sequence) return;
        const { epoch, changes } = decodeFrame(bytes);
        for (const { key, row } of changes) await this.#merge(key, row);
        this.#merged = { epoch, sequence, hash: frameHash(bytes) };
        if (this.#unrecorded >= UNRECORDED_MAX) await this.#record();
      }
    }
  }

  /** The last state of each object: of a region that is new here, or whose log is another one than it was. */
  async #mergeState(): Promise<void> {
    const { replica } = this.#options;
    const { epoch, sequence, hash } = replica.log.visible;
    const snapshot = replica.snapshot();
    try {
      for await (const batch of snapshot.referring(ANY_DOCUMENT)) {
        for (const { key, row } of batch) {
          if (this.#abort.signal.aborted) return;
          await this.#merge(key, row);
        }
      }
    } finally {
      snapshot.close();
    }
    this.#merged = { epoch, sequence, hash };
    await this.#record();
    this.#notice();
  }

  async #merge(key: ObjectKey, row: Omit<Row, 'revision'>): Promise<void> {
    const sent = sentDocument(key, row);
    if (sent === undefined) return;
    await this.#options.merger.merge({ ...sent, region: this.#options.region });
    this.#unrecorded += 1;
  }

  async #record(): Promise<void> {
    const { store, ownRegion } = this.#options;
    const { position } = this;
    if (position === undefined) return;
    this.#unrecorded = 0;
    await store.commit({
      mutations: [position],
      actor: 'system:convergence',
      originRegion: ownRegion,
    });
  }
}

/** A row's document as it is merged elsewhere; undefined for a row without. */
export function sentDocument(
  key: ObjectKey,
  row: Pick<Row, 'uid' | 'document' | 'fields'>,
): SentDocument | undefined {
  const { uid, document, fields } = row;
  if (document === undefined) return undefined;
  const remembered = fields[REMEMBERED_FIELD];
  const of = readDocumentRow(row)?.key ?? key;
  return { key: of, uid, document, ...(remembered === undefined ? {} : { remembered }) };
}

const EPOCH = '.epoch';
const SEQUENCE = '.sequence';
const HASH = '.hash';

function positionRow(region: string, { epoch, sequence, hash }: Position) {
  return recordRow(region, {
    [EPOCH]: String(epoch),
    [SEQUENCE]: String(sequence),
    [HASH]: Buffer.from(hash).toString('base64'),
  });
}

function readPosition(row: Row | undefined): Position | undefined {
  if (row === undefined) return undefined;
  const { fields } = row;
  return {
    epoch: Number(fields[EPOCH]),
    sequence: Number(fields[SEQUENCE]),
    hash: Buffer.from(fields[HASH] ?? '', 'base64'),
  };
}

function isSame(a: Position | undefined, b: Position): boolean {
  return a !== undefined && a.epoch === b.epoch && Buffer.compare(a.hash, b.hash) === 0;
}
