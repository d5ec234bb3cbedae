import { beforeAll, expect, test } from 'vitest';
import { describeKubectl } from './cluster.ts';

describeKubectl('who may do what', (cluster) => {
  const as = (name: string, ...groups: string[]) => [
    '--as',
    name,
    ...groups.flatMap((group) => ['--as-group', group]),
  ];
  const ok = (user: string, ...line: string[]) => cluster.ok([...line, ...as(user)]);
  const fail = (user: string, ...line: string[]) => cluster.fail([...line, ...as(user)]);

  let ns = '';
  // Alice writes roles and reads config maps, all by commands of kubectl.
  beforeAll(async () => {
    ns = await cluster.namespace();
    await cluster.ok(`create role reader --verb=get,list --resource=configmaps -n ${ns}`);
    await cluster.ok(
      `create rolebinding reader --role=reader --user=alice --serviceaccount=${ns}:bot -n ${ns}`,
    );
    await cluster.ok(
      'create clusterrole rbac-writer --verb=get,create,update,patch --resource=clusterroles.rbac.authorization.k8s.io,clusterrolebindings.rbac.authorization.k8s.io,roles.rbac.authorization.k8s.io,rolebindings.rbac.authorization.k8s.io',
    );
    await cluster.ok('create clusterrolebinding rbac-writer --clusterrole=rbac-writer --user=alice');
  });

  test('is asked by can-i, of everybody', async () => {
    expect(await cluster.ok(`auth can-i delete secrets -n ${ns}`)).toBe('yes');
    expect(await ok('alice', 'auth', 'can-i', 'get', 'configmaps', '-n', ns)).toBe('yes');
    const no = await cluster.run(['auth', 'can-i', 'delete', 'configmaps', '-n', ns, ...as('alice')]);
    expect([no.code, no.stdout]).toEqual([1, 'no\n']);
    const bot = `system:serviceaccount:${ns}:bot`;
    expect(await ok(bot, 'auth', 'can-i', 'list', 'configmaps', '-n', ns)).toBe('yes');
    const elsewhere = await cluster.run(['auth', 'can-i', 'list', 'configmaps', '-n', 'default', ...as(bot)]);
    expect(elsewhere.stdout).toBe('no\n');
    expect(await ok('alice', 'auth', 'can-i', 'get', '/api')).toBe('yes');
  });

  test('is listed by can-i --list', async () => {
    const rows = (await ok('alice', 'auth', 'can-i', '--list', '-n', ns))
      .split('\n')
      .map((row) => row.trim().split(/\s{2,}/));
    expect(rows[0]).toEqual(['Resources', 'Non-Resource URLs', 'Resource Names', 'Verbs']);
    expect(rows).toContainEqual(['configmaps', '[]', '[]', '[get list]']);
    expect(rows).toContainEqual(['[/]', '[]', '[access]']);
    expect(rows).toContainEqual(['roles.rbac.authorization.k8s.io', '[]', '[]', '[get create update patch]']);
    const other = await ok('bob', 'auth', 'can-i', '--list', '-n', ns);
    expect(other).not.toContain('configmaps');
  });

  test('counts for what is done as somebody else', async () => {
    await cluster.ok(`create configmap shown -n ${ns}`);
    expect(await ok('alice', 'get', 'configmap', 'shown', '-n', ns, '-o', 'name')).toBe('configmap/shown');
    expect(await fail('bob', 'get', 'configmap', 'shown', '-n', ns)).toBe(
      `Error from server (Forbidden): configmaps "shown" is forbidden: User "bob" cannot get resource "configmaps" in API group "" in the namespace "${ns}"`,
    );
    await cluster.ok('create clusterrole secret-lister --verb=list --resource=secrets');
    await cluster.ok('create clusterrolebinding secret-lister --clusterrole=secret-lister --group=ops');
    expect(await cluster.ok(['get', 'secrets', '-n', 'kube-public', ...as('bob', 'ops')])).toBe('');
    expect(await fail('bob', 'get', 'secrets', '-n', 'kube-public')).toContain(
      'User "bob" cannot list resource "secrets"',
    );
  });

  test('bounds what anybody may grant, in words that people know', async () => {
    expect(await ok('alice', 'create', 'role', 'fine', '--verb=get', '--resource=configmaps', '-n', ns)).toBe(
      'role.rbac.authorization.k8s.io/fine created',
    );
    const asked = [
      'create',
      'role',
      'more',
      '--verb=get',
      '--verb=delete',
      '--resource=configmaps,secrets',
      '-n',
      ns,
    ];
    expect(await fail('alice', ...asked)).toBe(
      [
        'Error from server (Forbidden): roles.rbac.authorization.k8s.io "more" is forbidden: user "alice" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:',
        '{APIGroups:[""], Resources:["configmaps"], Verbs:["delete"]}',
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete"]}',
      ].join('\n'),
    );
    const everything = [
      'create',
      'clusterrolebinding',
      'boss',
      '--clusterrole=cluster-admin',
      '--user=alice',
    ];
    expect(await fail('alice', ...everything)).toBe(
      [
        'error: failed to create clusterrolebinding: clusterrolebindings.rbac.authorization.k8s.io "boss" is forbidden: user "alice" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:',
        '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}',
        '{NonResourceURLs:["*"], Verbs:["*"]}',
      ].join('\n'),
    );
    expect(await ok('alice', 'create', 'rolebinding', 'fine', '--role=fine', '--user=bob', '-n', ns)).toBe(
      'rolebinding.rbac.authorization.k8s.io/fine created',
    );
    expect(await cluster.run(['auth', 'can-i', 'get', 'configmaps', '-n', ns, ...as('bob')])).toMatchObject({
      stdout: 'yes\n',
    });
    await cluster.ok(`delete rolebinding fine -n ${ns}`);
    expect(await cluster.run(['auth', 'can-i', 'get', 'configmaps', '-n', ns, ...as('bob')])).toMatchObject({
      stdout: 'no\n',
    });
  });

  test('is who one is', async () => {
    expect(await cluster.json(['auth', 'whoami', ...as('kim', 'g')])).toMatchObject({
      status: { userInfo: { username: 'kim', groups: ['g', 'system:authenticated'] } },
    });
    expect(await cluster.json(['auth', 'whoami'])).toMatchObject({
      status: { userInfo: { username: 'kcp-admin' } },
    });
  });

  test('is gathered in a role that selects others', async () => {
    await cluster.ok('create clusterrole gathering --aggregation-rule=example.com/aggregate=true');
    await cluster.ok('create clusterrole part --verb=watch --resource=configmaps');
    await cluster.ok('label clusterrole part example.com/aggregate=true');
    const role = await cluster.client.until(
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/gathering',
      (object) => Array.isArray(object['rules']) && object['rules'].length > 0,
    );
    expect(role['rules']).toEqual([{ apiGroups: [''], resources: ['configmaps'], verbs: ['watch'] }]);
  });
});
