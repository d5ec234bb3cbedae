import { closedLoop, errorText } from './closed-loop.mjs';
import { openConnections } from './connection.mjs';
import { cpuText, startCpuMeter } from './cpu-meter.mjs';
import { withSession } from './session.mjs';

/**
 * Creates of 1 KB objects, each of which is on disk when it is answered.
 *
 * @param {import('./options.mjs').Options} options
 * @returns {Promise<import('./rows.mjs').Row[]>}
 */
export function measureCreate(options) {
  return withSession(options, 'create', async (session) => {
    const one = await createLoad(session, options, 1);
    const many = await createLoad(session, options, options.clients);
    const counted = await createLoad(session, options, options.clients, await quotaIn(session, 'counted'));
    return [
      { name: 'durable creates, 1 client', value: one.perSecond, unit: '/s', note: one.note },
      {
        name: `durable creates, ${options.clients} clients`,
        value: many.perSecond,
        unit: '/s',
        target: { atLeast: 4_000 },
        note: many.note,
      },
      {
        name: `durable creates under a quota, ${options.clients} clients`,
        value: counted.perSecond,
        unit: '/s',
        note: counted.note,
      },
    ];
  });
}

/** Makes a namespace with a quota of ConfigMaps, and waits until they are counted. */
async function quotaIn({ requests, control }, namespace) {
  await control.exchange(requests.createNamespace(namespace));
  const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
  const object = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'quota' },
    spec: { hard: { configmaps: '1G', 'count/configmaps': '1G' } },
  };
  await control.exchange(requests.post(quotas, JSON.stringify(object)));
  for (;;) {
    const { status } = JSON.parse(await control.exchange(requests.get(`${quotas}/quota`)));
    if (status.used !== undefined) return namespace;
  }
}

async function createLoad({ server, endpoint, requests, control }, options, clients, given) {
  const namespace = given ?? `create-${clients}`;
  if (given === undefined) await control.exchange(requests.createNamespace(namespace));
  const connections = await openConnections(endpoint, clients);
  const creates = connections.map(() => requests.createConfigMap(namespace));
  let cpuMeter = startCpuMeter(server);
  const result = await closedLoop({
    connections,
    next: (connection, sequence) => creates[connection.index].withName(sequence),
    seconds: options.seconds,
    warmUpSeconds: options.warmUpSeconds,
    onCountingStart: () => {
      cpuMeter = startCpuMeter(server);
    },
  });
  const cpu = cpuText(cpuMeter());
  for (const connection of connections) connection.close();
  const latency = `p50 ${result.p50Ms.toFixed(1)} ms, p99 ${result.p99Ms.toFixed(1)} ms`;
  return { perSecond: result.perSecond, note: [latency, cpu, errorText(result)].filter(Boolean).join('; ') };
}
