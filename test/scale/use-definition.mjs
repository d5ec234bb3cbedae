// A member in a process of its own: the same CustomResourceDefinition in very many logical clusters, and an object
// of it in each. Arguments: the built program's folder, a root directory, then the numbers of clusters at which to
// measure. Prints one line of JSON per number. Needs --expose-gc.
import { pathToFileURL } from 'node:url';

const [dist, rootDirectory, ...counts] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${dist}/${name}/mod.js`).href);
const { startMember } = await load('region');
const { create, createLogicalCluster, get, PLAIN_JSON, parseWriteOptions, Query } = await load('api');
const silent = { error: console.error, warn() {}, info() {}, debug() {} };
const member = await startMember({
  rootDirectory,
  bindAddress: '127.0.0.1',
  securePort: 0,
  region: 'local',
  log: silent,
});
const { api } = member;
const user = { name: 'test', uid: '', groups: ['system:masters'], extra: {} };
const CRDS = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' };
const LIGHTS = { group: 'coast.example', version: 'v1', resource: 'lights' };
const CRD = bodyOf({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'lights.coast.example' },
  spec: {
    group: 'coast.example',
    scope: 'Cluster',
    names: { plural: 'lights', kind: 'Light' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: specOf(1) } } },
      },
    ],
  },
});
const LIGHT = bodyOf({
  apiVersion: 'coast.example/v1',
  kind: 'Light',
  metadata: { name: 'north' },
  spec: { field0: { seconds: 4, color: 'red' } },
});

// What the root has bound is compiled by then.
const founded = api.registry.compilations;
let made = 0;
for (const count of counts.map(Number)) {
  await Promise.all(Array.from({ length: 128 }, () => useUntil(count)));
  await new Promise((resolve) => setImmediate(resolve));
  for (let round = 0; round < 4; round++) globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  const compilations = api.registry.compilations - founded;
  process.stdout.write(`${JSON.stringify({ count, heapUsed, external, rss, compilations })}\n`);
}
await member.close();

async function useUntil(count) {
  while (made < count) {
    const cluster = `c${made++}`;
    await createLogicalCluster(api, cluster);
    await write(cluster, CRDS, CRD);
    for (let tries = 0; ; tries++) {
      try {
        await write(cluster, LIGHTS, LIGHT);
        break;
      } catch (error) {
        // The controller that accepts the names comes after the commit.
        if (tries > 1_000) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    const target = await api.access.authorize({ ...placeOf(cluster, LIGHTS), verb: 'get', name: 'north' });
    await get(api, { target, query: Query.parse(''), format: PLAIN_JSON, context: contextOf() });
  }
}

async function write(cluster, kind, body) {
  const target = await api.access.authorize({ ...placeOf(cluster, kind), verb: 'create', name: '' });
  const options = parseWriteOptions(Query.parse(''), { kind: 'CreateOptions', userAgent: 'test' });
  return create(api, { target, options, context: contextOf(), body });
}

function placeOf(cluster, kind) {
  return { user, cluster, ...kind, subresource: '', namespace: '' };
}

function contextOf() {
  return { signal: new AbortController().signal, userAgent: 'test', warn() {} };
}

function bodyOf(object) {
  return { mediaType: 'application/json', bytes: Buffer.from(JSON.stringify(object)) };
}

/** A schema with something to compile and to validate. */
function specOf(fields) {
  const field = {
    type: 'object',
    required: ['seconds'],
    properties: {
      seconds: { type: 'integer', minimum: 1 },
      color: { type: 'string', enum: ['white', 'red', 'green'], default: 'white' },
      name: { type: 'string', pattern: '^[a-z]+$' },
    },
  };
  const properties = Object.fromEntries(Array.from({ length: fields }, (_item, i) => [`field${i}`, field]));
  return { type: 'object', properties };
}
