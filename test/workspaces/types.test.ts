import { beforeAll, describe, expect, it } from 'vitest';
import { CORE, refusal, TENANCY, useTree } from './suite.ts';

const tree = useTree();
const universal = { path: 'root', name: 'universal' };

beforeAll(async () => {
  await tree.ensureType('root', 'organization', {
    extend: { with: [universal] },
    limitAllowedParents: { types: [{ path: 'root', name: 'root' }, universal] },
    limitAllowedChildren: { types: [universal] },
    defaultChildWorkspaceType: universal,
  });
});

function typed(name: string, path?: string) {
  return { spec: { type: { name, ...(path === undefined ? {} : { path }) } } };
}

describe('the type of a new workspace', () => {
  it('is looked for here, then in each workspace above, and is written down with its path', async () => {
    const outer = tree.name('outer');
    await tree.workspace('root', outer, { as: 'alice' });
    await tree.workspace(`root:${outer}`, 'inner', { as: 'alice' });
    await tree.type(`root:${outer}`, 'special', { additionalWorkspaceLabels: { tier: 'gold', own: 'no' } });
    const made = await tree.workspace(`root:${outer}:inner`, 'here', {
      as: 'alice',
      ...typed('special'),
      metadata: { labels: { own: 'yes' } },
    });
    expect(made.spec.type).toEqual({ name: 'special', path: `root:${outer}` });
    expect(made.metadata.labels).toMatchObject({ tier: 'gold', own: 'yes' });
    await tree.type(`root:${outer}:inner`, 'special', {});
    const nearer = await tree.workspace(`root:${outer}:inner`, 'nearer', {
      as: 'alice',
      ...typed('special'),
    });
    expect(nearer.spec.type).toEqual({ name: 'special', path: `root:${outer}:inner` });
  });

  it('is the default child type of the type around it', async () => {
    await tree.type('root', 'parental', {
      extend: { with: [universal] },
      defaultChildWorkspaceType: { path: 'root', name: 'childish' },
    });
    await tree.type('root', 'childish', {});
    await tree.workspace('root', 'family', typed('parental'));
    const child = await tree.workspace('root:family', 'child');
    expect(child.spec.type).toEqual({ name: 'childish', path: 'root' });
  });

  it('is refused until it exists', async () => {
    const refused = refusal(await tree.tryWorkspace('root', 'early', typed('later', 'root')));
    expect(refused).toMatchObject({ code: 403, reason: 'Forbidden' });
    expect(refused.message).toContain('workspace type "root:later" cannot be resolved');
    await tree.type('root', 'later', {});
    await tree.workspace('root', 'early', typed('later', 'root'));
  });

  it('needs the verb use, also on all that it extends, in the workspace of the type', async () => {
    const name = tree.name('provider');
    await tree.workspace('root', name);
    const path = `root:${name}`;
    await tree.type(path, 'base', {});
    await tree.type(path, 'fancy', { extend: { with: [{ path, name: 'base' }] } });
    const attempt = () =>
      tree.tryWorkspace('root', tree.name('user'), { as: 'bob', ...typed('fancy', path) });
    const missing = (type: string) =>
      `unable to use workspace type ${path}:${type}: missing verb='use' permission on workspacetype`;
    expect(refusal(await attempt()).message).toContain(missing('fancy'));
    const use = (type: string) => ({
      apiGroups: ['tenancy.kcp.io'],
      resources: ['workspacetypes'],
      resourceNames: [type],
      verbs: ['use'],
    });
    await tree.grant(path, 'use-fancy', [use('fancy')], ['bob']);
    expect(refusal(await attempt()).message).toContain(missing('base'));
    await tree.grant(path, 'use-base', [use('base')], ['bob']);
    // Without the right to enter the workspace of the type: to use it is enough.
    expect((await attempt()).status).toBe(201);
    expect((await tree.as('bob', `/clusters/${path}${TENANCY}/workspacetypes`)).status).toBe(403);
  });

  it('does not tell what it extends to those who may not use it', async () => {
    const name = tree.name('discreet');
    await tree.workspace('root', name);
    const path = `root:${name}`;
    const extending = (type: string, other: string) =>
      tree.type(path, type, { extend: { with: [{ path: 'root:project-x', name: other }] } });
    await extending('lost', 'hush');
    await tree.type(path, 'round', { extend: { with: [{ path, name: 'round' }] } });
    await tree.type(path, 'far', { extend: { with: [{ path, name: 'lost' }] } });
    const asked = async (type: string) =>
      refusal(
        await tree.tryWorkspace('root', tree.name('curious'), { as: 'bob', ...typed(type, path) }),
      ).message.replace(/.*forbidden: /, '');
    const missing = (type: string) =>
      `unable to use workspace type ${path}:${type}: missing verb='use' permission on workspacetype`;
    for (const type of ['lost', 'round', 'far']) expect(await asked(type)).toBe(missing(type));
    const use = { apiGroups: ['tenancy.kcp.io'], resources: ['workspacetypes'], verbs: ['use'] };
    await tree.grant(path, 'use-far', [{ ...use, resourceNames: ['far'] }], ['bob']);
    expect(await asked('far')).toBe(missing('lost'));
    await tree.grant(path, 'use-lost', [{ ...use, resourceNames: ['lost'] }], ['bob']);
    expect(await asked('far')).toBe('unable to find inherited workspace type root:project-x:hush');
  });

  it('is refused when it extends itself', async () => {
    await tree.type('root', 'egg', { extend: { with: [{ path: 'root', name: 'hen' }] } });
    await tree.type('root', 'hen', { extend: { with: [{ path: 'root', name: 'egg' }] } });
    const refused = refusal(await tree.tryWorkspace('root', 'circle', typed('hen', 'root')));
    expect(refused.message).toContain(
      'circular dependency detected in workspace type root:hen: root:hen -> root:egg -> root:hen',
    );
  });
});

describe('where a workspace of a type may lie', () => {
  it('is limited by its own type and by the type around it, with what they extend', async () => {
    await tree.type('root', 'picky', {
      limitAllowedParents: { types: [{ path: 'root', name: 'organization' }] },
    });
    const lost = refusal(await tree.tryWorkspace('root', 'lost', typed('picky', 'root')));
    expect(lost.message).toMatch(
      /workspace type root:picky only allows \[root:organization\] parent workspaces, but parent type root:\w+ only implements \[root:\w+( root:\w+)*\]/,
    );
    await tree.workspace('root', 'acme', typed('organization', 'root'));
    const strange = refusal(await tree.tryWorkspace('root:acme', 'x', typed('picky', 'root')));
    expect(strange.message).toContain(
      'workspace type root:organization only allows [root:universal] child workspaces, but child type root:picky only implements [root:picky]',
    );
    await tree.type('root', 'fit', {
      extend: { with: [{ path: 'root', name: 'picky' }, universal] },
    });
    await tree.workspace('root:acme', 'fit', typed('fit', 'root'));
  });

  it('is nowhere while the type around it is not there: nobody knows its limits', async () => {
    const mine = tree.name('mine');
    await tree.workspace('root', mine, { as: 'alice' });
    const types = `/clusters/root:${mine}${TENANCY}/workspacetypes`;
    const type = {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'WorkspaceType',
      metadata: { name: 'narrow' },
      spec: { extend: { with: [universal] }, limitAllowedChildren: { types: [universal] } },
    };
    expect((await tree.as('alice', types, { method: 'POST', body: type })).status).toBe(201);
    await tree.workspace(`root:${mine}`, 'inside', { as: 'alice', ...typed('narrow') });
    await tree.type('root', 'elsewhere', {});
    const attempt = async (type: string) => {
      const wanted = { as: 'alice', ...typed(type, 'root') } as const;
      return refusal(await tree.tryWorkspace(`root:${mine}:inside`, tree.name('x'), wanted));
    };
    expect((await attempt('elsewhere')).message).toContain('only allows [root:universal] child workspaces');
    expect((await tree.as('alice', `${types}/narrow`, { method: 'DELETE' })).status).toBe(200);
    for (const type of ['elsewhere', 'universal']) {
      const refused = await attempt(type);
      expect(refused.code).toBe(403);
      expect(refused.message).toContain(`workspace type "root:${mine}:narrow" cannot be resolved`);
    }
  });

  it('is nowhere for types without parents, and not in types without children', async () => {
    await tree.type('root', 'orphan', { limitAllowedParents: { none: true } });
    await tree.type('root', 'barren', {
      extend: { with: [universal] },
      limitAllowedChildren: { none: true },
    });
    const orphan = refusal(await tree.tryWorkspace('root', 'o', typed('orphan', 'root')));
    expect(orphan.message).toContain('workspace type root:orphan cannot have any parent');
    await tree.workspace('root', 'desert', typed('barren', 'root'));
    const child = refusal(await tree.tryWorkspace('root:desert', 'x', {}));
    expect(child.message).toContain('workspace type root:barren cannot have any child');
  });
});

describe('initializers and terminators of types', () => {
  it('are collected from all that a type extends, and hold the workspace back', async () => {
    await tree.type('root', 'prepared', { initializer: true, terminator: true });
    await tree.type('root', 'doubly', {
      initializer: true,
      extend: { with: [{ path: 'root', name: 'prepared' }] },
    });
    const made = await tree.workspace('root', 'slow', { as: 'alice', ...typed('doubly', 'root') });
    const names = ['root:prepared', 'root:doubly'];
    expect(made.status).toMatchObject({
      phase: 'Initializing',
      initializers: names,
      conditions: [
        {
          type: 'WorkspaceInitialized',
          status: 'False',
          severity: 'Info',
          reason: 'InitializerExists',
          message: 'Initializers still exist: [root:prepared root:doubly]',
        },
        { type: 'WorkspaceScheduled', status: 'True' },
      ],
    });
    const inside = await tree.client.get(`/clusters/${made.spec.cluster}${CORE}/logicalclusters/cluster`);
    expect(inside).toMatchObject({
      spec: { initializers: names, terminators: ['root:prepared'] },
      status: { phase: 'Initializing', initializers: names, terminators: ['root:prepared'] },
    });
    const labels = Object.keys(inside.metadata.labels ?? {});
    expect(labels.filter((label) => label.startsWith('initializer.internal.kcp.io/'))).toHaveLength(2);
    expect(labels.filter((label) => label.startsWith('terminator.internal.kcp.io/'))).toHaveLength(1);
  });
});

describe('a type', () => {
  it('says where its controllers find the workspaces that wait for them', async () => {
    await tree.workspace('root', 'maker', typed('universal', 'root'));
    const { metadata } = await tree.client.get(`/clusters/root:maker${CORE}/logicalclusters/cluster`);
    await tree.type('root:maker', 'made', { initializer: true });
    const type = await tree.client.get(`/clusters/root:maker${TENANCY}/workspacetypes/made`);
    const name = `${metadata.annotations?.['kcp.io/cluster']}:made`;
    expect(type).toMatchObject({
      status: {
        conditions: [
          { type: 'Ready', status: 'True' },
          { type: 'VirtualWorkspaceURLsReady', status: 'True' },
        ],
        virtualWorkspaces: [
          { type: 'initializing', url: `${tree.server.url}/services/initializingworkspaces/${name}` },
          { type: 'terminating', url: `${tree.server.url}/services/terminatingworkspaces/${name}` },
        ],
      },
    });
    const ofRoot = await tree.client.get(`/clusters/root${TENANCY}/workspacetypes/organization`);
    expect(ofRoot).toMatchObject({
      status: {
        virtualWorkspaces: [
          { url: `${tree.server.url}/services/initializingworkspaces/root:organization` },
          { type: 'terminating' },
        ],
      },
    });
    const made = await tree.workspace('root:maker', 'waits', typed('made'));
    expect(made.status.initializers).toEqual([name]);
  });

  it('has a status that not even the administrator of its workspace writes', async () => {
    const { spec } = await tree.workspace('root', tree.name('typed-'), { as: 'alice' });
    const types = `/clusters/${spec.cluster}${TENANCY}/workspacetypes`;
    const object = {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'WorkspaceType',
      metadata: { name: 'own' },
      spec: {},
    };
    expect((await tree.as('alice', types, { method: 'POST', body: object })).status).toBe(201);
    const patch = {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { status: { virtualWorkspaces: [{ type: 'initializing', url: 'https://evil.example.com' }] } },
    };
    expect((await tree.as('alice', `${types}/own/status`, patch)).status).toBe(403);
    const workspaces = `/clusters/root${TENANCY}/workspaces`;
    const forged = { ...patch, body: { status: { phase: 'Ready', initializers: [] } } };
    const { name } = (await tree.workspace('root', tree.name('forged-'), { as: 'alice' })).metadata;
    expect((await tree.as('alice', `${workspaces}/${name}/status`, forged)).status).toBe(403);
  });
});
