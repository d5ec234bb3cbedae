import { describe, expect, it } from 'vitest';
import { limits } from '../../src/base/mod.ts';
import type { KubeList, KubeObject } from '../http/client.ts';
import { QuotaFixture, usedOf } from './quota.suite.ts';
import { CRDS, useMember } from './suite.ts';

const fixture = useMember(new QuotaFixture()) as QuotaFixture;

const WIDGETS = { group: 'quota.example.com', plural: 'widgets', kind: 'Widget' };

describe('a resource quota', () => {
  it('has its status soon after it was created, also for what is not served here', async () => {
    const { quotas } = await fixture.newNamespace();
    const hard = {
      pods: '5',
      services: '10',
      'services.nodeports': '1',
      'services.loadbalancers': '1',
      replicationcontrollers: '10',
      resourcequotas: '1',
      cpu: '1',
      memory: '500Mi',
      configmaps: '10',
      secrets: '10',
      persistentvolumeclaims: '10',
      'requests.storage': '10Gi',
      'ephemeral-storage': '50Gi',
      'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '10',
      'gold.storageclass.storage.k8s.io/requests.storage': '10Gi',
      'count/replicasets.apps': '5',
      'requests.example.com/dongle': '3',
    };
    const created = await fixture.createQuota(quotas, 'test-quota', hard);
    expect(created['status']).toEqual({});
    const quota = await fixture.counted(`${quotas}/test-quota`);
    const zeros = Object.fromEntries(Object.keys(hard).map((name) => [name, '0']));
    expect(quota['status']).toEqual({ hard, used: { ...zeros, resourcequotas: '1', configmaps: '1' } });
  });

  it('has nothing used of what nobody counts', async () => {
    const { quotas } = await fixture.newNamespace();
    const hard = {
      'count/events': '1',
      'count/namespaces': '1',
      'example.com/dongle': '1',
      'count/secrets': '1',
    };
    await fixture.createQuota(quotas, 'strange', hard);
    const quota = await fixture.counted(`${quotas}/strange`);
    expect(quota['status']).toEqual({ hard, used: { 'count/secrets': '0' } });
  });

  it.each([
    ['secrets', 'secrets', { data: { key: 'dmFsdWU=' } }],
    ['configMaps under their own name', 'configmaps', { data: { key: 'value' } }],
  ])('captures the life of %s', async (_what, resource, content) => {
    const { path, quotas } = await fixture.newNamespace();
    const there = (await fixture.client.list(`${path}/${resource}`)).items.length;
    const hard = { [resource]: String(there + 1), [`count/${resource}`]: '10' };
    await fixture.createQuota(quotas, 'test-quota', hard);
    expect(usedOf(await fixture.counted(`${quotas}/test-quota`))).toEqual({
      [resource]: String(there),
      [`count/${resource}`]: String(there),
    });
    await fixture.client.create(`${path}/${resource}`, { metadata: { name: 'one' }, ...content });
    // The commit of the object has the new number: no waiting.
    expect(usedOf(await fixture.client.get(`${quotas}/test-quota`))).toEqual({
      [resource]: String(there + 1),
      [`count/${resource}`]: String(there + 1),
    });
    const refused = await fixture.client.refuse(403, `${path}/${resource}`, {
      method: 'POST',
      body: { metadata: { name: 'two' } },
    });
    expect(refused).toMatchObject({
      reason: 'Forbidden',
      message: `${resource} "two" is forbidden: exceeded quota: test-quota, requested: ${resource}=1, used: ${resource}=${there + 1}, limited: ${resource}=${there + 1}`,
      details: { name: 'two', kind: resource },
    });
    await fixture.client.delete(`${path}/${resource}/one`);
    expect(usedOf(await fixture.client.get(`${quotas}/test-quota`))[resource]).toBe(String(there));
    await fixture.client.create(`${path}/${resource}`, { metadata: { name: 'two' } });
  });

  it('captures the life of custom resources, whose kind may come later', async () => {
    const { path, quotas } = await fixture.newNamespace();
    const name = `count/${WIDGETS.plural}.${WIDGETS.group}`;
    await fixture.createQuota(quotas, 'test-quota', { [name]: '1' });
    expect(usedOf(await fixture.counted(`${quotas}/test-quota`))).toEqual({ [name]: '0' });
    const widgets = `/apis/${WIDGETS.group}/v1${path.slice('/api/v1'.length)}/widgets`;
    await fixture.define(WIDGETS);
    const widget = (of: string) => ({
      apiVersion: `${WIDGETS.group}/v1`,
      kind: WIDGETS.kind,
      metadata: { name: of },
    });
    await fixture.client.create(widgets, widget('one'));
    const refused = await fixture.client.refuse(403, widgets, { method: 'POST', body: widget('two') });
    expect(refused.message).toBe(
      `widgets.${WIDGETS.group} "two" is forbidden: exceeded quota: test-quota, requested: ${name}=1, used: ${name}=1, limited: ${name}=1`,
    );
    await fixture.client.delete(`${widgets}/one`);
    expect(usedOf(await fixture.client.get(`${quotas}/test-quota`))).toEqual({ [name]: '0' });
  });
});

describe('the life of a resource quota', () => {
  it('goes through updates, patches, lists by label and deletion of a collection', async () => {
    const { client } = fixture;
    const { quotas } = await fixture.newNamespace();
    const labels = { 'e2e-rq-label': fixture.name('quota') };
    const hard = { cpu: '1', memory: '500Mi' };
    await client.create(quotas, { metadata: { name: 'test-quota', labels }, spec: { hard } });
    const body = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'test-quota', labels } };
    const updated = await client.put(`${quotas}/test-quota`, {
      ...body,
      spec: { hard: { cpu: '2', memory: '1Gi' } },
    });
    expect(updated['spec']).toEqual({ hard: { cpu: '2', memory: '1Gi' } });
    const patched = await client.patch(`${quotas}/test-quota`, { spec: { hard: { memory: '750Mi' } } });
    expect(patched['spec']).toEqual({ hard: { cpu: '2', memory: '750Mi' } });
    const selector = `labelSelector=e2e-rq-label%3D${labels['e2e-rq-label']}`;
    expect((await client.list(`/api/v1/resourcequotas?${selector}`)).items).toHaveLength(1);
    await client.delete(`${quotas}?${selector}`);
    expect((await client.list(`/api/v1/resourcequotas?${selector}`)).items).toEqual([]);
    await client.untilGone(`${quotas}/test-quota`);
  });

  it('takes changes of its status, shows them to watchers, and puts the status right again', async () => {
    const { client } = fixture;
    const { quotas } = await fixture.newNamespace();
    const path = `${quotas}/test-quota`;
    await fixture.createQuota(quotas, 'test-quota', { cpu: '500m', memory: '500Mi', secrets: '5' });
    const settled = await fixture.counted(path);
    const watch = await client.watch(`${quotas}?watch=1&resourceVersion=${settled.metadata.resourceVersion}`);
    const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
    const status = { hard: { cpu: '2', memory: '2Gi' }, used: { secrets: '3' } };
    const reply = await client.call(`${path}/status`, {
      method: 'PATCH',
      headers: strategic,
      body: { status, spec: { hard: { cpu: '9' } } },
    });
    const patched = JSON.parse(reply.text) as KubeObject;
    expect(patched['status']).toMatchObject(status);
    expect(patched['spec']).toEqual(settled['spec']);
    const [seen, reset] = await watch.take(2);
    expect(seen).toMatchObject({ type: 'MODIFIED', object: { status } });
    expect(reset?.type).toBe('MODIFIED');
    expect(reset?.object['status']).toEqual(settled['status']);
    watch.close();
    expect((await client.get(`${path}/status`))['status']).toEqual(settled['status']);
  });

  it('ignores a status that comes with the quota', async () => {
    const { quotas } = await fixture.newNamespace();
    const status = { hard: { secrets: '9' }, used: { secrets: '9' } };
    const body = { metadata: { name: 'one' }, spec: { hard: { secrets: '1' } }, status };
    expect((await fixture.client.create(quotas, body))['status']).toEqual({});
    expect(usedOf(await fixture.counted(`${quotas}/one`))).toEqual({ secrets: '0' });
  });

  it('follows raised and lowered bounds, tighter siblings, and deletion', async () => {
    const { client } = fixture;
    const { path, quotas } = await fixture.newNamespace();
    const secrets = `${path}/secrets`;
    const post = (name: string) => ({ method: 'POST', body: { metadata: { name } } });
    await fixture.createQuota(quotas, 'quota', { 'count/secrets': '1' });
    await fixture.counted(`${quotas}/quota`);
    await client.create(secrets, post('one').body);
    await client.refuse(403, secrets, post('two'));
    await client.patch(`${quotas}/quota`, { spec: { hard: { 'count/secrets': '5' } } });
    await fixture.counted(`${quotas}/quota`);
    await client.create(secrets, post('two').body);
    await client.patch(`${quotas}/quota`, { spec: { hard: { 'count/secrets': '1' } } });
    expect(usedOf(await fixture.counted(`${quotas}/quota`))).toEqual({ 'count/secrets': '2' });
    await client.refuse(403, secrets, post('three'));
    await client.patch(`${quotas}/quota`, { spec: { hard: { 'count/secrets': '10' } } });
    await fixture.createQuota(quotas, 'tight', { 'count/secrets': '2' });
    await fixture.counted(`${quotas}/quota`);
    await fixture.counted(`${quotas}/tight`);
    const refused = await client.refuse(403, secrets, post('three'));
    expect(refused.message).toContain('exceeded quota: tight, ');
    // Refused by one, it is not counted by the other.
    expect(usedOf(await client.get(`${quotas}/quota`))).toEqual({ 'count/secrets': '2' });
    await client.delete(`${quotas}/tight`);
    await client.create(secrets, post('three').body);
    expect(usedOf(await client.get(`${quotas}/quota`))).toEqual({ 'count/secrets': '3' });
  });

  it('counts quotas, itself among them', async () => {
    const { client } = fixture;
    const { quotas } = await fixture.newNamespace();
    await fixture.createQuota(quotas, 'first', { resourcequotas: '2', 'count/resourcequotas': '2' });
    await fixture.counted(`${quotas}/first`);
    await fixture.createQuota(quotas, 'second', { resourcequotas: '1' });
    expect(usedOf(await client.get(`${quotas}/first`))).toEqual({
      resourcequotas: '2',
      'count/resourcequotas': '2',
    });
    expect(usedOf(await fixture.counted(`${quotas}/second`))).toEqual({ resourcequotas: '2' });
    await client.refuse(403, quotas, { method: 'POST', body: { metadata: { name: 'third' } } });
    await client.delete(`${quotas}/first`);
    expect(usedOf(await client.get(`${quotas}/second`))).toEqual({ resourcequotas: '1' });
  });

  it('counts no objects where it has scopes', async () => {
    const { client } = fixture;
    const { path, quotas } = await fixture.newNamespace();
    const spec = { hard: { pods: '1', 'count/secrets': '1' }, scopes: ['BestEffort'] };
    await client.create(quotas, { metadata: { name: 'scoped' }, spec });
    await fixture.counted(`${quotas}/scoped`);
    for (const name of ['one', 'two']) await client.create(`${path}/secrets`, { metadata: { name } });
    expect(usedOf(await client.get(`${quotas}/scoped`))).toEqual({ pods: '0', 'count/secrets': '0' });
  });
});

describe('what a quota counts', () => {
  it('is what comes through every door, and no dry run', async () => {
    const { client } = fixture;
    const { path, quotas } = await fixture.newNamespace();
    const leases = `/apis/coordination.k8s.io/v1${path.slice('/api/v1'.length)}/leases`;
    const name = 'count/leases.coordination.k8s.io';
    await fixture.createQuota(quotas, 'quota', { [name]: '4' });
    await fixture.counted(`${quotas}/quota`);
    const lease = (of: Readonly<Record<string, string>>) => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: of,
    });
    const used = async () => usedOf(await client.get(`${quotas}/quota`))[name];
    const apply = { 'content-type': 'application/apply-patch+yaml' };
    await client.create(`${leases}?dryRun=All`, lease({ name: 'dry' }));
    expect(await used()).toBe('0');
    await client.create(leases, lease({ name: 'posted' }));
    const generated = await client.create(leases, lease({ generateName: 'generated-' }));
    expect((await client.call(`${leases}/put`, { method: 'PUT', body: lease({ name: 'put' }) })).status).toBe(
      201,
    );
    const applied = { method: 'PATCH', headers: apply, body: lease({ name: 'applied' }) };
    expect((await client.call(`${leases}/applied?fieldManager=test`, applied)).status).toBe(201);
    expect(await used()).toBe('4');
    // Changes of what is there are free.
    await client.patch(`${leases}/posted`, { spec: { holderIdentity: 'me' } });
    const refusals = [
      await client.refuse(403, leases, { method: 'POST', body: lease({ name: 'more' }) }),
      await client.refuse(403, `${leases}?dryRun=All`, { method: 'POST', body: lease({ name: 'more' }) }),
      await client.refuse(403, `${leases}/more`, { method: 'PUT', body: lease({ name: 'more' }) }),
      await client.refuse(403, `${leases}/more?fieldManager=test`, {
        ...applied,
        body: lease({ name: 'more' }),
      }),
    ];
    for (const { message } of refusals) {
      expect(message).toBe(
        `leases.coordination.k8s.io "more" is forbidden: exceeded quota: quota, requested: ${name}=1, used: ${name}=4, limited: ${name}=4`,
      );
    }
    // As upstream, the quota speaks before anybody looks whether the object is there.
    await client.refuse(403, leases, { method: 'POST', body: lease({ name: 'posted' }) });
    const unnamed = await client.refuse(403, leases, {
      method: 'POST',
      body: lease({ generateName: 'more-' }),
    });
    expect(unnamed.details?.name).toMatch(/^more-[a-z0-9]{5}$/);
    await client.delete(`${leases}/${generated.metadata.name}`);
    await client.delete(`${leases}?fieldSelector=metadata.name%3Dput`);
    expect(await used()).toBe('2');
  });

  it('goes with the last finalizer, with its owner, and with its namespace', async () => {
    const { client } = fixture;
    const { path, quotas } = await fixture.newNamespace();
    const secrets = `${path}/secrets`;
    await fixture.createQuota(quotas, 'quota', { secrets: '10' });
    await fixture.counted(`${quotas}/quota`);
    const used = async () => usedOf(await client.get(`${quotas}/quota`))['secrets'];
    await client.create(secrets, { metadata: { name: 'held', finalizers: ['example.com/hold'] } });
    await client.delete(`${secrets}/held`);
    expect(await used()).toBe('1');
    await client.patch(`${secrets}/held`, { metadata: { finalizers: null } });
    expect(await used()).toBe('0');
    const owner = await client.create(secrets, { metadata: { name: 'owner' } });
    const reference = { apiVersion: 'v1', kind: 'Secret', name: 'owner', uid: owner.metadata.uid };
    await client.create(secrets, { metadata: { name: 'owned', ownerReferences: [reference] } });
    expect(await used()).toBe('2');
    await client.delete(`${secrets}/owner`);
    await client.untilGone(`${secrets}/owned`);
    expect(await used()).toBe('0');
    await client.create(secrets, { metadata: { name: 'left', finalizers: ['example.com/hold'] } });
    await client.delete(path);
    await client.until(quotas, (list) => (list as KubeList).items.length === 0);
    await client.patch(`${secrets}/left`, { metadata: { finalizers: null } });
    await client.untilGone(path);
  });

  it('is shown to watchers of the quota, once for each object', async () => {
    const { client } = fixture;
    const { path, quotas } = await fixture.newNamespace();
    await fixture.createQuota(quotas, 'quota', { secrets: '10' });
    const { metadata } = await fixture.counted(`${quotas}/quota`);
    const watch = await client.watch(`${quotas}?watch=1&resourceVersion=${metadata.resourceVersion}`);
    for (const name of ['one', 'two']) await client.create(`${path}/secrets`, { metadata: { name } });
    await client.delete(`${path}/secrets/one`);
    const events = await watch.take(3);
    expect(events.map(({ type, object }) => [type, usedOf(object)['secrets']])).toEqual([
      ['MODIFIED', '1'],
      ['MODIFIED', '2'],
      ['MODIFIED', '1'],
    ]);
    watch.close();
  });

  it('never exceeds it, however many come at once', async () => {
    const { client } = fixture;
    const { path, quotas } = await fixture.newNamespace();
    await fixture.createQuota(quotas, 'quota', { secrets: '20' });
    await fixture.counted(`${quotas}/quota`);
    const replies = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        client.call(`${path}/secrets`, { method: 'POST', body: { metadata: { name: `s${index}` } } }),
      ),
    );
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(20);
    expect(replies.filter(({ status }) => status === 403)).toHaveLength(40);
    expect(usedOf(await client.get(`${quotas}/quota`))).toEqual({ secrets: '20' });
  });

  it('stays apart from equal names in other namespaces and logical clusters', async () => {
    const { client, server } = fixture;
    const other = await server.createCluster(fixture.name('quota-cluster-'));
    const places = [
      (await fixture.newNamespace()).path,
      (await fixture.newNamespace()).path,
      `${other}/api/v1/namespaces/default`,
    ];
    for (const path of places) {
      await fixture.createQuota(`${path}/resourcequotas`, 'quota', { secrets: '1' });
      await fixture.counted(`${path}/resourcequotas/quota`);
    }
    for (const path of places) {
      await client.create(`${path}/secrets`, { metadata: { name: 'one' } });
      await client.refuse(403, `${path}/secrets`, { method: 'POST', body: { metadata: { name: 'two' } } });
    }
  });

  it('is right again when its kind was removed and came back', async () => {
    const { client } = fixture;
    const { path, quotas } = await fixture.newNamespace();
    const kind = { group: 'churn.example.com', plural: 'sheriffs', kind: 'Sheriff' };
    const sheriffs = `/apis/${kind.group}/v1${path.slice('/api/v1'.length)}/sheriffs`;
    const name = `count/sheriffs.${kind.group}`;
    await fixture.createQuota(quotas, 'quota', { [name]: '2' });
    await fixture.counted(`${quotas}/quota`);
    for (const round of [1, 2]) {
      await fixture.define(kind);
      const sheriff = (of: string) => ({
        apiVersion: `${kind.group}/v1`,
        kind: 'Sheriff',
        metadata: { name: of },
      });
      await client.create(sheriffs, sheriff(`a${round}`));
      await client.create(sheriffs, sheriff(`b${round}`));
      await client.refuse(403, sheriffs, { method: 'POST', body: sheriff('c') });
      expect(usedOf(await client.get(`${quotas}/quota`))).toEqual({ [name]: '2' });
      await client.delete(`${CRDS}/sheriffs.${kind.group}`);
      await client.untilGone(`${CRDS}/sheriffs.${kind.group}`);
      expect(usedOf(await client.get(`${quotas}/quota`))).toEqual({ [name]: '0' });
    }
  });
});

describe('what quotas cost', () => {
  it('is bounded by their number in a namespace and by their size', async () => {
    const { client } = fixture;
    const { quotas } = await fixture.newNamespace();
    const names = Array.from({ length: limits.quotasPerNamespaceMax }, (_, index) => `q${index}`);
    await Promise.all(names.map((name) => fixture.createQuota(quotas, name, { 'count/secrets': '1' })));
    const refused = await client.refuse(403, quotas, {
      method: 'POST',
      body: { metadata: { name: 'more' } },
    });
    expect(refused.message).toBe(
      `resourcequotas "more" is forbidden: a namespace has at most ${limits.quotasPerNamespaceMax} of them: delete one first`,
    );
    await client.delete(`${quotas}/q0`);
    const annotations = { large: 'x'.repeat(limits.quotaBytesMax) };
    await client.refuse(413, quotas, { method: 'POST', body: { metadata: { name: 'large', annotations } } });
    await client.refuse(413, `${quotas}/q1`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { metadata: { annotations } },
    });
  });
});
