import { closedLoop, errorText } from './closed-loop.mjs';
import { openConnections } from './connection.mjs';
import { cpuText, startCpuMeter } from './cpu-meter.mjs';
import { withSession } from './session.mjs';

const TENANCY = '/apis/tenancy.kcp.io/v1alpha1';
const BRANCHING = 7;
const DEPTH = 5;
const KIB = 1024;

/**
 * Workspaces created through the API, flat and as a tree, each of them ready in the answer; and what one takes of memory
 * at rest: the slope between a quarter of them and all.
 *
 * @param {import('./options.mjs').Options} options
 * @returns {Promise<import('./rows.mjs').Row[]>}
 */
export async function measureWorkspaces(options) {
  // A server takes the longest to start and to stop: where nothing is measured, one does.
  if (options.isQuick) {
    return withSession(options, 'workspaces', async (session) => [
      ...(await measureFlat(session, options)),
      ...(await measureTree(session, options)),
    ]);
  }
  const flat = await withSession(options, 'workspaces-flat', (session) => measureFlat(session, options));
  const tree = await withSession(options, 'workspaces-tree', (session) => measureTree(session, options));
  return [...flat, ...tree];
}

/** The type of all of them, where the founding has not made it. */
async function ensureType({ control, requests }) {
  const object = {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'WorkspaceType',
    metadata: { name: 'universal' },
    spec: {},
  };
  await control.exchange(requests.post(`${TENANCY}/workspacetypes`, JSON.stringify(object))).catch(() => {});
}

async function measureFlat(session, options) {
  await ensureType(session);
  const all = options.workspaces;
  const quarter = Math.ceil(all / 4);
  const first = parentsOf('root', quarter, 0);
  const rest = parentsOf('root', all - quarter, quarter);
  await createAll(session, options, first);
  const before = await session.server.collectedMemory();
  const load = await createAll(session, options, rest);
  const after = await session.server.collectedMemory();
  await assertReady(session, all);
  const heap = (after.heapUsed + after.external - before.heapUsed - before.external) / (all - quarter);
  return [
    {
      name: `workspaces ready, flat, ${options.clients} clients`,
      value: load.perSecond,
      unit: '/s',
      target: { atLeast: 1_000 },
      note: load.note,
    },
    {
      name: 'processor time of the server per workspace, flat',
      value: load.cpuMs / (all - quarter),
      unit: 'ms',
      target: { atMost: 1 },
      note: `what others take of the machine hardly changes it, as it changes the rate; after ${quarter} to warm up`,
    },
    {
      name: 'memory of a workspace at rest',
      value: heap / KIB,
      unit: 'KiB',
      target: { atMost: 2 },
      note: `heap and external, from ${quarter} to ${all} workspaces, ${memoryText(before)} to ${memoryText(after)}`,
    },
  ];
}

function memoryText({ heapUsed, external, rss }) {
  const mib = (bytes) => `${(bytes / KIB / KIB).toFixed(1)} MiB`;
  return `${mib(heapUsed + external)} (RSS ${mib(rss)})`;
}

async function measureTree(session, options) {
  await ensureType(session);
  const levels = treeLevels(Math.ceil(options.workspaces / 2));
  let count = 0;
  let seconds = 0;
  let cpuMs = 0;
  let last = { note: '' };
  // A level is created when the one above it is there.
  for (const level of levels) {
    last = await createAll(session, options, level);
    count += level.length;
    seconds += last.seconds;
    cpuMs += last.cpuMs;
  }
  return [
    {
      name: `workspaces ready, tree of depth ${levels.length}, ${options.clients} clients`,
      value: count / seconds,
      unit: '/s',
      target: { atLeast: 1_000 },
      note: `${count} of them, ${BRANCHING} in each; last level: ${last.note}`,
    },
    {
      name: `processor time of the server per workspace, tree of depth ${levels.length}`,
      value: cpuMs / count,
      unit: 'ms',
      target: { atMost: 1 },
      note: 'with what the first ones of a server take',
    },
  ];
}

/** @returns {{ parent: string, name: string }[][]} The levels of a tree, no more than so many workspaces in all. */
function treeLevels(countMax) {
  const levels = [];
  let parents = ['root'];
  let count = 0;
  while (levels.length < DEPTH && count < countMax) {
    const children = parents
      .flatMap((parent) => parentsOf(parent, BRANCHING, 0, 't'))
      .slice(0, countMax - count);
    levels.push(children);
    count += children.length;
    parents = children.map(({ parent, name }) => `${parent}:${name}`);
  }
  return levels;
}

function parentsOf(parent, count, from, prefix = 'w') {
  return Array.from({ length: count }, (_, index) => ({ parent, name: `${prefix}${from + index}` }));
}

async function createAll({ server, endpoint, requests }, options, workspaces) {
  const connections = await openConnections(endpoint, Math.min(options.clients, workspaces.length));
  const cpuMeter = startCpuMeter(server);
  const cpuFrom = server.cpuSeconds();
  const fromMs = performance.now();
  const result = await closedLoop({
    connections,
    next: (_connection, sequence) => {
      const { parent, name } = workspaces[sequence];
      return requests.createWorkspace(parent, name);
    },
    seconds: Number.MAX_SAFE_INTEGER / 1000,
    countMax: workspaces.length,
  });
  const seconds = (performance.now() - fromMs) / 1000;
  const cpu = cpuText(cpuMeter());
  const cpuMs = (server.cpuSeconds() - cpuFrom) * 1000;
  for (const connection of connections) connection.close();
  if (result.total !== workspaces.length) throw new Error(`workspaces were refused: ${errorText(result)}`);
  const latency = `p50 ${result.p50Ms.toFixed(1)} ms, p99 ${result.p99Ms.toFixed(1)} ms`;
  return { perSecond: workspaces.length / seconds, seconds, cpuMs, note: `${latency}; ${cpu}` };
}

/** All of them say that they are ready. */
async function assertReady({ control, requests }, count) {
  const selector = encodeURIComponent('tenancy.kcp.io/phase=Ready');
  const list = await control.exchange(requests.get(`${TENANCY}/workspaces?labelSelector=${selector}`));
  const { items } = JSON.parse(list);
  const ready = items.filter(({ status }) => status.phase === 'Ready');
  if (ready.length !== count) throw new Error(`${ready.length} of ${count} workspaces are ready`);
}
