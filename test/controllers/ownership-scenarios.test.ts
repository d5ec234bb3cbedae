import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, type KubeObject } from '../http/client.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';
import { BLOCKING, DEFINITIONS, defineWidgets, member, ownedBy, policy, untilCollected } from './family.ts';

let server: InProcessServer;
let client: Client;
let namespaces = 0;

beforeAll(async () => {
  server = await startInProcess();
  client = new Client(server);
});

afterAll(async () => {
  client.close();
  await server.stop();
});

async function newNamespace(base = ''): Promise<{ readonly path: string; readonly configMaps: string }> {
  namespaces += 1;
  const name = `scenario-${namespaces}`;
  await client.create(`${base}/api/v1/namespaces`, { metadata: { name } });
  const path = `${base}/api/v1/namespaces/${name}`;
  return { path, configMaps: `${path}/configmaps` };
}

async function isThere(path: string): Promise<boolean> {
  const reply = await client.call(path);
  if (reply.status === 404) return false;
  return (JSON.parse(reply.text) as KubeObject).metadata.deletionTimestamp === undefined;
}

describe('an owner in another namespace', () => {
  it('is told of in a warning about the dependent, which goes', async () => {
    const here = await newNamespace();
    const there = await newNamespace();
    const owner = await member(client, there.configMaps, { name: 'owner' });
    const child = await member(client, here.configMaps, { name: 'child', owners: [ownedBy(owner)] });
    await client.untilGone(`${here.configMaps}/child`);
    const { items } = await client.list(`${here.path}/events`);
    const namespace = String(child.metadata.namespace);
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      involvedObject: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        namespace,
        name: 'child',
        uid: child.metadata.uid,
      },
      type: 'Warning',
      reason: 'OwnerRefInvalidNamespace',
      message: `ownerRef [v1/ConfigMap, namespace: ${namespace}, name: owner, uid: ${owner.metadata.uid}] does not exist in namespace "${namespace}"`,
      source: { component: 'garbage-collector-controller' },
      reportingComponent: 'garbage-collector-controller',
      count: 1,
    });
    expect(items[0]?.metadata.name).toMatch(/^child\.[0-9a-f]{16}$/);
    expect(await isThere(`${there.configMaps}/owner`)).toBe(true);
  });

  it('is told of for a cluster-scoped dependent too, which stays', async () => {
    const { configMaps } = await newNamespace();
    const owner = await member(client, configMaps, { name: 'owner' });
    const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    const metadata = { name: 'scenario-child', ownerReferences: [ownedBy(owner)] };
    const child = await client.create(roles, { metadata, rules: [] });
    const message = `ownerRef [v1/ConfigMap, namespace: , name: owner, uid: ${owner.metadata.uid}] does not exist in namespace ""`;
    await client.until('/api/v1/namespaces/default/events', (list) =>
      (list['items'] as readonly KubeObject[]).some(
        (event) =>
          event['message'] === message &&
          (event['involvedObject'] as { readonly uid: string }).uid === child.metadata.uid,
      ),
    );
    expect(await isThere(`${roles}/scenario-child`)).toBe(true);
  });

  it('that was never anywhere is no reason for a warning', async () => {
    const { path, configMaps } = await newNamespace();
    const nobody = { apiVersion: 'v1', kind: 'ConfigMap', name: 'nobody', uid: 'nobody' };
    await member(client, configMaps, { name: 'child', owners: [nobody] });
    await client.untilGone(`${configMaps}/child`);
    await untilCollected(client, configMaps);
    expect((await client.list(`${path}/events`)).items).toEqual([]);
  });
});

describe('logical clusters', () => {
  it('own nothing of each other: an owner of another one does not exist, whatever its uid is', async () => {
    const one = await server.createCluster('gc-one');
    const two = await server.createCluster('gc-two');
    const configMaps = '/api/v1/namespaces/default/configmaps';
    const owner = await member(client, `${one}${configMaps}`, { name: 'owner' });
    await member(client, `${one}${configMaps}`, { name: 'child', owners: [ownedBy(owner)] });
    // The same names, and in one case even the uid of the other one's owner.
    const twin = await member(client, `${two}${configMaps}`, { name: 'owner' });
    await member(client, `${two}${configMaps}`, { name: 'child', owners: [ownedBy(twin)] });
    await member(client, `${two}${configMaps}`, { name: 'thief', owners: [ownedBy(owner)] });
    await client.untilGone(`${two}${configMaps}/thief`);
    await client.delete(`${one}${configMaps}/owner`);
    await client.untilGone(`${one}${configMaps}/child`);
    await untilCollected(client, `${two}${configMaps}`);
    expect(await isThere(`${two}${configMaps}/child`)).toBe(true);
    expect(await isThere(`${two}${configMaps}/owner`)).toBe(true);
    const events = await client.list(`${two}/api/v1/namespaces/default/events`);
    expect(events.items).toEqual([]);
  });

  it('keep dependents apart when an owner is orphaned or goes in the foreground', async () => {
    const one = await server.createCluster('gc-three');
    const two = await server.createCluster('gc-four');
    const configMaps = '/api/v1/namespaces/default/configmaps';
    const owner = await member(client, `${one}${configMaps}`, { name: 'owner' });
    const foreign = { ...ownedBy(owner, BLOCKING), kind: 'Unheard', apiVersion: 'unheard.example.com/v1' };
    await member(client, `${two}${configMaps}`, { name: 'other', owners: [foreign] });
    await client.delete(`${one}${configMaps}/owner`, policy('Foreground'));
    await client.untilGone(`${one}${configMaps}/owner`);
    const other = await client.get(`${two}${configMaps}/other`);
    expect(other.metadata.ownerReferences).toHaveLength(1);
    expect(other.metadata.deletionTimestamp).toBeUndefined();
  });
});

describe('chains', () => {
  it('go to their last generation', async () => {
    const { configMaps } = await newNamespace();
    let owner = await member(client, configMaps, { name: 'g0' });
    for (let depth = 1; depth <= 12; depth++)
      owner = await member(client, configMaps, { name: `g${depth}`, owners: [ownedBy(owner)] });
    await client.delete(`${configMaps}/g0`);
    await client.untilGone(`${configMaps}/g12`);
    for (let depth = 0; depth < 12; depth++) await client.untilGone(`${configMaps}/g${depth}`);
  });

  it('end at an object that asks for its dependents to be orphaned', async () => {
    const { configMaps } = await newNamespace();
    const first = await member(client, configMaps, { name: 'first' });
    const middle = await member(client, configMaps, {
      name: 'middle',
      owners: [ownedBy(first)],
      finalizers: ['orphan'],
    });
    const tail = await member(client, configMaps, { name: 'tail', owners: [ownedBy(middle)] });
    await member(client, configMaps, { name: 'end', owners: [ownedBy(tail)] });
    await client.delete(`${configMaps}/first`);
    await client.untilGone(`${configMaps}/middle`);
    await untilCollected(client, configMaps);
    expect((await client.get(`${configMaps}/tail`)).metadata.ownerReferences).toBeUndefined();
    expect(await isThere(`${configMaps}/end`)).toBe(true);
  });
});

it('a second deletion in the foreground leaves a held object as the first one did', async () => {
  const { configMaps } = await newNamespace();
  await member(client, configMaps, { name: 'held', finalizers: ['x.example.com/y'] });
  const isHeldAlone = ({ metadata }: KubeObject) => metadata.finalizers?.join() === 'x.example.com/y';
  await client.delete(`${configMaps}/held`, policy('Foreground'));
  const first = await client.until(`${configMaps}/held`, isHeldAlone);
  await client.delete(`${configMaps}/held`, policy('Foreground'));
  const second = await client.until(`${configMaps}/held`, isHeldAlone);
  expect(second.metadata.deletionTimestamp).toBe(first.metadata.deletionTimestamp);
  await client.patch(`${configMaps}/held`, { metadata: { finalizers: null } });
  await client.untilGone(`${configMaps}/held`);
});

it('events are nobody’s dependents: they stay when their owner goes, and do not hold it', async () => {
  const { path, configMaps } = await newNamespace();
  const name = path.split('/').at(-1);
  const owner = await member(client, configMaps, { name: 'owner' });
  await client.create(`${path}/events`, {
    metadata: { name: 'told', ownerReferences: [ownedBy(owner, BLOCKING)] },
    involvedObject: { apiVersion: 'v1', kind: 'ConfigMap', namespace: name, name: 'owner' },
  });
  await client.delete(`${configMaps}/owner`, policy('Foreground'));
  await client.untilGone(`${configMaps}/owner`);
  await untilCollected(client, configMaps);
  expect(await isThere(`${path}/events/told`)).toBe(true);
});

describe('custom resources', () => {
  it('that are cluster-scoped own objects in any namespace', async () => {
    await defineWidgets(client, 'scoped.example.com', 'Cluster');
    const widgets = '/apis/scoped.example.com/v1/widgets';
    const owner = await client.create(widgets, {
      apiVersion: 'scoped.example.com/v1',
      kind: 'Widget',
      metadata: { name: 'owner' },
    });
    const { configMaps } = await newNamespace();
    await member(client, configMaps, { name: 'child', owners: [ownedBy(owner)] });
    await untilCollected(client, configMaps);
    expect(await isThere(`${configMaps}/child`)).toBe(true);
    await client.delete(`${widgets}/owner`);
    await client.untilGone(`${configMaps}/child`);
  });

  it('are owners by any version that is served', async () => {
    const group = 'versions.example.com';
    const version = (name: string, storage: boolean) => ({
      name,
      served: true,
      storage,
      schema: { openAPIV3Schema: { type: 'object' } },
    });
    await client.create(DEFINITIONS, {
      metadata: { name: `gadgets.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
        versions: [version('v1', false), version('v2', true)],
      },
    });
    const { path, configMaps } = await newNamespace();
    const gadgets = (served: string) => `${path.replace('/api/v1', `/apis/${group}/${served}`)}/gadgets`;
    await client.until(gadgets('v2'), (_list, status) => status === 200);
    const owner = await client.create(gadgets('v1'), {
      apiVersion: `${group}/v1`,
      kind: 'Gadget',
      metadata: { name: 'owner' },
    });
    for (const served of ['v1', 'v2']) {
      const reference = ownedBy(owner, { apiVersion: `${group}/${served}` });
      await member(client, configMaps, { name: `child-${served}`, owners: [reference] });
    }
    await untilCollected(client, configMaps);
    for (const served of ['v1', 'v2']) expect(await isThere(`${configMaps}/child-${served}`)).toBe(true);
    await client.delete(`${gadgets('v2')}/owner`);
    for (const served of ['v1', 'v2']) await client.untilGone(`${configMaps}/child-${served}`);
  });
});
