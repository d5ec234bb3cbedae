// `npm run build && npm run cut`: cuts one region off from a planet of three while all regions write, and holds what they show
// afterwards against what was acknowledged. Bounded in time; ends with 1 when something is not as it should be.
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { call, paced, startPlanet } from './planet-process.mjs';

const { values } = parseArgs({
  options: {
    /** How long the region is cut off. */
    seconds: { type: 'string', default: '60' },
    /** Writes a second of all regions together. */
    rate: { type: 'string', default: '200' },
    /** How long all write less before that: processes that have just started are slow. */
    'warm-up-seconds': { type: 'string', default: '15' },
    survive: { type: 'string', default: 'region' },
    /** By then all regions have to show the same. */
    'heal-seconds': { type: 'string', default: '5' },
  },
});
const SECONDS = Number(values.seconds);
const WARM_UP_SECONDS = Number(values['warm-up-seconds']);
const NAMES = ['eu', 'us', 'ap'];
const CUT_OFF = 'us';
const MAPS = '/clusters/root/api/v1/namespaces/default/configmaps';
const EXPORTS = '/clusters/root/apis/apis.kcp.io/v1alpha2/apiexports';
const problems = [];

const planet = await startPlanet(['--rtt', 'eu-us=80,us-ap=150,eu-ap=160', '--survive', values.survive]);
try {
  const { regions } = planet;
  const acknowledged = new Set();
  /** The last one that each region has acknowledged. */
  const newest = new Map();
  const examples = new Map();
  const answers = Object.fromEntries(NAMES.map((name) => [name, new Map()]));
  let phase = 'first';
  const write = async (name, index) => {
    const at = phase;
    const object = `${name}-${index}`;
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: object }, data: { at } };
    const { status, text } = await call(regions[name], MAPS, { method: 'POST', body });
    if (status === 201) acknowledged.add(object);
    if (status === 201) newest.set(name, object);
    const key = `${at} ${status}`;
    answers[name].set(key, (answers[name].get(key) ?? 0) + 1);
    if (status !== 201) examples.set(`${name} ${key}`, text.slice(0, 600));
  };
  let failedReads = 0;
  const read = async (name) => {
    const { status } = await call(regions[name], `${MAPS}/kube-root-ca.crt`);
    if (status !== 200) failedReads += 1;
  };
  await makeExport(regions.eu);
  await everywhere(regions, `${EXPORTS}/shared`);
  const stop = new AbortController();
  const rate = Number(values.rate) / NAMES.length;
  await Promise.all(
    NAMES.map((name) =>
      paced({ rate: rate / 4, seconds: WARM_UP_SECONDS }, (index) => write(name, `warm-${index}`)),
    ),
  );
  phase = 'before';
  const load = NAMES.flatMap((name) => [
    paced({ rate, seconds: SECONDS + 30, signal: stop.signal }, (index) => write(name, index)),
    paced({ rate: 5, seconds: SECONDS + 30, signal: stop.signal }, () => read(name)),
  ]);
  await delay(3_000);
  await planet.act('cut', CUT_OFF);
  phase = 'cut';
  const edits = await editBothSides(regions);
  await delay(SECONDS * 1_000);
  await planet.act('heal');
  const healedMs = performance.now();
  phase = 'healed';
  await delay(1_000);
  stop.abort();
  const together = await untilTogether({ regions, healedMs, edits, newest });
  // Some writes of the region that was cut off may still be on their way.
  await Promise.all(load);
  const there = new Set((await untilTogether({ regions, healedMs, edits, newest })).names);
  const lost = [...acknowledged].filter((name) => !there.has(name));
  if (lost.length > 0) problems.push(`${lost.length} acknowledged objects are lost, such as ${lost[0]}`);
  if (failedReads > 0) problems.push(`${failedReads} reads failed`);
  for (const name of NAMES)
    for (const [key, count] of answers[name]) {
      const isExpected =
        key.endsWith(' 201') || (name === CUT_OFF && /^(cut|healed|before) (503|504)$/.test(key));
      if (!isExpected)
        problems.push(
          `${count} writes in ${name} were answered so: ${key} ${examples.get(`${name} ${key}`)}`,
        );
    }
  checkExport(together.shown, edits);
  console.table(
    NAMES.map((name) => ({
      region: name,
      ...Object.fromEntries([...answers[name]].sort(([a], [b]) => (a < b ? -1 : 1))),
    })),
  );
  console.log(
    `acknowledged: ${acknowledged.size}; after healing all regions showed the same homed objects within ${together.homed} ms, ` +
      `and the same convergent ones within ${together.convergent} ms`,
  );
  const latestMs = Math.max(together.homed, together.convergent);
  if (latestMs > Number(values['heal-seconds']) * 1_000) problems.push('that was too late');
} finally {
  await planet.close();
}
for (const problem of problems) console.error(`PROBLEM: ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function makeExport(region) {
  const body = {
    apiVersion: 'apis.kcp.io/v1alpha2',
    kind: 'APIExport',
    metadata: { name: 'shared', annotations: { both: 'nobody' } },
    spec: {},
  };
  const { status, text } = await call(region, EXPORTS, { method: 'POST', body });
  if (status !== 201) throw new Error(`the export was answered with ${status}: ${text}`);
}

/** The same export, on both sides of the cut: one field each of their own, and one that both change. */
async function editBothSides(regions) {
  const type = 'application/merge-patch+json';
  const patch = (name) =>
    call(regions[name], `${EXPORTS}/shared`, {
      method: 'PATCH',
      type,
      body: { metadata: { annotations: { [`only-${name}`]: 'yes', both: name } } },
    });
  const statuses = {};
  for (const name of ['eu', CUT_OFF]) {
    statuses[name] = (await patch(name)).status;
    // Who writes later by the clock wins everywhere.
    await delay(50);
  }
  return statuses;
}

/** What became of the export in the end; `shown` are its annotations, the same in all regions. */
function checkExport(shown, edits) {
  for (const [name, status] of Object.entries(edits)) {
    if (status !== 200) problems.push(`the export could not be edited in ${name} during the cut: ${status}`);
    if (!shown.includes(`only-${name}`)) problems.push(`the edit of ${name} is not in the export`);
  }
  if (!shown.includes(`["both","${CUT_OFF}"]`)) problems.push('the later edit of both has not won');
}

/** The annotations of the export in each region. */
async function shownExports(regions) {
  const shown = await Promise.all(NAMES.map((name) => call(regions[name], `${EXPORTS}/shared`)));
  return shown.map(({ status, text }) => {
    if (status !== 200) return `${status}: ${text}`;
    const all = JSON.parse(text).metadata.annotations ?? {};
    const own = Object.entries(all).filter(([key]) => key === 'both' || key.startsWith('only-'));
    return JSON.stringify(own.sort());
  });
}

async function everywhere(regions, path) {
  for (const name of NAMES) {
    for (let attempt = 0; (await call(regions[name], path)).status !== 200; attempt++) {
      if (attempt > 200) throw new Error(`${path} does not come to ${name}`);
      await delay(50);
    }
  }
}

/**
 * Waits until all regions list the same bytes, and show one export with the edits of all; how long after healing that was.
 * Lists of everything are only compared when all have what was written last, behind all else in the order of the log: to
 * list or count everything ten times a second would be what it waits for.
 */
async function untilTogether({ regions, healedMs, edits, newest }) {
  const together = { homed: undefined, convergent: undefined };
  const now = () => Math.round(performance.now() - healedMs);
  let exports;
  for (;;) {
    const isListed = together.homed === undefined && (await haveAll(regions, newest.values()));
    if (isListed) {
      const lists = await Promise.all(NAMES.map((name) => call(regions[name], MAPS)));
      const items = lists.map(({ text }) => text.slice(text.indexOf('"items"')));
      if (lists.every(({ status }) => status === 200) && new Set(items).size === 1) {
        together.homed = now();
        together.names = JSON.parse(lists[0].text).items.map(({ metadata }) => metadata.name);
      }
    }
    exports = together.convergent === undefined ? await shownExports(regions) : exports;
    const isMerged = Object.keys(edits).every((name) => exports[0].includes(`only-${name}`));
    if (isMerged && new Set(exports).size === 1) together.convergent ??= now();
    if (together.homed !== undefined && together.convergent !== undefined)
      return { ...together, shown: exports[0] };
    if (now() > 60_000)
      throw new Error(
        `the regions differ a minute after healing: ${(await countsOf(regions)).join(' ')}, ${exports.join(' / ')}`,
      );
    await delay(50);
  }
}

/** Whether all regions have some objects. */
async function haveAll(regions, names) {
  const gets = [...names].flatMap((object) => NAMES.map((name) => call(regions[name], `${MAPS}/${object}`)));
  return (await Promise.all(gets)).every(({ status }) => status === 200);
}

/** How many objects each region has. */
async function countsOf(regions) {
  const lists = await Promise.all(NAMES.map((name) => call(regions[name], `${MAPS}?limit=1`)));
  return lists.map(({ status, text }) =>
    status === 200 ? JSON.parse(text).metadata.remainingItemCount : `${status}`,
  );
}
