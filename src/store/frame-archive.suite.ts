import { decodeFrame, frameHash } from './frame.ts';
import { framesOf } from './replication-fixtures.suite.ts';
import type { Store } from './store.ts';

/** All frames that ever came to a disk: a check has to know also what nobody keeps any more. */
export class FrameArchive {
  readonly #frames = new Map<string, Buffer>();

  /** Remembers what comes to a store from now on. */
  listen(store: Store): void {
    store.log.subscribeToWritten((_end, frames) => {
      for (const { bytes } of frames) this.#frames.set(textOf(frameHash(bytes)), bytes);
    });
  }

  /** The whole history that a store's log ends with, from the first frame on. */
  async historyOf(store: Store): Promise<readonly Buffer[]> {
    const { base } = store.log;
    const kept = await framesOf(store, base.sequence + 1);
    const before: Buffer[] = [];
    for (let { hash, sequence } = base; sequence > 0; sequence--) {
      const bytes = this.#frames.get(textOf(hash));
      if (bytes === undefined) throw new Error(`frame ${sequence} never came to a disk`);
      before.push(bytes);
      hash = decodeFrame(bytes).previousHash;
    }
    return [...before.reverse(), ...kept];
  }
}

function textOf(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex');
}
