import type { StoredMessage, StoreOutcome, StoreRequest, StreamSettings, StreamState } from '../carrier.ts';

interface Kept extends StoredMessage {
  readonly timeMs: number;
}

/**
 * What a server looks at first when a message comes again that it has: whether it has it, as 2.9 does, or whether it is
 * the next in sequence, as newer ones do.
 */
export type CheckOrder = 'id-first' | 'sequence-first';

/** A stream as JetStream keeps it, as far as replication can tell the difference. The suite compares the two. */
export class MemoryStream {
  settings: StreamSettings;
  readonly created: string;
  readonly #order: CheckOrder;
  readonly #kept: Kept[] = [];
  readonly #ids = new Map<string, { readonly sequence: number; readonly timeMs: number }>();
  #lastSequence = 0;
  #lastId = '';
  #bytes = 0;

  constructor(settings: StreamSettings, created: string, order: CheckOrder) {
    this.settings = settings;
    this.created = created;
    this.#order = order;
  }

  state(nowMs: number): StreamState {
    this.#expire(nowMs);
    return {
      firstSequence: this.#kept[0]?.sequence ?? this.#lastSequence + 1,
      lastSequence: this.#lastSequence,
      created: this.created,
    };
  }

  get lastSequence(): number {
    return this.#lastSequence;
  }

  store(request: StoreRequest, nowMs: number): StoreOutcome {
    const duplicate = this.#duplicate(request, nowMs);
    if (duplicate !== undefined && this.#order === 'id-first') return duplicate;
    if (request.expectedLastSequence !== this.#lastSequence) {
      return { kind: 'refused', detail: `wrong last sequence: ${this.#lastSequence}` };
    }
    if (duplicate !== undefined) return duplicate;
    if (request.expectedLastId !== undefined && request.expectedLastId !== this.#lastId) {
      return { kind: 'refused', detail: `wrong last msg ID: ${this.#lastId}` };
    }
    const sequence = ++this.#lastSequence;
    this.#lastId = request.id;
    this.#kept.push({ sequence, id: request.id, payload: request.payload, timeMs: nowMs });
    this.#ids.set(request.id, { sequence, timeMs: nowMs });
    this.#bytes += request.payload.length;
    this.#expire(nowMs);
    return { kind: 'stored', sequence };
  }

  #duplicate({ id }: StoreRequest, nowMs: number): StoreOutcome | undefined {
    const earlier = this.#ids.get(id);
    if (earlier === undefined || nowMs - earlier.timeMs >= this.settings.duplicateWindowMs) return undefined;
    return { kind: 'duplicate', sequence: earlier.sequence };
  }

  read(sequence: number, nowMs: number): StoredMessage | undefined {
    this.#expire(nowMs);
    const kept = this.#kept[sequence - (this.#kept[0]?.sequence ?? 0)];
    return kept && { sequence: kept.sequence, id: kept.id, payload: kept.payload };
  }

  /** The server lost power: what had not reached its disk is gone, and these sequences will be given again. */
  loseTail(count: number): void {
    for (let lost = 0; lost < count && this.#kept.length > 0; lost++) {
      const message = this.#kept.pop()!;
      this.#bytes -= message.payload.length;
      this.#ids.delete(message.id);
      this.#lastSequence = message.sequence - 1;
    }
    this.#lastId = this.#kept.at(-1)?.id ?? '';
  }

  /** The server was started anew: ids older than the window are forgotten, also that of the last message. */
  restart(nowMs: number): void {
    for (const [id, { timeMs }] of this.#ids) {
      if (nowMs - timeMs >= this.settings.duplicateWindowMs) this.#ids.delete(id);
    }
    if (!this.#ids.has(this.#lastId)) this.#lastId = '';
  }

  #expire(nowMs: number): void {
    for (let oldest = this.#kept[0]; oldest !== undefined; oldest = this.#kept[0]) {
      const isOld = nowMs - oldest.timeMs >= this.settings.ageMsMax;
      if (!isOld && this.#bytes <= this.settings.bytesMax) return;
      this.#kept.shift();
      this.#bytes -= oldest.payload.length;
    }
  }
}
