import { describe, expect, it, onTestFinished } from 'vitest';
import type { AdmissionChoice } from '../../src/admission/mod.ts';
import { Client, type KubeObject } from '../http/client.ts';
import { startInProcess } from '../support/in-process.ts';
import { CRDS, crdOf, useMember } from './suite.ts';

const fixture = useMember();
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

describe('the life of a namespace', () => {
  it('is asked for before anything is said about what is created in it', async () => {
    const { client } = fixture;
    const secrets = '/api/v1/namespaces/nowhere/secrets';
    const invalid = { metadata: { name: 'In_valid' } };
    const apply = { 'content-type': 'application/apply-patch+yaml' };
    const applied = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'one' } };
    const refusals = [
      await client.refuse(404, secrets, { method: 'POST', body: invalid }),
      await client.refuse(404, `${secrets}?dryRun=All`, { method: 'POST', body: invalid }),
      await client.refuse(404, secrets, { method: 'POST', body: { metadata: { generateName: 'x-' } } }),
      await client.refuse(404, `${secrets}/one?fieldManager=test`, {
        method: 'PATCH',
        headers: apply,
        body: applied,
      }),
    ];
    for (const refused of refusals) {
      expect(refused).toMatchObject({
        reason: 'NotFound',
        message: 'namespaces "nowhere" not found',
        details: { name: 'nowhere', kind: 'namespaces' },
      });
    }
  });

  it('lets nothing new in once it ends, tokens included, and changes of what is there', async () => {
    const { client } = fixture;
    const namespace = await fixture.namespace();
    const path = `/api/v1/namespaces/${namespace}`;
    await client.create(`${path}/configmaps`, {
      metadata: { name: 'held', finalizers: ['example.com/hold'] },
    });
    await client.delete(path);
    const posts: readonly [name: string, resource: string, url: string, body: object][] = [
      ['any', 'serviceaccounts', `${path}/serviceaccounts/any/token`, { spec: {} }],
      ['gen-', 'configmaps', `${path}/configmaps`, { metadata: { generateName: 'gen-' } }],
      ['Unknown', 'configmaps', `${path}/configmaps`, { metadata: {} }],
      ['dry', 'configmaps', `${path}/configmaps?dryRun=All`, { metadata: { name: 'dry' } }],
    ];
    for (const [name, resource, url, body] of posts) {
      const refused = await client.refuse(403, url, { method: 'POST', body });
      expect(refused).toMatchObject({
        message: `${resource} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
        details: {
          name,
          kind: resource,
          causes: [
            {
              reason: 'NamespaceTerminating',
              message: `namespace ${namespace} is being terminated`,
              field: 'metadata.namespace',
            },
          ],
        },
      });
    }
    await client.patch(`${path}/configmaps/held`, { data: { key: 'value' } });
    await client.patch(`${path}/configmaps/held`, { metadata: { finalizers: null } });
    await client.untilGone(path);
  });

  it('is nobody’s business who asks what somebody may do there', async () => {
    const reviews = '/apis/authorization.k8s.io/v1/namespaces/nowhere/localsubjectaccessreviews';
    const resourceAttributes = { namespace: 'nowhere', verb: 'get', resource: 'secrets' };
    const review = await fixture.client.create(reviews, { spec: { user: 'nobody', resourceAttributes } });
    expect(review['status']).toMatchObject({ allowed: false });
  });
});

describe('what is answered and not stored', () => {
  it('passes the plugins as well', async () => {
    const { client } = fixture;
    const { admin } = await member({ enable: ['AlwaysDeny'], disable: [] });
    const path = '/api/v1/namespaces/default/serviceaccounts/default/token';
    const token = await admin.refuse(403, path, { method: 'POST', body: { spec: {} } });
    expect(token.message).toBe(
      'serviceaccounts "default" is forbidden: admission control is denying all modifications',
    );
    const reviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const spec = { resourceAttributes: { verb: 'get', resource: 'secrets' } };
    const review = await admin.refuse(403, reviews, { method: 'POST', body: { spec } });
    expect(review.message).toBe(
      'selfsubjectaccessreviews.authorization.k8s.io "Unknown" is forbidden: admission control is denying all modifications',
    );
    const missing = '/api/v1/namespaces/nowhere/serviceaccounts/default/token';
    const nowhere = await client.refuse(404, missing, { method: 'POST', body: { spec: {} } });
    expect(nowhere.message).toBe('namespaces "nowhere" not found');
  });

  it('is not counted, whatever a quota says', async () => {
    const { client } = fixture;
    const path = `/api/v1/namespaces/${await fixture.namespace()}`;
    const kind = 'localsubjectaccessreviews.authorization.k8s.io';
    await client.create(`${path}/resourcequotas`, {
      metadata: { name: 'quota' },
      spec: { hard: { [`count/${kind}`]: '0', 'count/secrets': '1' } },
    });
    await client.until(`${path}/resourcequotas/quota`, (quota) => usedOf(quota) !== undefined);
    const reviews = `/apis/authorization.k8s.io/v1${path.slice('/api/v1'.length)}/localsubjectaccessreviews`;
    const namespace = path.split('/').at(-1);
    const resourceAttributes = { namespace, verb: 'get', resource: 'secrets' };
    await client.create(reviews, { spec: { user: 'nobody', resourceAttributes } });
  });
});

describe("kcp's reserved things", () => {
  it('are kept from users of the API', async () => {
    const { client } = fixture;
    const reserved = crdOf({ group: 'apis.kcp.io', plural: 'things', kind: 'Thing' });
    const metadata = { annotations: { 'api-approved.kubernetes.io': 'unapproved' } };
    const group = await client.refuse(403, CRDS, {
      method: 'POST',
      body: { ...reserved, metadata: { ...(reserved['metadata'] as object), ...metadata } },
    });
    expect(group.message).toBe(
      'customresourcedefinitions.apiextensions.k8s.io "things.apis.kcp.io" is forbidden: apis.kcp.io is a reserved group',
    );
    const plain = { group: `${fixture.name('reserved')}.example.com`, plural: 'things', kind: 'Thing' };
    await fixture.define(plain);
    const annotated = await client.refuse(403, `${CRDS}/things.${plain.group}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { metadata: { annotations: { 'apis.kcp.io/bound-crd': '' } } },
    });
    expect(annotated.message).toContain('apis.kcp.io/bound-crd is a reserved annotation');
    const account = await client.refuse(403, '/api/v1/namespaces/default/serviceaccounts', {
      method: 'POST',
      body: { metadata: { name: 'kcp-rest' } },
    });
    expect(account.message).toBe(
      'serviceaccounts "kcp-rest" is forbidden: metadata.name: Invalid value: "kcp-rest": name is reserved',
    );
  });
});

describe('the choice of admission plugins', () => {
  it('lets owners be named by those who may delete, once it is enforced', async () => {
    const { admin, call } = await member({ enable: ['OwnerReferencesPermissionEnforcement'], disable: [] });
    const configMaps = '/api/v1/namespaces/default/configmaps';
    await grant(admin, 'writer', { resources: ['configmaps'], verbs: ['create', 'get', 'update', 'patch'] });
    const secret = await admin.create('/api/v1/namespaces/default/secrets', { metadata: { name: 'owner' } });
    const owner = { apiVersion: 'v1', kind: 'Secret', name: 'owner', uid: secret.metadata.uid };
    const owned = (name: string, changes: object = {}) => ({
      metadata: { name, ownerReferences: [{ ...owner, ...changes }] },
    });
    expect(await call('POST', configMaps, owned('one'))).toBe('201');
    expect(await call('POST', configMaps, owned('two', { blockOwnerDeletion: true }))).toBe(
      `403 configmaps "two" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: , <nil>`,
    );
    expect(await call('PATCH', `${configMaps}/one`, { metadata: { ownerReferences: null } })).toBe(
      `403 configmaps "one" is forbidden: cannot set an ownerRef on a resource you can't delete: , <nil>`,
    );
    expect(await call('PATCH', `${configMaps}/one`, { data: { key: 'value' } })).toBe('200');
    await grant(admin, 'finalizer', { resources: ['secrets/finalizers'], verbs: ['update'] });
    await grant(admin, 'remover', { resources: ['configmaps'], verbs: ['delete'] });
    expect(await call('POST', configMaps, owned('two', { blockOwnerDeletion: true }))).toBe('201');
    expect(await call('PATCH', `${configMaps}/one`, { metadata: { ownerReferences: null } })).toBe('200');
  });

  it('keeps quotas exact where they stop nobody', async () => {
    const { admin } = await member({ enable: [], disable: ['ResourceQuota'] });
    const path = '/api/v1/namespaces/default';
    await admin.create(`${path}/resourcequotas`, {
      metadata: { name: 'quota' },
      spec: { hard: { secrets: '1' } },
    });
    await admin.until(`${path}/resourcequotas/quota`, (quota) => usedOf(quota) !== undefined);
    for (const name of ['one', 'two']) await admin.create(`${path}/secrets`, { metadata: { name } });
    expect(usedOf(await admin.get(`${path}/resourcequotas/quota`))).toEqual({ secrets: '2' });
  });

  it('never lets a definition lie on the objects that the server keeps itself, such as LogicalClusters', async () => {
    const { admin } = await member({ enable: [], disable: ['kcp.io/ReservedCRDGroups'] });
    for (const api of ['apis', 'cache', 'core', 'tenancy', 'topology']) {
      const group = `${api}.kcp.io`;
      const crd = crdOf({ group, plural: 'logicalclusters', kind: 'LogicalCluster' });
      const name = `logicalclusters.${group}`;
      const message = `customresourcedefinitions.apiextensions.k8s.io "${name}" is forbidden: ${group} is a reserved group`;
      const create = await admin.refuse(403, CRDS, { method: 'POST', body: crd });
      const apply = await admin.refuse(403, `${CRDS}/${name}?fieldManager=test`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/apply-patch+yaml' },
        body: crd,
      });
      expect([create.message, apply.message]).toEqual([message, message]);
    }
  });

  it('protects labels and annotations of kcp only when it is asked to', async () => {
    const { admin, call } = await member({ enable: ['apis.kcp.io/ReservedMetadata'], disable: [] });
    const configMaps = '/api/v1/namespaces/default/configmaps';
    await grant(admin, 'writer', { resources: ['configmaps'], verbs: ['create'] });
    const labelled = { metadata: { name: 'one', labels: { 'tenancy.kcp.io/phase': 'Ready' } } };
    expect(await call('POST', configMaps, labelled)).toBe(
      '403 configmaps "one" is forbidden: modification of system-reserved label: "tenancy.kcp.io/phase"',
    );
    await admin.create(configMaps, labelled);
    await fixture.client.create(configMaps, labelled);
  });
});

function usedOf(quota: KubeObject): unknown {
  return (quota['status'] as { used?: unknown } | undefined)?.used;
}

/** A member with these plugins, and a user besides its administrator. */
async function member(admission: AdmissionChoice) {
  const alice = { name: 'alice', uid: '', groups: ['system:authenticated'], extra: {} };
  const server = await startInProcess({ admission, users: { alice } });
  const admin = new Client(server);
  onTestFinished(async () => {
    admin.close();
    await server.stop();
  });
  if (!admission.enable.includes('AlwaysDeny')) await grantEntry(admin);
  return {
    admin,
    /** Does something as the user; the code of the answer, and the message of a refusal. */
    async call(method: string, path: string, body: object): Promise<string> {
      const headers = {
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      };
      const { status, text } = await admin.call(path, { method, headers, body, token: 'alice' });
      return status < 300 ? String(status) : `${status} ${(JSON.parse(text) as { message: string }).message}`;
    },
  };
}

async function grantEntry(admin: Client): Promise<void> {
  const rules = [{ nonResourceURLs: ['/'], verbs: ['access'] }];
  await bind(admin, { name: 'entry', rules });
}

function grant(
  admin: Client,
  name: string,
  rule: { readonly resources: readonly string[]; readonly verbs: readonly string[] },
): Promise<void> {
  return bind(admin, { name, rules: [{ apiGroups: [''], ...rule }] });
}

async function bind(
  admin: Client,
  { name, rules }: { readonly name: string; readonly rules: readonly object[] },
): Promise<void> {
  await admin.create(`${RBAC}/clusterroles`, { metadata: { name }, rules });
  await admin.create(`${RBAC}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'alice' }],
  });
}
