// A member in a process of its own on which very many logical clusters bind exports, sixteen at a time, each by a
// request of its own, and then nobody asks for anything.
// Arguments: the built program's folder, a root directory, the number of exports, then the numbers of bindings at which
// to measure. Prints one line of JSON per number. Needs --expose-gc.
import { pathToFileURL } from 'node:url';

const [dist, rootDirectory, exportsText, ...counts] = process.argv.slice(2);
const exports = Number(exportsText);
const load = (name) => import(pathToFileURL(`${dist}/${name}/mod.js`).href);
const { startMember } = await load('region');
const { create, createLogicalCluster, parseWriteOptions, Query } = await load('api');
const { SYSTEM_USER } = await load('access');
const PROVIDER = 'provider';
const CLIENTS = 16;
const silent = { error: console.error, warn() {}, info() {}, debug() {} };
const member = await startMember({
  rootDirectory,
  bindAddress: '127.0.0.1',
  securePort: 0,
  region: 'local',
  log: silent,
});
const { api } = member;
const options = parseWriteOptions(Query.parse(''), { kind: 'CreateOptions', userAgent: 'scale' });
const context = { signal: new AbortController().signal, userAgent: 'scale', warn() {} };

await createLogicalCluster(api, PROVIDER);
let offered = 0;
await inParallel(async () => {
  for (let index = offered++; index < exports; index = offered++) await offer(index);
});
// The clusters are there before, so that only bindings are measured.
const most = Math.max(...counts.map(Number));
let made = 0;
await inParallel(async () => {
  for (let index = made++; index < most; index = made++) await createLogicalCluster(api, consumer(index));
});
let bound = 0;
report({ count: 0, perSecond: 0, cpuUs: 0 });
for (const count of counts.map(Number)) {
  const before = { bound, ms: performance.now(), cpu: process.cpuUsage() };
  await inParallel(async () => {
    while (bound < count) await bind(bound++);
  });
  const ms = performance.now() - before.ms;
  const cpu = process.cpuUsage(before.cpu);
  const each = count - before.bound;
  await new Promise((resolve) => setImmediate(resolve));
  report({ count, perSecond: (each / ms) * 1000, cpuUs: (cpu.user + cpu.system) / each });
}
await member.close();

function report(line) {
  for (let round = 0; round < 4; round++) globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ ...line, heapUsed, external, rss })}\n`);
}

async function inParallel(work) {
  await Promise.all(Array.from({ length: CLIENTS }, work));
}

function consumer(index) {
  return `c${index.toString(36).padStart(12, '0')}`;
}

async function offer(index) {
  const group = `g${index}.example.com`;
  const schema = {
    apiVersion: 'apis.kcp.io/v1alpha1',
    kind: 'APIResourceSchema',
    metadata: { name: `v1.widgets.${group}` },
    spec: {
      group,
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            type: 'object',
            properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
          },
        },
      ],
    },
  };
  await post(PROVIDER, { version: 'v1alpha1', resource: 'apiresourceschemas' }, schema);
  await post(
    PROVIDER,
    { version: 'v1alpha2', resource: 'apiexports' },
    {
      apiVersion: 'apis.kcp.io/v1alpha2',
      kind: 'APIExport',
      metadata: { name: `export-${index}` },
      spec: {
        resources: [{ group, name: 'widgets', schema: schema.metadata.name, storage: { crd: {} } }],
      },
    },
  );
}

async function bind(index) {
  const name = `export-${index % exports}`;
  const binding = {
    apiVersion: 'apis.kcp.io/v1alpha2',
    kind: 'APIBinding',
    metadata: { name },
    spec: { reference: { export: { name, path: PROVIDER } } },
  };
  const { row } = await post(consumer(index), { version: 'v1alpha2', resource: 'apibindings' }, binding);
  if (!row.json.includes('"phase":"Bound"')) throw new Error(`${name} is not bound: ${row.json}`);
}

async function post(cluster, { version, resource }, object) {
  const target = await api.access.authorize({
    user: SYSTEM_USER,
    cluster,
    verb: 'create',
    group: 'apis.kcp.io',
    version,
    resource,
    subresource: '',
    namespace: '',
    name: '',
  });
  const body = { mediaType: 'application/json', bytes: Buffer.from(JSON.stringify(object)) };
  return create(api, { target, options, context, body });
}
