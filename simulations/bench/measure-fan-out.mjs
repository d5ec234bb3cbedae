import { setTimeout as delay } from 'node:timers/promises';
import { cpuText, startCpuMeter } from './cpu-meter.mjs';
import { fillNamespace } from './fill.mjs';
import { PacedWriter } from './paced-writer.mjs';
import { withUnit } from './rows.mjs';
import { withSession } from './session.mjs';
import { Watchers } from './watchers.mjs';

const NAMESPACE = 'fan-out';
const DELIVERIES_PER_SECOND = 150_000;
const LAG_P99_MS = 250;
/** A load counts as sustained when this share of it arrives while it lasts. */
const SUSTAINED_SHARE = 0.97;
/** Loads that are tried, as multiples of the wanted one, until one is not sustained. */
const RAMP = [1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2, 2.5, 3, 4];
/** Then the gap between the last good and the first bad load is halved this often. */
const BISECTIONS = 2;
const WRITES_PER_SECOND_MAX = 150;
const DRAIN_MS_MAX = 10_000;
const POLL_MS = 10;
const MEBIBYTE = 2 ** 20;

/**
 * Updates of 1 KB objects to many watchers: at the wanted rate, and as fast as the lag allows.
 *
 * @param {import('./options.mjs').Options} options
 * @returns {Promise<import('./rows.mjs').Row[]>}
 */
export function measureFanOut(options) {
  return withSession(options, 'fan-out', async (session) => {
    const { requests, control, server } = session;
    const fill = { namespace: NAMESPACE, count: PacedWriter.objects, clients: options.clients, seconds: 30 };
    await fillNamespace(session, fill);
    const { resourceVersion } = JSON.parse(await control.exchange(requests.list(NAMESPACE))).metadata;
    const count = options.watchers;
    const openedFromMs = performance.now();
    const watchers = await Watchers.open(session, { namespace: NAMESPACE, resourceVersion, count });
    const openedMs = performance.now() - openedFromMs;
    const memory = `${withUnit(server.memory().residentBytes / MEBIBYTE, 'MB')} with all watches open`;
    const writer = await PacedWriter.open(session, NAMESPACE);
    try {
      // With few watchers the writes would become the load: their rate is bounded.
      const wanted = Math.min(DELIVERIES_PER_SECOND / count, WRITES_PER_SECOND_MAX);
      const load = { session, watchers, writer, count };
      const { atWanted, best, failed } = await ramp(load, options, wanted);
      return [
        {
          name: `fan-out to ${count}, most sustained`,
          value: best?.deliveriesPerSecond ?? 0,
          unit: '/s',
          target: { atLeast: DELIVERIES_PER_SECOND },
          note: best === undefined ? 'no load was sustained' : `${stepText(best)}${failedText(failed)}`,
        },
        {
          name: `fan-out p99 lag at ${withUnit(wanted * count, '/s')}`,
          value: atWanted.p99Ms,
          unit: 'ms',
          target: { atMost: LAG_P99_MS },
          note: `${withUnit(atWanted.deliveriesPerSecond, '/s')} delivered, ${stepText(atWanted)}`,
        },
        { name: `opening ${count} watches`, value: openedMs, unit: 'ms', note: memory },
      ];
    } finally {
      writer.close();
      watchers.close();
    }
  });
}

async function ramp(load, options, wanted) {
  const rampSeconds = Math.min(options.seconds, 3);
  // The first events find a server that has not compiled its way yet: they are not counted.
  await runStep(load, { perSecond: wanted / 2, seconds: options.warmUpSeconds });
  const failed = [];
  let best;
  const attempt = async (step) => {
    let result = await runStep(load, step);
    // One pause of the machine must not end the ramp; that it took a second attempt is said with the result.
    if (!result.isSustained && !options.isQuick)
      result = { ...(await runStep(load, step)), isRepeated: true };
    if (!result.isSustained) failed.push(result.perSecond);
    else if (best === undefined || result.perSecond > best.perSecond) best = result;
    return result;
  };
  let atWanted;
  for (const factor of options.isQuick ? [1] : RAMP) {
    const seconds = factor === 1 ? options.seconds : rampSeconds;
    const step = await attempt({ perSecond: factor * wanted, seconds });
    if (factor === 1) atWanted = step;
    // Up to the wanted load all are tried: on a busy machine a lower one may fail by accident.
    if (factor >= 1 && !step.isSustained) break;
  }
  for (let round = 0; round < BISECTIONS && best !== undefined; round += 1) {
    const bad = Math.min(...failed.filter((perSecond) => perSecond > best.perSecond));
    if (bad === Infinity) break;
    await attempt({ perSecond: (best.perSecond + bad) / 2, seconds: rampSeconds });
  }
  return { atWanted, best, failed };
}

/** One load for some seconds, and then the time that the events need to arrive. */
async function runStep({ session, watchers, writer, count }, { perSecond, seconds }) {
  watchers.lags.clear();
  watchers.delivered = 0;
  watchers.toMs = Infinity;
  watchers.fromMs = Infinity;
  writer.start(perSecond);
  await delay(Math.min(500, seconds * 500));
  const cpuMeter = startCpuMeter(session.server);
  const deliveredBefore = watchers.delivered;
  const fromMs = performance.now();
  watchers.fromMs = Date.now();
  await delay(seconds * 1000);
  watchers.toMs = Date.now();
  const delivered = watchers.delivered - deliveredBefore;
  const elapsedSeconds = (performance.now() - fromMs) / 1000;
  const cpu = cpuMeter();
  await writer.stop();
  const expected = writer.acknowledged * count;
  const deadlineMs = performance.now() + DRAIN_MS_MAX;
  while (watchers.delivered < expected && performance.now() < deadlineMs) await delay(POLL_MS);
  if (watchers.failure !== undefined) throw watchers.failure;
  if (writer.failures.length > 0) {
    throw new Error(`${writer.failures.length} updates failed, the first with status ${writer.failures[0]}`);
  }
  if (watchers.delivered !== expected) {
    throw new Error(
      `${watchers.delivered} of ${expected} events arrived within ${DRAIN_MS_MAX} ms of the last`,
    );
  }
  const deliveriesPerSecond = delivered / elapsedSeconds;
  const p99Ms = watchers.lags.quantile(0.99);
  const isSustained = deliveriesPerSecond >= SUSTAINED_SHARE * perSecond * count && p99Ms <= LAG_P99_MS;
  return { perSecond, deliveriesPerSecond, p50Ms: watchers.lags.quantile(0.5), p99Ms, isSustained, cpu };
}

function stepText({ perSecond, p50Ms, p99Ms, cpu, isRepeated }) {
  const lag = `lag p50 ${Math.round(p50Ms)} ms, p99 ${Math.round(p99Ms)} ms`;
  return `${withUnit(perSecond, '/s')} writes; ${lag}; ${cpuText(cpu)}${isRepeated ? '; second attempt' : ''}`;
}

// Failures below the best load are shown as well: they say that the machine was busy, or the result luck.
function failedText(failed) {
  if (failed.length === 0) return '';
  const writes = [...failed].sort((one, other) => one - other).map((perSecond) => withUnit(perSecond, '/s'));
  return `; not sustained: ${writes.join(', ')} writes`;
}
