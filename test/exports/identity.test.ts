import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { EXPORT_CONTROLLERS } from '../../src/exports/mod.ts';
import { useMember } from '../conformance/suite.ts';
import type { KubeObject } from '../http/client.ts';
import { APIS, conditionOf, ExportsFixture, exportOf, statusOf, WIDGETS } from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;

function identityOf(apiExport: KubeObject): string {
  return (apiExport['status'] as { identityHash?: string } | undefined)?.identityHash ?? '';
}

async function secretOf(cluster: string, name: string): Promise<KubeObject> {
  return fixture.client.get(`/clusters/${cluster}/api/v1/namespaces/kcp-system/secrets/${name}`);
}

function hashOf(secret: KubeObject): string {
  const { key } = secret['data'] as { key: string };
  return createHash('sha256').update(Buffer.from(key, 'base64')).digest('hex');
}

async function debtsOfIdentities(): Promise<number> {
  const snapshot = fixture.server.api.store.snapshot();
  let count = 0;
  try {
    for await (const batch of snapshot.work(EXPORT_CONTROLLERS.identity)) count += batch.length;
  } finally {
    snapshot.close();
  }
  return count;
}

describe('the identity of an export', () => {
  test('is made with the export, and lies in a Secret of its own', async () => {
    const cluster = await fixture.cluster('provider');
    const first = await fixture.offer(cluster, 'first', []);
    const second = await fixture.offer(cluster, 'second', []);
    expect((first['spec'] as { identity: unknown }).identity).toEqual({
      secretRef: { namespace: 'kcp-system', name: 'first' },
    });
    expect(identityOf(first)).toMatch(/^[0-9a-f]{64}$/);
    expect(identityOf(first)).toBe(hashOf(await secretOf(cluster, 'first')));
    expect(identityOf(second)).not.toBe(identityOf(first));
    expect(conditionOf(first, 'IdentityValid')?.status).toBe('True');
  });

  test('may be given, and is waited for', async () => {
    const cluster = await fixture.cluster('provider');
    const given = exportOf('given', [WIDGETS]);
    Object.assign(given['spec'] as object, {
      identity: { secretRef: { namespace: 'default', name: 'mine' } },
    });
    const early = await fixture.client.create(`/clusters/${cluster}/${APIS}/apiexports`, given);
    expect(identityOf(early)).toBe('');
    expect(conditionOf(early, 'IdentityValid')).toMatchObject({
      status: 'False',
      severity: 'Error',
      reason: 'IdentityVerificationFailed',
      message: 'secrets "mine" not found',
    });
    // Whoever names what never comes would otherwise have the server wait for it for ever.
    await expect.poll(debtsOfIdentities).toBe(0);
    const consumer = await fixture.cluster('consumer');
    const binding = await fixture.bind(consumer, 'widgets', { path: cluster, name: 'given' });
    expect(conditionOf(binding, 'APIExportValid')).toMatchObject({
      status: 'False',
      severity: 'Warning',
      reason: 'MissingIdentityHash',
      message: `APIExport ${cluster}|given is missing status.identityHash`,
    });
    await fixture.client.create(`/clusters/${cluster}/api/v1/namespaces/default/secrets`, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'mine' },
      stringData: { key: 'an identity' },
    });
    const late = await fixture.client.until(
      `/clusters/${cluster}/${APIS}/apiexports/given`,
      (object) => identityOf(object) !== '',
    );
    expect(identityOf(late)).toBe(createHash('sha256').update('an identity').digest('hex'));
    expect(conditionOf(late, 'IdentityValid')?.status).toBe('True');
  });

  test('stays what it is when the Secret is changed', async () => {
    const cluster = await fixture.cluster('provider');
    const made = await fixture.offer(cluster, 'widgets', [WIDGETS]);
    const secret = await secretOf(cluster, 'widgets');
    const path = `/clusters/${cluster}/api/v1/namespaces/kcp-system/secrets/widgets`;
    const key = Buffer.from('another').toString('base64');
    await fixture.client.put(path, { ...secret, data: { key } });
    const after = await fixture.client.until(
      `/clusters/${cluster}/${APIS}/apiexports/widgets`,
      (object) => conditionOf(object, 'IdentityValid')?.status === 'False',
    );
    expect(identityOf(after)).toBe(identityOf(made));
    expect(conditionOf(after, 'IdentityValid')).toMatchObject({
      status: 'False',
      reason: 'IdentityVerificationFailed',
    });
    await fixture.client.patch(path, { data: secret['data'] });
    await fixture.client.until(
      `/clusters/${cluster}/${APIS}/apiexports/widgets`,
      (object) => conditionOf(object, 'IdentityValid')?.status === 'True',
    );
  });

  test('is nothing that anybody could write: it leads to the objects of others', async () => {
    const { provider, consumer } = await fixture.pair();
    const victim = await fixture.client.get(`/clusters/${provider}/${APIS}/apiexports/widgets`);
    await fixture.widget(consumer, 'precious');
    const thief = await fixture.cluster('thief');
    const own = await fixture.offer(thief, 'widgets', [WIDGETS]);
    const path = `/clusters/${thief}/${APIS}/apiexports/widgets`;
    await fixture.client.put(`${path}/status`, {
      ...(await fixture.client.get(path)),
      status: { identityHash: identityOf(victim) },
    });
    expect(identityOf(await fixture.client.get(path))).toBe(identityOf(own));
    const binding = await fixture.bind(thief, 'own', { name: 'widgets' });
    expect(statusOf(binding).boundResources?.[0]?.schema.identityHash).toBe(identityOf(own));
    expect((await fixture.client.list(fixture.widgets(thief))).items).toEqual([]);
  });

  test('is the same when the export is made again', async () => {
    const { provider, consumer } = await fixture.pair();
    await fixture.widget(consumer, 'a');
    const path = `/clusters/${provider}/${APIS}/apiexports/widgets`;
    const before = await fixture.client.get(path);
    await fixture.client.delete(path);
    await fixture.client.untilGone(path);
    const after = await fixture.client.create(
      `/clusters/${provider}/${APIS}/apiexports`,
      exportOf('widgets', [WIDGETS]),
    );
    expect(identityOf(after)).toBe(identityOf(before));
    await fixture.client.until(
      fixture.binding(consumer, 'widgets'),
      (object) => conditionOf(object, 'APIExportValid')?.status === 'True',
    );
    expect((await fixture.client.list(fixture.widgets(consumer))).items).toHaveLength(1);
  });
});
