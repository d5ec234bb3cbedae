import { closedLoop, errorText } from './closed-loop.mjs';
import { openConnections } from './connection.mjs';
import { cpuText, startCpuMeter } from './cpu-meter.mjs';
import { fillNamespace } from './fill.mjs';
import { withSession } from './session.mjs';

const NAMESPACE = 'get';
const OBJECTS = 1_000;

/**
 * GETs of single objects, one after another on each connection.
 *
 * @param {import('./options.mjs').Options} options
 * @returns {Promise<import('./rows.mjs').Row[]>}
 */
export function measureGet(options) {
  return withSession(options, 'get', async (session) => {
    const { server, endpoint, requests } = session;
    const { clients, seconds, warmUpSeconds, fillSeconds } = options;
    const count = Math.min(OBJECTS, options.objects);
    const filled = await fillNamespace(session, {
      namespace: NAMESPACE,
      count,
      clients,
      seconds: fillSeconds,
    });
    const gets = Array.from({ length: filled.count }, (_, index) => requests.getConfigMap(NAMESPACE, index));
    const connections = await openConnections(endpoint, clients);
    let cpuMeter = startCpuMeter(server);
    const result = await closedLoop({
      connections,
      next: (_connection, sequence) => gets[sequence % gets.length],
      seconds,
      warmUpSeconds,
      onCountingStart: () => {
        cpuMeter = startCpuMeter(server);
      },
    });
    const cpu = cpuText(cpuMeter());
    for (const connection of connections) connection.close();
    const latency = `${clients} clients, p50 ${result.p50Ms.toFixed(1)} ms, p99 ${result.p99Ms.toFixed(1)} ms`;
    return [
      {
        name: 'GET',
        value: result.perSecond,
        unit: '/s',
        target: { atLeast: 15_000 },
        note: [latency, cpu, errorText(result)].filter(Boolean).join('; '),
      },
    ];
  });
}
