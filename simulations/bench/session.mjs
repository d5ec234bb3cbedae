import { join } from 'node:path';
import { Connection } from './connection.mjs';
import { createRequests } from './requests.mjs';
import { freePort, removeDirectory, ServerProcess, temporaryDirectory } from './server-process.mjs';

/**
 * A server on a directory of its own, for one measurement.
 *
 * @typedef {object} Session
 * @property {ServerProcess} server
 * @property {import('./connection.mjs').Endpoint} endpoint
 * @property {ReturnType<typeof createRequests>} requests
 * @property {Connection} control A connection for what is not measured.
 * @property {() => Promise<void>} restart Ends the server and starts it again on the same directory.
 */

/**
 * Runs `work` with a server, and ends it afterwards.
 *
 * @template T
 * @param {import('./options.mjs').Options} options
 * @param {string} name Of the measurement.
 * @param {(session: Session) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withSession(options, name, work) {
  const directory = temporaryDirectory(options.directory);
  const start = async () => {
    const server = await ServerProcess.start({
      program: options.program,
      rootDirectory: join(directory, 'root'),
      port: await freePort(),
      cpuProfile: options.cpuProfile && join(options.cpuProfile, name),
    });
    const { endpoint } = server;
    return { server, endpoint, requests: createRequests(endpoint), control: await Connection.open(endpoint) };
  };
  const stop = async () => {
    session.control.close();
    await session.server.stop();
  };
  /** @type {Session} */
  const session = {
    ...(await start()),
    async restart() {
      await stop();
      Object.assign(session, await start());
    },
  };
  try {
    return await work(session);
  } finally {
    await stop();
    removeDirectory(directory);
  }
}
