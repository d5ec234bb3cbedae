import { expect, test } from 'vitest';
import { describeKubectl } from './cluster.ts';

describeKubectl('workspaces', (cluster) => {
  const at = (path: string) => ['--server', `${cluster.server.url}/clusters/${path}`];
  const manifest = (name: string, spec: object = {}) =>
    JSON.stringify({
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'Workspace',
      metadata: { name },
      spec,
    });

  test('are created from files, are ready at once, and are a cluster of their own', async () => {
    expect(await cluster.ok('create -f -', manifest('org'))).toBe('workspace.tenancy.kcp.io/org created');
    await cluster.ok('wait workspace/org --for=jsonpath={.status.phase}=Ready --timeout=5s');
    const [head = '', row = ''] = (await cluster.ok('get ws org')).split('\n');
    expect(head.trim().split(/\s+/)).toEqual(['NAME', 'TYPE', 'REGION', 'PHASE', 'URL', 'AGE']);
    expect(row.trim().split(/\s+/).slice(0, 5)).toEqual([
      'org',
      'organization',
      'local',
      'Ready',
      `${cluster.server.url}/clusters/root:org`,
    ]);
    const namespaces = await cluster.ok([...at('root:org'), 'get', 'namespaces', '-o', 'name']);
    expect(namespaces.split('\n').sort()).toEqual([
      'namespace/default',
      'namespace/kube-node-lease',
      'namespace/kube-public',
      'namespace/kube-system',
    ]);
    await cluster.ok([...at('root:org'), 'create', 'configmap', 'inside', '--from-literal=a=b']);
    expect(await cluster.fail('get configmap inside')).toContain('(NotFound)');
    await cluster.ok([...at('root:org'), 'create', '-f', '-'], manifest('team'));
    const nested = await cluster.ok([
      ...at('root:org:team'),
      'get',
      'logicalcluster',
      'cluster',
      '-o',
      'json',
    ]);
    expect(JSON.parse(nested).metadata.annotations['kcp.io/path']).toBe('root:org:team');
  });

  test('belong to whoever creates them, and to nobody else', async () => {
    const rule = '--verb=create,get --resource=workspaces.tenancy.kcp.io';
    await cluster.ok(`create clusterrole workspace-maker ${rule}`);
    await cluster.ok(
      'create clusterrolebinding workspace-maker --clusterrole=workspace-maker --group=system:authenticated',
    );
    await cluster.ok('create -f - --as alice', manifest('of-alice'));
    const inside = at('root:of-alice');
    await cluster.ok([...inside, 'create', 'namespace', 'mine', '--as', 'alice']);
    expect(await cluster.ok([...inside, 'auth', 'can-i', '*', '*', '--as', 'alice'])).toBe('yes');
    // kubectl asks for discovery first, and tells nothing of that refusal but its kind.
    const refused = await cluster.fail([...inside, 'get', 'namespaces', '--as', 'bob']);
    expect(refused.split('\n').at(-1)).toBe('Error from server (Forbidden): unknown');
    const raw = ['get', '--raw', '/api/v1/namespaces', '--as', 'bob'];
    const told = await cluster.fail([...inside, ...raw]);
    const missing = await cluster.fail([...at('root:of-nobody'), ...raw]);
    expect(missing).toBe(told);
  });

  test('are refused with the words of kcp', async () => {
    const spec = { type: { name: 'nonsense', path: 'root' } };
    expect(await cluster.fail('create -f -', manifest('strange', spec))).toContain(
      'workspaces.tenancy.kcp.io "strange" is forbidden: workspace type "root:nonsense" cannot be resolved',
    );
    await cluster.ok('create -f -', manifest('twice'));
    expect(await cluster.fail('create -f -', manifest('twice'))).toContain('(AlreadyExists)');
  });

  test('include a home for everybody', async () => {
    const home = JSON.parse(await cluster.ok(['get', 'workspaces', '~', '-o', 'json']));
    expect(home).toMatchObject({ kind: 'Workspace', status: { phase: 'Ready' } });
    await cluster.ok([...at(home.spec.cluster), 'create', 'configmap', 'mine']);
    await cluster.ok([...at('user:kcp-admin'), 'get', 'configmap', 'mine']);
  });
});
