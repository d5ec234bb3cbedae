import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findKubectl, runKubectl } from './kubectl.mjs';
import { freePort, removeDirectory, ServerProcess, temporaryDirectory } from './server-process.mjs';

const RETRY_MS = 20;
const TIMEOUT_MS = 30_000;
const MEBIBYTE = 2 ** 20;
const NAMESPACE = 'default';

/**
 * From the start of the process to the first answer, on an empty directory and on one that was used before,
 * and the memory that it takes then.
 *
 * @param {import('./options.mjs').Options} options
 * @returns {Promise<import('./rows.mjs').Row[]>}
 */
export async function measureStart(options) {
  const kubectl = findKubectl();
  if (kubectl === undefined) throw new Error('there is no kubectl: put one on the PATH or set $KUBECTL');
  const cold = [];
  const warm = [];
  for (let round = 0; round < options.starts; round += 1) {
    const directory = temporaryDirectory(options.directory);
    try {
      cold.push(await startOnce(options, directory, kubectl));
      warm.push(await startOnce(options, directory, kubectl));
    } finally {
      removeDirectory(directory);
    }
  }
  const note = options.starts > 1 ? `median of ${options.starts}` : '';
  const kubectlMs = median(cold.map((start) => start.kubectlMs));
  return [
    {
      name: 'cold start to kubectl get ns',
      value: median(cold.map((start) => start.answeredMs)),
      unit: 'ms',
      target: { atMost: 1_000 },
      note: `${note}${note && ', '}kubectl itself ${Math.round(kubectlMs)} ms`,
    },
    { name: 'cold start to /readyz', value: median(cold.map((start) => start.readyMs)), unit: 'ms', note },
    {
      name: 'second start to kubectl get ns',
      value: median(warm.map((start) => start.answeredMs)),
      unit: 'ms',
      note,
    },
    { name: 'second start to /readyz', value: median(warm.map((start) => start.readyMs)), unit: 'ms', note },
    {
      name: 'RSS at start',
      value: median(cold.map((start) => start.residentBytes)) / MEBIBYTE,
      unit: 'MB',
      target: { atMost: 150 },
      note: `after kubectl get ns; at most ${Math.round(Math.max(...cold.map((start) => start.peakBytes)) / MEBIBYTE)} MB until then`,
    },
  ];
}

async function startOnce(options, directory, kubectl) {
  // A home of its own for kubectl each time: what it has cached would make it faster than a first call.
  const home = join(directory, `home-${performance.now()}`);
  mkdirSync(home);
  const server = new ServerProcess({
    program: options.program,
    rootDirectory: join(directory, 'root'),
    port: await freePort(),
    cpuProfile: options.cpuProfile && join(options.cpuProfile, 'start'),
  });
  try {
    const readyMs = server.ready();
    readyMs.catch(() => {});
    const answer = await firstAnswer(server, kubectl, home);
    const { residentBytes, peakBytes } = server.memory();
    return { ...answer, readyMs: await readyMs, residentBytes, peakBytes };
  } finally {
    await server.stop();
  }
}

/**
 * Runs kubectl until it prints namespaces. It is not even run while the port refuses connections: a process
 * every 20 ms would take the processor from the server that it waits for.
 */
async function firstAnswer(server, kubectl, home) {
  let last = 'nothing listens';
  while (performance.now() < server.startedAtMs + TIMEOUT_MS) {
    if (await acceptsConnections(server)) {
      const fromMs = performance.now();
      const { isDone, output } = await runKubectl(kubectl, ['get', 'ns'], {
        kubeconfig: server.kubeconfig,
        home,
      });
      const nowMs = performance.now();
      if (isDone && output.includes(NAMESPACE)) {
        return { answeredMs: nowMs - server.startedAtMs, kubectlMs: nowMs - fromMs };
      }
      last = output;
    }
    await delay(RETRY_MS);
  }
  throw new Error(`kubectl get ns got no answer within ${TIMEOUT_MS} ms: ${last}`);
}

function acceptsConnections(server) {
  return new Promise((resolve) => {
    const socket = connect(server.port, server.host);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function median(values) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
