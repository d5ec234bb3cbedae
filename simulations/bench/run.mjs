// `npm run bench`: measures the built server, over TLS, with the load generator on the same machine.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { describeMachine, machineText } from './machine.mjs';
import { measureAuthorization } from './measure-authorization.mjs';
import { measureCreate } from './measure-create.mjs';
import { measureFanOut } from './measure-fan-out.mjs';
import { measureGet } from './measure-get.mjs';
import { measureList } from './measure-list.mjs';
import { measureStart } from './measure-start.mjs';
import { measureValidation } from './measure-validation.mjs';
import { measureWorkspaces } from './measure-workspaces.mjs';
import { parseOptions, UsageError, usage } from './options.mjs';
import { isReached, tableText } from './rows.mjs';

/** @type {Readonly<Record<string, (options: import('./options.mjs').Options) => Promise<import('./rows.mjs').Row[]>>>} */
const measurements = {
  start: measureStart,
  get: measureGet,
  create: measureCreate,
  validation: measureValidation,
  authorization: measureAuthorization,
  list: measureList,
  'fan-out': measureFanOut,
  workspaces: measureWorkspaces,
};

// The loops inside are bounded by themselves; this is for a server that stops answering.
const GRACE_SECONDS = 240;

// A short load with few clients reaches no target, and misses none.
const noTarget = { target: undefined };

// Leaving by process.exit ends the servers and removes their data, which a signal by itself would not.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

process.exitCode = await main(process.argv.slice(2));
// Connections of a measurement that was given up must not keep the process.
process.exit();

async function main(argumentList) {
  let options;
  try {
    options = parseOptions(argumentList);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${usage}`);
    return 2;
  }
  if (options === 'help') {
    console.log(usage);
    return 0;
  }
  if (!existsSync(options.program)) {
    console.error(`${options.program} is missing: run \`npm run build\` first`);
    return 1;
  }
  mkdirSync(options.directory, { recursive: true });
  return report(options, await measureAll(options));
}

async function measureAll(options) {
  const rows = [];
  const failures = [];
  const startedMs = performance.now();
  const machine = describeMachine(options.directory);
  // Progress goes to standard error: standard output has nothing but the result.
  console.error(machineText(machine));
  for (const name of options.only) {
    const fromMs = performance.now();
    console.error(`measuring ${name} …`);
    try {
      const measured = await withinSeconds(secondsMax(name, options), measurements[name](options));
      const seconds = (performance.now() - fromMs) / 1000;
      rows.push(...measured.map((row) => ({ measurement: name, ...row, ...(options.isQuick && noTarget) })));
      console.error(`measured ${name} in ${seconds.toFixed(1)} s`);
    } catch (error) {
      failures.push({ measurement: name, message: error.message });
      console.error(`${name} failed: ${error.message}`);
    }
  }
  return { machine, seconds: (performance.now() - startedMs) / 1000, rows, failures };
}

function report(options, { machine, seconds, rows, failures }) {
  const json = JSON.stringify(
    { machine, options, seconds, rows: rows.map((row) => ({ ...row, isReached: isReached(row) })), failures },
    undefined,
    2,
  );
  if (options.json === '-') {
    console.log(json);
  } else {
    if (options.json !== undefined) writeFileSync(options.json, `${json}\n`);
    console.log(`\n${machineText(machine)}\n\n${tableText(rows)}\n`);
    for (const { measurement, message } of failures)
      console.log(`${measurement} was not measured: ${message}`);
    if (options.isQuick) console.log('These numbers say nothing about speed: leave out --quick to measure.');
    console.log(`took ${seconds.toFixed(1)} s`);
  }
  return failures.length === 0 ? 0 : 1;
}

function secondsMax(name, options) {
  return GRACE_SECONDS + 20 * options.seconds + (name === 'list' ? 2 * options.fillSeconds : 0);
}

async function withinSeconds(seconds, work) {
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
