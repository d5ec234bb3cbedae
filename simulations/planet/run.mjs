// `npm run build && npm run bench:planet`: how much later than the speed of the links things are, on a planet of three
// regions on this machine: what eu writes is seen in us and ap, and what ap writes is answered by its home in eu.
import { request } from 'node:https';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Histogram } from '../bench/histogram.mjs';
import { call, startPlanet } from './planet-process.mjs';
import { startAccounts } from './processes.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    rate: { type: 'string', default: '50' },
    /** So many writes of each kind go before, twice as fast: processes that have just started are slow. */
    'warm-up': { type: 'string', default: '2000' },
    survive: { type: 'string', default: 'zone' },
    rtt: { type: 'string', default: 'eu-us=80,us-ap=150,eu-ap=160' },
  },
});
const SECONDS = Number(values.seconds);
const RATE = Number(values.rate);
const COUNT = SECONDS * RATE;
const WARM_UP = Number(values['warm-up']);
const MAPS = '/clusters/root/api/v1/namespaces/default/configmaps';

const planet = await startPlanet(['--rtt', values.rtt, '--survive', values.survive]);
try {
  const { regions } = planet;
  const rtts = new Map(
    values.rtt
      .split(',')
      .map((item) => item.split('='))
      .map(([link, ms]) => [link, Number(ms)]),
  );
  const seen = {
    us: { histogram: new Histogram(), oneWayMs: rtts.get('eu-us') / 2 },
    ap: { histogram: new Histogram(), oneWayMs: rtts.get('eu-ap') / 2 },
  };
  const acknowledged = new Map();
  const watches = Object.entries(seen).map(([name, { histogram, oneWayMs }]) =>
    watchMaps(regions[name], (object) => {
      const atMs = performance.now();
      // Whoever sees it before it is acknowledged sees it at once.
      const wait = acknowledged.get(object);
      if (wait === undefined) return;
      wait.then((ackMs) => ackMs !== undefined && histogram.record(atMs - ackMs - oneWayMs));
    }),
  );
  const stopWatching = await Promise.all(watches);
  const atHome = new Histogram();
  await paced({ prefix: 'eu-warm', count: WARM_UP, rate: 2 * RATE }, (name) => create(regions.eu, name));
  const homeAccounts = startAccounts();
  await paced({ prefix: 'eu', count: COUNT, rate: RATE }, (name) => {
    const done = create(regions.eu, name);
    acknowledged.set(
      name,
      done.then(({ atMs }) => atMs),
    );
    return done.then(({ ms }) => atHome.record(ms));
  });
  const usedAtHome = homeAccounts(COUNT);
  await delay(2_000);
  // What is measured from here on needs nobody who watches.
  for (const stop of stopWatching) stop();
  const forwarded = new Histogram();
  const rttMs = rtts.get('eu-ap');
  await paced({ prefix: 'ap-warm', count: WARM_UP, rate: 2 * RATE }, (name) => create(regions.ap, name));
  const accounts = startAccounts();
  await paced({ prefix: 'ap', count: COUNT, rate: RATE }, (name) =>
    create(regions.ap, name).then(({ ms }) => forwarded.record(ms - rttMs)),
  );
  const usedAway = accounts(COUNT);
  const row = (what, histogram) => ({
    what,
    count: histogram.count,
    'p50 ms': round(histogram.quantile(0.5)),
    'p90 ms': round(histogram.quantile(0.9)),
    'p99 ms': round(histogram.quantile(0.99)),
  });
  console.table([
    row('eu by itself', atHome),
    row('eu to us, over the one-way delay', seen.us.histogram),
    row('eu to ap, over the one-way delay', seen.ap.histogram),
    row('ap by its home in eu, over the round trip', forwarded),
  ]);
  for (const [what, used] of [
    ['what eu writes', usedAtHome],
    ['what ap writes', usedAway],
  ]) {
    if (used === undefined) continue;
    const { rows, keptPercent } = used;
    const processors = `${availableParallelism()} processors, of whose time the host kept ${keptPercent} %`;
    console.log(`\n${what}, on ${processors}:`);
    console.table(rows);
  }
} finally {
  await planet.close();
}

function round(ms) {
  return Math.round(ms * 10) / 10;
}

/** Does something so many times a second, whatever becomes of those before; resolves when all are done. */
async function paced({ prefix, count, rate }, run) {
  const startMs = performance.now();
  const all = [];
  for (let index = 0; index < count; index++) {
    const waitMs = startMs + (index * 1_000) / rate - performance.now();
    if (waitMs > 0) await delay(waitMs);
    all.push(run(`${prefix}-${index}`));
  }
  await Promise.all(all);
}

async function create(region, name) {
  const startMs = performance.now();
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'b' } };
  const { status } = await call(region, MAPS, { method: 'POST', body });
  if (status !== 201) throw new Error(`${name} was answered with ${status}`);
  const atMs = performance.now();
  return { atMs, ms: atMs - startMs };
}

/** Resolves once it watches, with what ends that. */
function watchMaps(region, onName) {
  return new Promise((resolve, reject) => {
    const options = { ...region.options, path: `${MAPS}?watch=1` };
    const outgoing = request(options, (response) => {
      let rest = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop();
        for (const line of lines) onName(JSON.parse(line).object.metadata.name);
      });
      response.once('error', () => {});
      resolve(() => outgoing.destroy());
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
