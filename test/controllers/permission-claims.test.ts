import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SYSTEM_USER, type User } from '../../src/access/mod.ts';
import {
  type Api,
  create,
  createLogicalCluster,
  patch,
  Query,
  type RequestContext,
  remove,
  type Target,
} from '../../src/api/mod.ts';
import type { LogicalCluster } from '../../src/base/mod.ts';
import { collectionOf } from '../../src/definitions/mod.ts';
import { claimHooks } from '../../src/exports/mod.ts';
import { encodeJson, type JsonObject, type KubeObject, parseJson } from '../../src/machinery/mod.ts';
import type { Row } from '../../src/store/mod.ts';
import { type MemoryMember, startMemoryMember } from '../support/memory-member.ts';

const PROVIDER = 'provider' as LogicalCluster;
const CONSUMER = 'consumer' as LogicalCluster;
const APIS = 'apis.kcp.io';
const CONFIG_MAPS = { group: '', resource: 'configmaps', verbs: ['*'] };
const NAMESPACES = { ...CONFIG_MAPS, resource: 'namespaces' };
const PREFIX = 'claimed.internal.apis.kcp.io/';

let member: MemoryMember;
let api: Api;

beforeEach(async () => {
  member = await startMemoryMember({ cluster: CONSUMER, hooks: claimHooks });
  api = member.api;
  await createLogicalCluster(api, PROVIDER);
  await make(PROVIDER, APIS, 'apiexports', {
    metadata: { name: 'cowboys' },
    spec: { permissionClaims: [CONFIG_MAPS, NAMESPACES] },
  });
});
afterEach(() => member.close());

describe('an accepted permission claim', () => {
  it('gives its label to objects that are there, and to those that come later', async () => {
    await makeConfigMap('earlier');
    await bind([accepted()]);
    await makeConfigMap('later');
    expect(claimLabels('earlier')).toHaveLength(1);
    expect(claimLabels('later')).toEqual(claimLabels('earlier'));
    expect(member.failures).toEqual([]);
  });

  it('is said to be in force in the status of the binding', async () => {
    await bind([accepted()]);
    const { status } = objectOfRow(bindingRow()) as { status?: JsonObject };
    expect(status).toMatchObject({
      appliedPermissionClaims: [{ ...CONFIG_MAPS, selector: { matchAll: true } }],
      exportPermissionClaims: [CONFIG_MAPS, NAMESPACES],
      conditions: [
        { type: 'PermissionClaimsApplied', status: 'True' },
        { type: 'PermissionClaimsValid', status: 'True' },
      ],
    });
  });

  it('covers what every namespace has from its beginning', async () => {
    await bind([accepted({ resource: 'namespaces' })]);
    expect(labelsOf(row('', 'namespaces', '', 'default'))).toHaveLength(1);
  });

  it('covers no objects of other kinds, and none in other logical clusters', async () => {
    await bind([accepted()]);
    await make(CONSUMER, '', 'secrets', { metadata: { name: 'one', namespace: 'default' } });
    await make(PROVIDER, '', 'configmaps', { metadata: { name: 'one', namespace: 'default' } });
    expect(labelsOf(row('', 'secrets', 'default', 'one'))).toEqual([]);
    const own = api.store.get({ ...keyOf('', 'configmaps', 'default', 'one'), cluster: PROVIDER });
    expect(labelsOf(own)).toEqual([]);
  });

  it('loses the label again when it is rejected', async () => {
    await makeConfigMap('one');
    await bind([accepted()]);
    await change(
      APIS,
      'apibindings',
      { name: 'cowboys' },
      { spec: { permissionClaims: [{ ...accepted(), state: 'Rejected' }] } },
    );
    await member.settled();
    expect(claimLabels('one')).toEqual([]);
  });

  it('loses the label when the binding is gone', async () => {
    await makeConfigMap('one');
    await bind([accepted()]);
    await drop(APIS, 'apibindings', { name: 'cowboys' });
    await member.settled();
    expect(claimLabels('one')).toEqual([]);
  });

  it('follows its selector, whether that or the object changes', async () => {
    await makeConfigMap('one', { app: 'x' });
    await makeConfigMap('two', { app: 'y' });
    await bind([accepted()]);
    expect([claimLabels('one'), claimLabels('two')].map(({ length }) => length)).toEqual([1, 1]);
    const selected = { ...accepted(), selector: { matchLabels: { app: 'x' } } };
    await change(APIS, 'apibindings', { name: 'cowboys' }, { spec: { permissionClaims: [selected] } });
    await member.settled();
    expect([claimLabels('one'), claimLabels('two')].map(({ length }) => length)).toEqual([1, 0]);
    await change(
      '',
      'configmaps',
      { namespace: 'default', name: 'two' },
      { metadata: { labels: { app: 'x' } } },
    );
    await change(
      '',
      'configmaps',
      { namespace: 'default', name: 'one' },
      { metadata: { labels: { app: 'z' } } },
    );
    expect([claimLabels('one'), claimLabels('two')].map(({ length }) => length)).toEqual([0, 1]);
  });

  it('keeps its label when somebody takes it away, and nobody can put on another', async () => {
    await bind([accepted()]);
    await makeConfigMap('one', { [`${PREFIX}forged`]: 'yes' });
    const labels = claimLabels('one');
    expect(labels).toHaveLength(1);
    expect(labels[0]).not.toContain('forged');
    const key = labels[0]!.split('=')[0]!;
    await change(
      '',
      'configmaps',
      { namespace: 'default', name: 'one' },
      { metadata: { labels: { [key]: null } } },
    );
    await change(
      '',
      'configmaps',
      { namespace: 'default', name: 'one' },
      { metadata: { labels: { [key]: 'other' } } },
    );
    expect(claimLabels('one')).toEqual(labels);
  });

  it('cannot be pretended where there is none, by the status of an object neither', async () => {
    await makeConfigMap('one', { [`${PREFIX}forged`]: 'yes' });
    expect(claimLabels('one')).toEqual([]);
    const labels = { [`${PREFIX}forged`]: 'yes' };
    const place = { name: 'default', subresource: 'status' };
    await change('', 'namespaces', place, { metadata: { labels } });
    expect(labelsOf(row('', 'namespaces', '', 'default'))).toEqual([]);
  });
});

describe('a claim that nobody makes', () => {
  it('is shown to be invalid', async () => {
    const secrets = { ...CONFIG_MAPS, resource: 'secrets' };
    await bind([accepted(secrets)]);
    expect(condition('PermissionClaimsValid')).toMatchObject({
      status: 'False',
      reason: 'InvalidPermissionClaims',
    });
  });
});

describe('after a loss of power', () => {
  it('goes on labelling', async () => {
    for (let index = 0; index < 200; index++) await makeConfigMap(`map-${index}`);
    await bind([accepted()], { isWaitedFor: false });
    member = await member.crash();
    api = member.api;
    await member.settled();
    const labelled = Array.from({ length: 200 }, (_, index) => claimLabels(`map-${index}`).length);
    expect(new Set(labelled)).toEqual(new Set([1]));
    expect(condition('PermissionClaimsApplied')).toMatchObject({ status: 'True' });
  });
});

describe('a write that crosses the acceptance of a claim', () => {
  it('ends with the label, whoever comes first', async () => {
    await make(CONSUMER, APIS, 'apibindings', bindingWith([]));
    const status = { apiExportClusterName: PROVIDER, phase: 'Bound' };
    await change(APIS, 'apibindings', { name: 'cowboys', subresource: 'status' }, { status });
    await member.settled();
    const writes = Array.from({ length: 50 }, (_, index) => makeConfigMap(`map-${index}`));
    const accept = change(
      APIS,
      'apibindings',
      { name: 'cowboys' },
      { spec: { permissionClaims: [accepted()] } },
    );
    const more = Array.from({ length: 50 }, (_, index) => makeConfigMap(`more-${index}`));
    await Promise.all([...writes, accept, ...more]);
    await member.settled();
    for (const prefix of ['map', 'more']) {
      const labelled = Array.from({ length: 50 }, (_, index) => claimLabels(`${prefix}-${index}`).length);
      expect(new Set(labelled)).toEqual(new Set([1]));
    }
  });
});

function accepted(claim: JsonObject = {}): JsonObject {
  return { ...CONFIG_MAPS, ...claim, selector: { matchAll: true }, state: 'Accepted' };
}

function bindingWith(permissionClaims: JsonObject[]): JsonObject {
  const reference = { export: { path: 'provider', name: 'cowboys' } };
  return { metadata: { name: 'cowboys' }, spec: { reference, permissionClaims } };
}

async function bind(permissionClaims: JsonObject[], { isWaitedFor = true } = {}): Promise<void> {
  await make(CONSUMER, APIS, 'apibindings', bindingWith(permissionClaims));
  const status = { apiExportClusterName: PROVIDER, phase: 'Bound' };
  await change(APIS, 'apibindings', { name: 'cowboys', subresource: 'status' }, { status });
  if (isWaitedFor) await member.settled();
}

async function makeConfigMap(name: string, labels: JsonObject = {}): Promise<void> {
  await make(CONSUMER, '', 'configmaps', { metadata: { name, namespace: 'default', labels } });
}

function claimLabels(name: string): string[] {
  return labelsOf(row('', 'configmaps', 'default', name));
}

function labelsOf(found: Row | undefined): string[] {
  return Object.entries(found?.labels ?? {})
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([key, value]) => `${key}=${value}`);
}

function condition(type: string): JsonObject | undefined {
  const { status } = objectOfRow(bindingRow()) as { status?: { conditions?: JsonObject[] } };
  return status?.conditions?.find((one) => one['type'] === type);
}

function bindingRow(): Row | undefined {
  return row(APIS, 'apibindings', '', 'cowboys');
}

function objectOfRow(found: Row | undefined): KubeObject {
  return parseJson(found!.json).value as KubeObject;
}

function keyOf(group: string, resource: string, namespace: string, name: string) {
  const definition = api.registry.find(CONSUMER, group, resource)!.definition;
  return { ...collectionOf(CONSUMER, definition), namespace, name };
}

function row(group: string, resource: string, namespace: string, name: string): Row | undefined {
  return api.store.get(keyOf(group, resource, namespace, name));
}

const { signal } = new AbortController();
const context: RequestContext = { signal, userAgent: 'test', warn: () => {} };
const options = { isDryRun: false, fieldManager: 'test', fieldValidation: 'Strict' } as const;

interface Place {
  readonly cluster?: LogicalCluster;
  readonly namespace?: string;
  readonly name: string;
  readonly subresource?: string;
}

async function targetOf(
  verb: string,
  group: string,
  resource: string,
  place: Place,
  user: User = SYSTEM_USER,
) {
  const { cluster = CONSUMER, namespace = '', name, subresource = '' } = place;
  const version = api.registry.find(cluster, group, resource)!.definition.storageVersion;
  return api.access.authorize<Target>({
    user,
    verb,
    cluster,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
  });
}

async function make(
  cluster: LogicalCluster,
  group: string,
  resource: string,
  object: JsonObject,
): Promise<void> {
  const { namespace = '' } = object['metadata'] as { namespace?: string };
  const target = await targetOf('create', group, resource, { cluster, namespace, name: '' });
  const { definition } = api.registry.find(cluster, group, resource)!;
  const apiVersion = group === '' ? 'v1' : `${group}/${target.version}`;
  const body = encodeJson({ apiVersion, kind: definition.names.kind, ...object });
  await create(api, {
    target,
    options,
    context,
    body: { mediaType: 'application/json', bytes: Buffer.from(body) },
  });
}

async function change(group: string, resource: string, place: Place, value: JsonObject): Promise<void> {
  const target = await targetOf('patch', group, resource, place);
  const body = { mediaType: 'application/merge-patch+json', bytes: Buffer.from(encodeJson(value)) };
  await patch(api, { target, options, context, body, query: Query.parse('') });
}

async function drop(group: string, resource: string, place: Place): Promise<void> {
  const target = await targetOf('delete', group, resource, place);
  const deletion = {
    isDryRun: false,
    uid: undefined,
    resourceVersion: undefined,
    propagationPolicy: 'Background',
    isLegacyBackground: false,
  } as const;
  await remove(api, { target, options: deletion, context });
}
