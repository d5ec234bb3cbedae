// A member in a process of its own that makes logical clusters until it is killed.
// Arguments: the built program's folder, a root directory. Prints the name of each that is acknowledged.
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [dist, rootDirectory] = process.argv.slice(2);
const { startMember } = await import(pathToFileURL(`${dist}/region/mod.js`).href);
const { createLogicalCluster } = await import(pathToFileURL(`${dist}/api/mod.js`).href);
const silent = { error() {}, warn() {}, info() {}, debug() {} };
const member = await startMember({
  rootDirectory,
  bindAddress: '127.0.0.1',
  securePort: 0,
  region: 'local',
  log: silent,
});
let count = 0;
const run = process.pid;

async function create() {
  for (;;) {
    const name = `c${run}x${count++}`;
    await createLogicalCluster(member.api, name);
    // Synchronously: a line that is buffered when the kill comes would be a promise forgotten.
    writeSync(1, `${name}\n`);
  }
}

await Promise.all(Array.from({ length: 16 }, create));
