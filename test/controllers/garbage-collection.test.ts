import { describe, expect, it } from 'vitest';
import { useServer } from '../http/suite.ts';
import { BLOCKING, DEFINITIONS, defineWidgets, member, ownedBy, policy, untilCollected } from './family.ts';

const fixture = useServer();

describe('a deletion in the background', () => {
  it('removes the owner at once, and its dependents to the last generation after it', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const owner = await member(client, configMaps, { name: 'owner' });
    const child = await member(client, configMaps, { name: 'child', owners: [ownedBy(owner, BLOCKING)] });
    await member(client, configMaps, { name: 'grandchild', owners: [ownedBy(child)] });
    const status = await client.delete(`${configMaps}/owner`, policy('Background'));
    expect(status).toMatchObject({ kind: 'Status', status: 'Success', details: { uid: owner.metadata.uid } });
    expect((await client.call(`${configMaps}/owner`)).status).toBe(404);
    await client.untilGone(`${configMaps}/child`);
    await client.untilGone(`${configMaps}/grandchild`);
  });

  it('is what happens when nobody asks for a policy', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const owner = await member(client, configMaps, { name: 'owner' });
    await member(client, configMaps, { name: 'child', owners: [ownedBy(owner)] });
    await client.delete(`${configMaps}/owner`);
    await client.untilGone(`${configMaps}/child`);
  });

  it('respects the finalizers of dependents', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const owner = await member(client, configMaps, { name: 'owner' });
    const owners = [ownedBy(owner)];
    await member(client, configMaps, { name: 'child', owners, finalizers: ['example.com/hold'] });
    await client.delete(`${configMaps}/owner`);
    const held = await client.until(
      `${configMaps}/child`,
      ({ metadata }) => metadata.deletionTimestamp !== undefined,
    );
    expect(held.metadata.finalizers).toEqual(['example.com/hold']);
    await client.patch(`${configMaps}/child`, { metadata: { finalizers: null } });
    await client.untilGone(`${configMaps}/child`);
  });

  it('leaves a dependent that has another owner, without the reference to the one that is gone', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const [one, other] = await Promise.all([
      member(client, configMaps, { name: 'one' }),
      member(client, configMaps, { name: 'other' }),
    ]);
    await member(client, configMaps, { name: 'child', owners: [ownedBy(one), ownedBy(other)] });
    await client.delete(`${configMaps}/one`);
    const path = `${configMaps}/child`;
    const child = await client.until(path, ({ metadata }) => metadata.ownerReferences?.length === 1);
    expect(child.metadata.ownerReferences).toEqual([ownedBy(other)]);
    await client.delete(`${configMaps}/other`);
    await client.untilGone(path);
  });
});

describe('a deletion in the foreground', () => {
  it('keeps the owner until dependents that block it are gone, children before parents', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const { metadata } = await client.list(configMaps);
    const owner = await member(client, configMaps, { name: 'owner' });
    const child = await member(client, configMaps, { name: 'child', owners: [ownedBy(owner, BLOCKING)] });
    await member(client, configMaps, { name: 'grandchild', owners: [ownedBy(child, BLOCKING)] });
    const watch = await client.watch(`${configMaps}?watch=1&resourceVersion=${metadata.resourceVersion}`);
    const marked = await client.delete(`${configMaps}/owner`, policy('Foreground'));
    expect(marked.metadata).toMatchObject({ name: 'owner', finalizers: ['foregroundDeletion'] });
    expect(marked.metadata.deletionTimestamp).toBeDefined();
    const events = await watch.until(
      ({ type, object }) => type === 'DELETED' && object.metadata.name === 'owner',
    );
    watch.close();
    const deleted = events.filter(({ type }) => type === 'DELETED').map(({ object }) => object.metadata.name);
    expect(deleted).toEqual(['grandchild', 'child', 'owner']);
  });

  it('waits for a blocking dependent that a finalizer holds', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const owner = await member(client, configMaps, { name: 'owner' });
    const owners = [ownedBy(owner, BLOCKING)];
    await member(client, configMaps, { name: 'child', owners, finalizers: ['example.com/hold'] });
    await client.delete(`${configMaps}/owner`, policy('Foreground'));
    await client.until(`${configMaps}/child`, ({ metadata }) => metadata.deletionTimestamp !== undefined);
    await untilCollected(client, configMaps);
    expect((await client.get(`${configMaps}/owner`)).metadata.finalizers).toEqual(['foregroundDeletion']);
    await client.patch(`${configMaps}/child`, { metadata: { finalizers: null } });
    await client.untilGone(`${configMaps}/owner`);
  });

  it('keeps a middle generation until the last one, held by a finalizer, is gone', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const owner = await member(client, configMaps, { name: 'owner' });
    const child = await member(client, configMaps, { name: 'child', owners: [ownedBy(owner, BLOCKING)] });
    const owners = [ownedBy(child, BLOCKING)];
    await member(client, configMaps, { name: 'grandchild', owners, finalizers: ['example.com/hold'] });
    await member(client, configMaps, {
      name: 'other-child',
      owners: [ownedBy(owner, BLOCKING)],
      finalizers: ['example.com/hold'],
    });
    await client.delete(`${configMaps}/owner`, policy('Foreground'));
    await client.until(
      `${configMaps}/grandchild`,
      ({ metadata }) => metadata.deletionTimestamp !== undefined,
    );
    // Its end makes the collector look again, when all generations have been marked.
    await client.patch(`${configMaps}/other-child`, { metadata: { finalizers: null } });
    await client.untilGone(`${configMaps}/other-child`);
    await untilCollected(client, configMaps);
    expect((await client.call(`${configMaps}/owner`)).status).toBe(200);
    expect((await client.call(`${configMaps}/child`)).status).toBe(200);
    await client.patch(`${configMaps}/grandchild`, { metadata: { finalizers: null } });
    await client.untilGone(`${configMaps}/owner`);
  });

  it('does not wait for a dependent that does not block', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const owner = await member(client, configMaps, { name: 'owner' });
    const owners = [ownedBy(owner)];
    await member(client, configMaps, { name: 'child', owners, finalizers: ['example.com/hold'] });
    await client.delete(`${configMaps}/owner`, policy('Foreground'));
    await client.untilGone(`${configMaps}/owner`);
    await client.until(`${configMaps}/child`, ({ metadata }) => metadata.deletionTimestamp !== undefined);
    await client.patch(`${configMaps}/child`, { metadata: { finalizers: null } });
    await client.untilGone(`${configMaps}/child`);
  });

  it('takes away its reference from a dependent that has another owner, and goes', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const one = await member(client, configMaps, { name: 'one' });
    const other = await member(client, configMaps, { name: 'other' });
    await member(client, configMaps, {
      name: 'child',
      owners: [ownedBy(one, BLOCKING), ownedBy(other, BLOCKING)],
    });
    await client.delete(`${configMaps}/one`, policy('Foreground'));
    await client.untilGone(`${configMaps}/one`);
    expect((await client.get(`${configMaps}/child`)).metadata.ownerReferences).toEqual([
      ownedBy(other, BLOCKING),
    ]);
  });

  it('goes when its dependent is told not to block it any more', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const owner = await member(client, configMaps, { name: 'owner' });
    const owners = [ownedBy(owner, BLOCKING)];
    await member(client, configMaps, { name: 'child', owners, finalizers: ['example.com/hold'] });
    await client.delete(`${configMaps}/owner`, policy('Foreground'));
    await client.until(`${configMaps}/child`, ({ metadata }) => metadata.deletionTimestamp !== undefined);
    const ownerReferences = [ownedBy(owner, { blockOwnerDeletion: false })];
    await client.patch(`${configMaps}/child`, { metadata: { ownerReferences } });
    await client.untilGone(`${configMaps}/owner`);
    await client.patch(`${configMaps}/child`, { metadata: { finalizers: null } });
    await client.untilGone(`${configMaps}/child`);
  });

  it('goes when a user takes its finalizer away', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const owner = await member(client, configMaps, { name: 'owner' });
    const owners = [ownedBy(owner, BLOCKING)];
    await member(client, configMaps, { name: 'child', owners, finalizers: ['example.com/hold'] });
    await client.delete(`${configMaps}/owner`, policy('Foreground'));
    await client.patch(`${configMaps}/owner`, { metadata: { finalizers: null } });
    expect((await client.call(`${configMaps}/owner`)).status).toBe(404);
    await client.patch(`${configMaps}/child`, { metadata: { finalizers: null } });
    await client.untilGone(`${configMaps}/child`);
  });

  it('becomes a deletion in the background when it is asked for again like that', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const owner = await member(client, configMaps, { name: 'owner' });
    const owners = [ownedBy(owner, BLOCKING)];
    await member(client, configMaps, { name: 'child', owners, finalizers: ['example.com/hold'] });
    await client.delete(`${configMaps}/owner`, policy('Foreground'));
    await client.delete(`${configMaps}/owner`, policy('Background'));
    expect((await client.call(`${configMaps}/owner`)).status).toBe(404);
    await client.patch(`${configMaps}/child`, { metadata: { finalizers: null } });
    await client.untilGone(`${configMaps}/child`);
  });

  it.each([2, 3])('ends also when %i objects own each other in a circle', async (count) => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const names = Array.from({ length: count }, (_, index) => `ring-${index}`);
    const ring = [];
    for (const name of names) ring.push(await member(client, configMaps, { name }));
    for (const [index, name] of names.entries()) {
      const ownerReferences = [ownedBy(ring[(index + 1) % count]!, BLOCKING)];
      await client.patch(`${configMaps}/${name}`, { metadata: { ownerReferences } });
    }
    await client.delete(`${configMaps}/ring-0`, policy('Foreground'));
    for (const name of names) await client.untilGone(`${configMaps}/${name}`);
  });

  it('ends when all objects of a circle are deleted at the same time', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const one = await member(client, configMaps, { name: 'one' });
    const other = await member(client, configMaps, { name: 'other', owners: [ownedBy(one, BLOCKING)] });
    await client.patch(`${configMaps}/one`, { metadata: { ownerReferences: [ownedBy(other, BLOCKING)] } });
    await Promise.all([
      client.delete(`${configMaps}/one`, policy('Foreground')),
      client.delete(`${configMaps}/other`, policy('Foreground')),
    ]);
    await client.untilGone(`${configMaps}/one`);
    await client.untilGone(`${configMaps}/other`);
  });

  it('ends for an object that owns itself', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const self = await member(client, configMaps, { name: 'self' });
    await client.patch(`${configMaps}/self`, { metadata: { ownerReferences: [ownedBy(self, BLOCKING)] } });
    await client.delete(`${configMaps}/self`, policy('Foreground'));
    await client.untilGone(`${configMaps}/self`);
  });
});

describe('a dependent that comes while its owner goes', () => {
  it('does not outlive it', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const names = Array.from({ length: 60 }, (_, index) => `owner-${index}`);
    const owners = await Promise.all(names.map((name) => member(client, configMaps, { name })));
    await Promise.all(
      owners.map(async (owner) => {
        const { name } = owner.metadata;
        const births = [1, 2].map((number) =>
          member(client, configMaps, { name: `child-${number}-of-${name}`, owners: [ownedBy(owner)] }),
        );
        await Promise.all([...births, client.delete(`${configMaps}/${name}`)]);
      }),
    );
    await client.until(configMaps, (list) => !JSON.stringify(list['items']).includes('"child-'));
  });
});

describe('a deletion that orphans', () => {
  it('takes the references out of the dependents, and only then the owner', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const { metadata } = await client.list(configMaps);
    const owner = await member(client, configMaps, { name: 'owner' });
    const other = await member(client, configMaps, { name: 'other' });
    await member(client, configMaps, { name: 'child', owners: [ownedBy(owner)] });
    await member(client, configMaps, { name: 'shared', owners: [ownedBy(owner), ownedBy(other)] });
    const watch = await client.watch(`${configMaps}?watch=1&resourceVersion=${metadata.resourceVersion}`);
    const marked = await client.delete(`${configMaps}/owner`, policy('Orphan'));
    expect(marked.metadata).toMatchObject({ name: 'owner', finalizers: ['orphan'] });
    await client.untilGone(`${configMaps}/owner`);
    expect((await client.get(`${configMaps}/child`)).metadata.ownerReferences).toBeUndefined();
    expect((await client.get(`${configMaps}/shared`)).metadata.ownerReferences).toEqual([ownedBy(other)]);
    const events = await watch.until(({ type }) => type === 'DELETED');
    watch.close();
    expect(
      events
        .slice(-3)
        .map(({ type, object }) => `${type} ${object.metadata.name}`)
        .sort(),
    ).toEqual(['DELETED owner', 'MODIFIED child', 'MODIFIED shared']);
    await untilCollected(client, configMaps);
    expect((await client.call(`${configMaps}/child`)).status).toBe(200);
  });

  it('understands the deprecated orphanDependents', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const owner = await member(client, configMaps, { name: 'owner' });
    await member(client, configMaps, { name: 'child', owners: [ownedBy(owner)] });
    await client.delete(`${configMaps}/owner?orphanDependents=true`);
    await client.untilGone(`${configMaps}/owner`);
    await untilCollected(client, configMaps);
    expect((await client.get(`${configMaps}/child`)).metadata.ownerReferences).toBeUndefined();
  });
});

describe('an owner reference', () => {
  it('to an object that never was deletes its bearer, also when it comes with an update', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    await member(client, configMaps, { name: 'late' });
    const nobody = { apiVersion: 'v1', kind: 'ConfigMap', name: 'nobody', uid: 'no-such-uid' };
    await client.patch(`${configMaps}/late`, { metadata: { ownerReferences: [nobody] } });
    await client.untilGone(`${configMaps}/late`);
  });

  it('to a namesake of another uid counts as one to an object that is not there', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const owner = await member(client, configMaps, { name: 'owner' });
    await member(client, configMaps, { name: 'child', owners: [ownedBy(owner, { uid: 'another' })] });
    await client.untilGone(`${configMaps}/child`);
    expect((await client.call(`${configMaps}/owner`)).status).toBe(200);
  });

  it('to an object of another namespace counts as one to an object that is not there', async () => {
    const { client } = fixture;
    const here = await fixture.namespace();
    const there = await fixture.namespace();
    const owner = await member(client, there.configMaps, { name: 'owner' });
    await member(client, here.configMaps, { name: 'child', owners: [ownedBy(owner)] });
    await client.untilGone(`${here.configMaps}/child`);
    expect((await client.call(`${there.configMaps}/owner`)).status).toBe(200);
  });

  it('to a cluster-scoped object works from any namespace', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    const owner = await client.create(roles, { metadata: { name: 'gc-owner' }, rules: [] });
    await member(client, configMaps, { name: 'child', owners: [ownedBy(owner)] });
    await untilCollected(client, configMaps);
    expect((await client.call(`${configMaps}/child`)).status).toBe(200);
    await client.delete(`${roles}/gc-owner`);
    await client.untilGone(`${configMaps}/child`);
  });

  it('from a cluster-scoped object to a namespaced one never deletes it', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    const owner = await member(client, configMaps, { name: 'owner' });
    const metadata = { name: 'gc-child', ownerReferences: [ownedBy(owner, BLOCKING)] };
    await client.create(roles, { metadata, rules: [] });
    await client.delete(`${configMaps}/owner`, policy('Background'));
    await untilCollected(client, configMaps);
    expect((await client.get(`${roles}/gc-child`)).metadata.deletionTimestamp).toBeUndefined();
    await client.delete(`${roles}/gc-child`);
  });

  it('to a kind that nobody knows changes nothing', async () => {
    const { client } = fixture;
    const { configMaps } = await fixture.namespace();
    const stranger = { apiVersion: 'nobody.example.com/v1', kind: 'Stranger', name: 'x', uid: 'stranger' };
    await member(client, configMaps, { name: 'child', owners: [stranger] });
    await untilCollected(client, configMaps);
    expect((await client.get(`${configMaps}/child`)).metadata.deletionTimestamp).toBeUndefined();
  });
});

describe('custom resources', () => {
  it('own built-in objects, and are owned by them', async () => {
    const { client } = fixture;
    const { namespace, configMaps } = await fixture.namespace();
    const group = 'own.example.com';
    await defineWidgets(client, group, 'Namespaced');
    const widgets = `/apis/${group}/v1/namespaces/${namespace}/widgets`;
    const root = await member(client, configMaps, { name: 'root' });
    const widget = await client.create(widgets, {
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name: 'middle', ownerReferences: [ownedBy(root, BLOCKING)] },
    });
    await member(client, configMaps, { name: 'leaf', owners: [ownedBy(widget, BLOCKING)] });
    await client.delete(`${configMaps}/root`, policy('Foreground'));
    await client.untilGone(`${configMaps}/root`);
    expect((await client.list(widgets)).items).toEqual([]);
    expect((await client.call(`${configMaps}/leaf`)).status).toBe(404);
  });

  it('take their dependents with them when their CRD is deleted', async () => {
    const { client } = fixture;
    const { namespace, configMaps } = await fixture.namespace();
    const group = 'leave.example.com';
    await defineWidgets(client, group, 'Namespaced');
    const widgets = `/apis/${group}/v1/namespaces/${namespace}/widgets`;
    const names = Array.from({ length: 10 }, (_, index) => `w${index}`);
    for (const name of names) {
      const widget = await client.create(widgets, {
        apiVersion: `${group}/v1`,
        kind: 'Widget',
        metadata: { name },
      });
      await member(client, configMaps, { name: `of-${name}`, owners: [ownedBy(widget)] });
    }
    await client.delete(`${DEFINITIONS}/widgets.${group}`);
    await client.untilGone(`${DEFINITIONS}/widgets.${group}`);
    for (const name of names) await client.untilGone(`${configMaps}/of-${name}`);
  });

  it('do not come back with a CRD of the same name', async () => {
    const { client } = fixture;
    const { namespace } = await fixture.namespace();
    const group = 'again.example.com';
    const widgets = `/apis/${group}/v1/namespaces/${namespace}/widgets`;
    await defineWidgets(client, group, 'Namespaced');
    await client.create(widgets, { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'old' } });
    const { metadata } = await client.list(widgets);
    await client.delete(`${DEFINITIONS}/widgets.${group}`);
    await client.untilGone(`${DEFINITIONS}/widgets.${group}`);
    await defineWidgets(client, group, 'Namespaced');
    const list = await client.list(widgets);
    expect(list.items).toEqual([]);
    expect(Number(list.metadata.resourceVersion)).toBeGreaterThan(Number(metadata.resourceVersion));
  });

  it('hold their CRD while finalizers hold them, and new ones are refused meanwhile', async () => {
    const { client } = fixture;
    const { namespace } = await fixture.namespace();
    const group = 'held.example.com';
    const widgets = `/apis/${group}/v1/namespaces/${namespace}/widgets`;
    const widget = (name: string, finalizers?: readonly string[]) => ({
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name, finalizers },
    });
    await defineWidgets(client, group, 'Namespaced');
    await client.create(widgets, widget('held', ['example.com/hold']));
    await client.delete(`${DEFINITIONS}/widgets.${group}`);
    await client.until(`${widgets}/held`, ({ metadata }) => metadata.deletionTimestamp !== undefined);
    const refused = await client.refuse(403, widgets, { method: 'POST', body: widget('new') });
    expect(refused.message).toBe(
      `widgets.${group} "new" is forbidden: create not allowed while custom resource definition is terminating`,
    );
    const crd = await client.get(`${DEFINITIONS}/widgets.${group}`);
    expect(JSON.stringify(crd['status'])).toContain('"InstanceDeletionInProgress"');
    await client.patch(`${widgets}/held`, { metadata: { finalizers: null } });
    await client.untilGone(`${DEFINITIONS}/widgets.${group}`);
  });
});

describe('all of this together', () => {
  it('leaves no warnings: races between controllers and users are no news for an operator', () => {
    expect(fixture.server.stderr()).toBe('');
  });
});
