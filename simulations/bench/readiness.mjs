import { get } from 'node:https';

const TIMEOUT_MS = 2_000;

/**
 * Whether a server answers /readyz with 200. Its certificate is not looked at here: while a server starts
 * there may be none on disk yet, and the measured connections check it.
 *
 * @param {string} host
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function isReady(host, port) {
  return new Promise((resolve) => {
    const options = {
      host,
      port,
      path: '/readyz',
      agent: false,
      timeout: TIMEOUT_MS,
      rejectUnauthorized: false,
    };
    const request = get(options, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode === 200));
      response.once('error', () => resolve(false));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}
