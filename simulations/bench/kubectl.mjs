import { execFile } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../../.cache/kubectl/', import.meta.url));
const TIMEOUT_MS = 20_000;

/**
 * `$KUBECTL`, else the one that the tests have fetched, else one on the PATH. The fetched one comes before the
 * PATH because what is installed there may be a wrapper, which takes time of its own.
 *
 * @returns {string | undefined}
 */
export function findKubectl() {
  const chosen = process.env['KUBECTL'];
  if (chosen) return chosen;
  const fetched = listDirectory(CACHE).map((version) => join(CACHE, version, 'kubectl'));
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, 'kubectl'));
  return [...fetched, ...onPath].find(isExecutable);
}

/**
 * Runs kubectl to its end.
 *
 * @param {string} kubectl
 * @param {readonly string[]} argumentList
 * @param {{ kubeconfig: string, home: string }} surroundings The home holds its cache of discovery.
 * @returns {Promise<{ isDone: boolean, output: string }>}
 */
export function runKubectl(kubectl, argumentList, { kubeconfig, home }) {
  const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: home };
  return new Promise((resolve) => {
    execFile(kubectl, [...argumentList], { env, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      resolve({ isDone: error === null, output: error === null ? stdout : `${stdout}${stderr}` });
    });
  });
}

function listDirectory(path) {
  try {
    return readdirSync(path).sort().reverse();
  } catch {
    return [];
  }
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
