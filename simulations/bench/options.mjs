import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** The names that `--only` takes, in the order in which they run. */
export const measurementNames = Object.freeze([
  'start',
  'get',
  'create',
  'validation',
  'authorization',
  'list',
  'fan-out',
  'workspaces',
]);

export const usage = `Usage: npm run bench -- [flags]

  --only NAMES       Some of ${measurementNames.join(', ')}, separated by commas
  --seconds N        How long each load lasts (default 5)
  --quick            Small counts and short loads: says that everything runs, not how fast
  --json FILE        Write the results there as well ("-": print JSON instead of the table)
  --clients N        Connections of the concurrent loads (default 64)
  --objects N        Objects of the large list (default 300000)
  --fill-seconds N   Stop creating them after this time (default 300)
  --watchers N       Watchers of the fan-out (default 1000)
  --workspaces N     Workspaces of the flat tree and of the deep one (default 20000 and half of it)
  --directory DIR    Where the servers keep their data while they run (default ${tmpdir()})
  --program FILE     The built server (default dist/bin/antipode)
  --cpu-prof DIR     Write a CPU profile of each server there, in a folder per measurement
  --help             Print this
`;

/**
 * @typedef {object} Options
 * @property {readonly string[]} only
 * @property {number} seconds How long each load lasts.
 * @property {number} warmUpSeconds Load before that, which is not counted.
 * @property {boolean} isQuick
 * @property {string | undefined} json A file, or `-` for standard output.
 * @property {number} clients
 * @property {number} starts How often the server is started on an empty directory.
 * @property {number} objects Of the large list.
 * @property {number} objectsOfSmallList
 * @property {number} fillSeconds
 * @property {number} watchers
 * @property {number} workspaces
 * @property {string} directory
 * @property {string} program
 * @property {string | undefined} cpuProfile
 */

/** The command line is wrong. The message is one line. */
export class UsageError extends Error {}

/**
 * @param {readonly string[]} argumentList
 * @returns {Options | 'help'} Throws a `UsageError`.
 */
export function parseOptions(argumentList) {
  const text = /** @type {const} */ ({ type: 'string' });
  const values = parsed(argumentList, {
    only: text,
    seconds: text,
    quick: { type: 'boolean' },
    json: text,
    clients: text,
    objects: text,
    'fill-seconds': text,
    watchers: text,
    workspaces: text,
    directory: text,
    program: text,
    'cpu-prof': text,
    help: { type: 'boolean', short: 'h' },
  });
  if (values.help) return 'help';
  const isQuick = values.quick === true;
  const objects = number(values, 'objects', isQuick ? 600 : 300_000);
  return {
    only: names(values.only),
    seconds: number(values, 'seconds', isQuick ? 0.5 : 5),
    warmUpSeconds: isQuick ? 0.2 : 1.5,
    isQuick,
    json: values.json,
    clients: number(values, 'clients', isQuick ? 8 : 64),
    starts: isQuick ? 1 : 3,
    objects,
    objectsOfSmallList: Math.min(objects, isQuick ? 200 : 10_000),
    fillSeconds: number(values, 'fill-seconds', isQuick ? 10 : 300),
    watchers: number(values, 'watchers', isQuick ? 20 : 1_000),
    workspaces: number(values, 'workspaces', isQuick ? 80 : 20_000),
    directory: resolve(values.directory ?? tmpdir()),
    program: resolve(values.program ?? fileURLToPath(new URL('../../dist/bin/antipode', import.meta.url))),
    cpuProfile: values['cpu-prof'] === undefined ? undefined : resolve(values['cpu-prof']),
  };
}

function parsed(argumentList, options) {
  try {
    return parseArgs({ args: [...argumentList], options, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error.message);
  }
}

function names(list) {
  if (list === undefined) return measurementNames;
  const chosen = list.split(',').filter((name) => name !== '');
  const unknown = chosen.find((name) => !measurementNames.includes(name));
  if (unknown !== undefined || chosen.length === 0) {
    throw new UsageError(`--only takes some of ${measurementNames.join(', ')}, not "${unknown ?? ''}"`);
  }
  return measurementNames.filter((name) => chosen.includes(name));
}

function number(values, name, fallback) {
  const text = values[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new UsageError(`--${name} takes a number greater than zero, not "${text}"`);
}
