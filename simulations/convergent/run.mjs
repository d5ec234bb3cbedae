// `npm run build && npm run bench:convergent`: what cutting, merging and putting together a convergent object costs,
// in microseconds of processor time. An open is part of an edit and of a merge.
import { existsSync } from 'node:fs';

const dist = new URL('../../dist/', import.meta.url);
if (!existsSync(dist)) {
  console.error('dist is missing: run `npm run build` first');
  process.exit(1);
}
const convergent = await import(new URL('convergent/mod.js', dist));
const definitions = await import(new URL('definitions/mod.js', dist));
const { encodeJson, parseJson } = await import(new URL('machinery/mod.js', dist));

const START_MS = Date.UTC(2026, 5, 1);
const REGIONS = ['eu', 'us', 'ap'];
const SECONDS = 1;
const WARM_UP = 100;

const rows = [];
for (const subject of [apiExport(), manyFields()]) {
  const world = makeWorld(subject);
  const { states, type } = world;
  const document = convergent.ConvergentDocument.open(states[0]);
  const view = viewOf(document);
  const { object } = convergent.materialise(view);
  rows.push({
    object: subject.name,
    'JSON bytes': encodeJson(object).length,
    registers: [...document.registers()].length,
    'document bytes': states[0].byteLength,
    'create µs': time(() => world.create()),
    'open µs': time(() => convergent.ConvergentDocument.open(states[0])),
    'materialise µs': time(() => convergent.materialise(viewOf(document))),
    'edit one field µs': time((round) => {
      const fresh = convergent.ConvergentDocument.open(states[0]);
      const change = subject.change(object, `round${round}`);
      fresh.write(
        convergent.updateEdit(
          viewOf(fresh),
          world.editOf(0, { type, current: object, old: object, object: change }),
        ),
      );
      return fresh.encode();
    }),
    'merge three regions µs': time(() => {
      const fresh = convergent.ConvergentDocument.open(states[0]);
      for (const state of states.slice(1)) fresh.merge(state);
      return convergent.materialise(viewOf(fresh));
    }),
    'digest µs': time(() => convergent.documentDigest(document.registers())),
  });
}
console.table(rows);

/** Three regions that have each edited the object, and have heard of each other half. */
function makeWorld({ object, definition, change }) {
  const version = definition.versions.find(({ name }) => name === definition.storageVersion);
  const place = { logicalCluster: 'root', group: definition.group, resource: definition.names.plural };
  const type = convergent.objectTypeOf({
    apply: definitions.applyTypeOf(definition, version),
    schema: version.schema,
    classes: convergent.fieldClassesOf(place),
  });
  let nowMs = START_MS;
  const writer = (index) => ({
    region: REGIONS[index],
    client: convergent.clientIdOf({ startMs: START_MS, member: index }),
  });
  const editOf = (index, rest) => ({ ...rest, isHome: true, writer: writer(index), nowMs: ++nowMs });
  const create = () => {
    const document = convergent.ConvergentDocument.create();
    document.write(convergent.createEdit({ object, type, place, writer: writer(0), nowMs }));
    return document.encode();
  };
  const first = create();
  const states = REGIONS.map((region, index) => {
    const document = convergent.ConvergentDocument.open(first);
    for (let round = 0; round < 20; round++) {
      const current = convergent.materialise(viewOf(document)).object;
      const edited = change(current, `${region}${round}`);
      document.write(
        convergent.updateEdit(
          viewOf(document),
          editOf(index, { type, current, old: current, object: edited }),
        ),
      );
    }
    return document.encode();
  });
  return { type, states, editOf, create };
}

function viewOf(document) {
  return convergent.viewRegisters(document.registers(), {
    horizon: convergent.stampHorizon(START_MS + 60_000),
  });
}

/** Microseconds of processor time that one call takes, after a warm-up: other programs do not count. */
function time(task) {
  for (let round = 0; round < WARM_UP; round++) task(round);
  const from = process.cpuUsage();
  let calls = 0;
  let used = 0;
  for (; used < SECONDS * 1_000_000; calls++) {
    task(calls);
    const { user, system } = process.cpuUsage(from);
    used = user + system;
  }
  return Math.round(used / calls);
}

function kube(value) {
  return parseJson(JSON.stringify(value)).value;
}

function copy(object) {
  return parseJson(encodeJson(object)).value;
}

function apiExport() {
  const kind = definitions.kcpKinds.find((candidate) => candidate.kind === 'APIExport');
  const resources = Array.from({ length: 8 }, (_, index) => ({
    name: `things${index}`,
    group: 'example.io',
    schema: `v1.things${index}.example.io`,
    storage: { crd: {} },
  }));
  const permissionClaims = ['secrets', 'configmaps', 'events', 'services'].map((resource) => ({
    group: '',
    resource,
    verbs: ['get', 'list', 'watch'],
  }));
  return {
    name: 'APIExport',
    definition: definitions.kcpDefinition(kind),
    object: kube({
      apiVersion: 'apis.kcp.io/v1alpha2',
      kind: 'APIExport',
      metadata: {
        name: 'example',
        uid: 'uid',
        generation: 1,
        labels: { a: 'b', c: 'd' },
        annotations: { 'e/f': 'g' },
      },
      spec: { resources, permissionClaims },
    }),
    change(object, mark) {
      const edited = copy(object);
      edited.spec.resources[mark.length % 8].schema = `${mark}.things.example.io`;
      edited.metadata.labels[mark.slice(0, 2)] = mark;
      return edited;
    },
  };
}

function manyFields() {
  const data = Object.fromEntries(
    Array.from({ length: 1000 }, (_, index) => [`field-${index}`, `value ${index}`]),
  );
  const schema = {
    type: 'object',
    properties: { spec: { type: 'object', additionalProperties: { type: 'string' } } },
  };
  const crd = kube({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.io' },
    spec: {
      group: 'example.io',
      names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
      scope: 'Cluster',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      conversion: { strategy: 'None' },
    },
    status: { storedVersions: ['v1'] },
  });
  return {
    name: '1,000 fields',
    definition: definitions.definitionFromCrd(crd),
    object: kube({
      apiVersion: 'example.io/v1',
      kind: 'Thing',
      metadata: { name: 'one', uid: 'uid', generation: 1 },
      spec: data,
    }),
    change(object, mark) {
      const edited = copy(object);
      edited.spec[`field-${(mark.charCodeAt(0) * 31 + mark.length * 7) % 1000}`] = mark;
      return edited;
    },
  };
}
