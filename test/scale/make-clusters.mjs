// A member in a process of its own that makes very many logical clusters, sixteen at a time, and leaves them alone.
// Arguments: the built program's folder, a root directory, then the numbers of clusters at which to measure.
// Prints one line of JSON per number. Needs --expose-gc.
import { pathToFileURL } from 'node:url';

const [dist, rootDirectory, ...counts] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${dist}/${name}/mod.js`).href);
const { startMember } = await load('region');
const { createLogicalCluster } = await load('api');
const silent = { error: console.error, warn() {}, info() {}, debug() {} };
const member = await startMember({
  rootDirectory,
  bindAddress: '127.0.0.1',
  securePort: 0,
  region: 'local',
  log: silent,
});

let made = 0;
for (const count of counts.map(Number)) {
  const before = { made, ms: performance.now(), cpu: process.cpuUsage() };
  await Promise.all(Array.from({ length: 16 }, () => makeUntil(count)));
  const ms = performance.now() - before.ms;
  const cpu = process.cpuUsage(before.cpu);
  await new Promise((resolve) => setImmediate(resolve));
  for (let round = 0; round < 4; round++) globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  const each = count - before.made;
  const line = {
    count,
    heapUsed,
    external,
    rss,
    perSecond: (each / ms) * 1000,
    cpuUs: (cpu.user + cpu.system) / each,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
await member.close();

async function makeUntil(count) {
  // Names as short as those that workspaces get.
  while (made < count) await createLogicalCluster(member.api, `c${(made++).toString(36).padStart(12, '0')}`);
}
