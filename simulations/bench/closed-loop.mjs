import { Histogram } from './histogram.mjs';

/**
 * @typedef {object} LoopResult
 * @property {number} count Answers with a 2xx status while it was counted.
 * @property {number} total Answers with a 2xx status at any time.
 * @property {number} perSecond
 * @property {number} seconds That were counted.
 * @property {number} p50Ms
 * @property {number} p99Ms
 * @property {Readonly<Record<string, number>>} errors How often other statuses came; 0 is a lost connection.
 */

/**
 * Every connection sends its next request as soon as its last one is answered, until the time is over or
 * `countMax` requests have been sent.
 *
 * @param {object} options
 * @param {readonly import('./connection.mjs').Connection[]} options.connections
 * @param {(connection: import('./connection.mjs').Connection, sequence: number) => Buffer} options.next
 *   The next request; `sequence` counts all requests of the loop.
 * @param {number} options.seconds
 * @param {number} [options.warmUpSeconds]
 * @param {number} [options.countMax]
 * @param {() => void} [options.onCountingStart] After the warm-up.
 * @returns {Promise<LoopResult>}
 */
export function closedLoop({
  connections,
  next,
  seconds,
  warmUpSeconds = 0,
  countMax = Infinity,
  onCountingStart,
}) {
  return new Promise((resolve) => {
    const latencies = new Histogram();
    const errors = new Map();
    let isCounting = false;
    let sent = 0;
    let total = 0;
    let active = connections.length;
    let countedFromMs = performance.now();
    const countingStartsMs = countedFromMs + warmUpSeconds * 1000;
    const endMs = countingStartsMs + seconds * 1000;
    let lastMs = countedFromMs;

    const onResponse = (status, connection) => {
      const nowMs = performance.now();
      if (!isCounting && nowMs >= countingStartsMs) {
        isCounting = true;
        countedFromMs = nowMs;
        onCountingStart?.();
      } else if (isCounting && nowMs <= endMs) {
        lastMs = nowMs;
        if (status >= 200 && status < 300) latencies.record(nowMs - connection.sentAtMs);
      }
      if (status >= 200 && status < 300) total += 1;
      else errors.set(status, (errors.get(status) ?? 0) + 1);
      if (nowMs < endMs && sent < countMax && status !== 0) {
        connection.send(next(connection, sent++), onResponse);
        return;
      }
      active -= 1;
      if (active > 0) return;
      const elapsed = (lastMs - countedFromMs) / 1000;
      resolve({
        count: latencies.count,
        total,
        perSecond: elapsed > 0 ? latencies.count / elapsed : 0,
        seconds: elapsed,
        p50Ms: latencies.quantile(0.5),
        p99Ms: latencies.quantile(0.99),
        errors: Object.fromEntries(errors),
      });
    };

    if (warmUpSeconds === 0) {
      isCounting = true;
      onCountingStart?.();
    }
    for (const connection of connections) {
      if (sent < countMax) connection.send(next(connection, sent++), onResponse);
      else active -= 1;
    }
  });
}

/** What went wrong in a loop in a few words, or an empty text. @param {LoopResult} result */
export function errorText(result) {
  const kinds = Object.entries(result.errors).map(
    ([status, count]) => `${count} × ${status === '0' ? 'lost' : status}`,
  );
  return kinds.length === 0 ? '' : `errors: ${kinds.join(', ')}`;
}
