import { closedLoop, errorText } from './closed-loop.mjs';
import { openConnections } from './connection.mjs';

/**
 * Creates a namespace with ConfigMaps of 1 KB, numbered from 0. Throws if requests fail.
 *
 * @param {import('./session.mjs').Session} session
 * @param {{ namespace: string, count: number, clients: number, seconds: number }} options It stops early when
 *   the seconds are over.
 * @returns {Promise<{ count: number, perSecond: number }>}
 */
export async function fillNamespace({ endpoint, requests, control }, { namespace, count, clients, seconds }) {
  await control.exchange(requests.createNamespace(namespace));
  const connections = await openConnections(endpoint, Math.min(clients, count));
  const creates = connections.map(() => requests.createConfigMap(namespace));
  const result = await closedLoop({
    connections,
    next: (connection, sequence) => creates[connection.index].withName(sequence),
    seconds,
    countMax: count,
  });
  for (const connection of connections) connection.close();
  if (Object.keys(result.errors).length > 0)
    throw new Error(`filling ${namespace} failed: ${errorText(result)}`);
  return { count: result.total, perSecond: result.perSecond };
}
