import { fetchSession, openAll, openStream } from './connection.mjs';
import { Histogram } from './histogram.mjs';
import { MARK_BYTE, MARK_DISTANCE_MIN, readTime } from './requests.mjs';

/** The lag is measured on every tenth watcher, so that measuring it does not take the processor. */
const SAMPLE_EVERY = 10;

/** Many watches of one namespace, each on a connection of its own. */
export class Watchers {
  /** Events that all of them together have got. */
  delivered = 0;
  /** From the sending of a write to its event, of writes sent from `fromMs` to `toMs` (`Date.now()`). */
  lags = new Histogram();
  fromMs = Infinity;
  toMs = Infinity;
  /** @type {Error | undefined} */
  failure = undefined;
  #streams = [];

  /**
   * @param {import('./session.mjs').Session} session
   * @param {{ namespace: string, resourceVersion: string, count: number }} options
   */
  static async open({ endpoint, requests }, { namespace, resourceVersion, count }) {
    const watchers = new Watchers();
    const session = await fetchSession(endpoint);
    const request = requests.watch(namespace, resourceVersion);
    watchers.#streams = await openAll(count, (index) =>
      openStream(endpoint, {
        session,
        request,
        onBytes: watchers.#counter(index % SAMPLE_EVERY === 0),
        onEnd: (error) => {
          watchers.failure ??= new Error(`a watch ended: ${error.message}`);
        },
      }),
    );
    return watchers;
  }

  close() {
    for (const stream of this.#streams) stream.close();
  }

  /** Counts the marks of one stream: every event has one. The framing in between has none. */
  #counter(isSampled) {
    let skip = 0;
    return (bytes, length) => {
      const nowMs = isSampled ? Date.now() : 0;
      let offset = skip;
      while (offset < length) {
        const mark = bytes.indexOf(MARK_BYTE, offset);
        // The buffer is longer than what was read: an older read's mark may be behind the end.
        if (mark < 0 || mark >= length) {
          offset = length;
          break;
        }
        this.delivered += 1;
        if (isSampled) this.#sample(readTime(bytes, mark, length), nowMs);
        offset = mark + MARK_DISTANCE_MIN;
      }
      skip = offset - length;
    };
  }

  // A time that is cut by the end of a read is left out: that happens to events at random.
  #sample(timeMs, nowMs) {
    if (timeMs === undefined || timeMs < this.fromMs || timeMs > this.toMs) return;
    this.lags.record(nowMs - timeMs);
  }
}
