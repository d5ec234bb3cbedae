import { describe, expect, it } from 'vitest';
import { type KubeObject, seedNamespace } from '../http/client.ts';
import { useMember } from './suite.ts';

const fixture = useMember();

const WIDGETS = { group: 'quota.example.com', plural: 'widgets', kind: 'Widget' };

describe('a resource quota', () => {
  it('has its status soon after it was created, also for what is not served here', async () => {
    const { quotas } = await newNamespace();
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
    const created = await createQuota(quotas, 'test-quota', hard);
    expect(created['status']).toEqual({});
    const quota = await counted(`${quotas}/test-quota`);
    const zeros = Object.fromEntries(Object.keys(hard).map((name) => [name, '0']));
    expect(quota['status']).toEqual({ hard, used: { ...zeros, resourcequotas: '1', configmaps: '1' } });
  });

  it('has nothing used of what nobody counts', async () => {
    const { quotas } = await newNamespace();
    const hard = {
      'count/events': '1',
      'count/namespaces': '1',
      'example.com/dongle': '1',
      'count/secrets': '1',
    };
    await createQuota(quotas, 'strange', hard);
    const quota = await counted(`${quotas}/strange`);
    expect(quota['status']).toEqual({ hard, used: { 'count/secrets': '0' } });
  });

  it.each([
    ['secrets', 'secrets', { data: { key: 'dmFsdWU=' } }],
    ['configMaps under their own name', 'configmaps', { data: { key: 'value' } }],
  ])('captures the life of %s', async (_what, resource, content) => {
    const { path, quotas } = await newNamespace();
    const there = (await fixture.client.list(`${path}/${resource}`)).items.length;
    const hard = { [resource]: String(there + 1), [`count/${resource}`]: '10' };
    await createQuota(quotas, 'test-quota', hard);
    expect(usedOf(await counted(`${quotas}/test-quota`))).toEqual({
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
    const { path, quotas } = await newNamespace();
    const name = `count/${WIDGETS.plural}.${WIDGETS.group}`;
    await createQuota(quotas, 'test-quota', { [name]: '1' });
    expect(usedOf(await counted(`${quotas}/test-quota`))).toEqual({ [name]: '0' });
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

function usedOf(quota: KubeObject): Readonly<Record<string, string>> {
  return (quota['status'] as { used?: Record<string, string> }).used ?? {};
}

/** A namespace that has what Kubernetes puts into each. */
async function newNamespace(): Promise<{ readonly path: string; readonly quotas: string }> {
  const namespace = await fixture.namespace();
  await seedNamespace(fixture.client, namespace);
  const path = `/api/v1/namespaces/${namespace}`;
  return { path, quotas: `${path}/resourcequotas` };
}

function createQuota(
  quotas: string,
  name: string,
  hard: Readonly<Record<string, string>>,
  annotations?: Readonly<Record<string, string>>,
): Promise<KubeObject> {
  return fixture.client.create(quotas, { metadata: { name, annotations }, spec: { hard } });
}

/** Waits until the status says what the spec says. */
function counted(path: string): Promise<KubeObject> {
  return fixture.client.until(path, (quota, code) => {
    const { spec, status } = quota as { spec?: { hard?: unknown }; status?: { hard?: unknown } };
    return code === 200 && JSON.stringify(spec?.hard) === JSON.stringify(status?.hard);
  });
}
