import { expect, test } from 'vitest';
import { configMap } from '../http/client.ts';
import { describeKubectl, manifest } from './cluster.ts';

// These generators use typed clients, which send protobuf and read it.
describeKubectl('kubectl create', (cluster) => {
  test('makes config maps and secrets', async () => {
    const ns = await cluster.namespace();
    const outputs = await Promise.all([
      cluster.ok(`create configmap a -n ${ns} --from-literal=k=v --from-literal=l=w`),
      cluster.ok(`create secret generic b -n ${ns} --from-literal=k=v --type=example.com/x`),
      cluster.ok(
        `create secret docker-registry c -n ${ns} --docker-username=u --docker-password=p --docker-server=s.example.com`,
      ),
    ]);
    expect(outputs).toEqual(['configmap/a created', 'secret/b created', 'secret/c created']);
    const [a, b, c] = await Promise.all([
      cluster.json(`get cm a -n ${ns}`),
      cluster.json(`get secret b -n ${ns}`),
      cluster.json(`get secret c -n ${ns}`),
    ]);
    expect(a).toMatchObject({ data: { k: 'v', l: 'w' } });
    expect(b).toMatchObject({ data: { k: 'dg==' }, type: 'example.com/x' });
    expect(c).toMatchObject({ type: 'kubernetes.io/dockerconfigjson' });
    const immutable = await cluster.fail(['patch', 'secret', 'b', '-n', ns, '-p', '{"type":"Opaque"}']);
    expect(immutable).toContain('type: Invalid value: "Opaque": field is immutable');
  });

  test('makes service accounts, roles and bindings', async () => {
    const ns = await cluster.namespace();
    const outputs = await Promise.all([
      cluster.ok(`create serviceaccount robot -n ${ns}`),
      cluster.ok(`create role reader -n ${ns} --verb=get,list --resource=configmaps --resource-name=a`),
      cluster.ok(
        `create rolebinding reader -n ${ns} --role=reader --serviceaccount=${ns}:robot --user=alice --group=g`,
      ),
      cluster.ok(`create clusterrole ${ns}-metrics --verb=get --non-resource-url=/metrics`),
      cluster.ok(`create clusterrolebinding ${ns}-metrics --clusterrole=${ns}-metrics --group=ops`),
      cluster.ok(`create quota q -n ${ns} --hard=configmaps=5,count/secrets=3`),
    ]);
    expect(outputs).toEqual([
      'serviceaccount/robot created',
      'role.rbac.authorization.k8s.io/reader created',
      'rolebinding.rbac.authorization.k8s.io/reader created',
      `clusterrole.rbac.authorization.k8s.io/${ns}-metrics created`,
      `clusterrolebinding.rbac.authorization.k8s.io/${ns}-metrics created`,
      'resourcequota/q created',
    ]);
    const [role, binding, wide, quota] = await Promise.all([
      cluster.json(`get role reader -n ${ns}`),
      cluster.json(`get rolebinding reader -n ${ns}`),
      cluster.ok(`get rolebinding -n ${ns} -o wide`),
      cluster.json(`get quota q -n ${ns}`),
    ]);
    expect(role).toMatchObject({
      rules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['a'] }],
    });
    expect(binding).toMatchObject({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'alice' },
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'g' },
        { kind: 'ServiceAccount', name: 'robot', namespace: ns },
      ],
    });
    expect(wide).toMatch(/^NAME +ROLE +AGE +USERS +GROUPS +SERVICEACCOUNTS\n/);
    expect(wide).toMatch(new RegExp(`Role/reader +\\S+ +alice +g +${ns}/robot`));
    expect(quota).toMatchObject({ spec: { hard: { configmaps: '5', 'count/secrets': '3' } } });
  });

  test('makes namespaces', async () => {
    expect(await cluster.ok('create namespace fresh')).toBe('namespace/fresh created');
    expect(await cluster.json('get ns fresh')).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'fresh' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  });

  test('-f takes documents, generates names and keeps to what it was told', async () => {
    const ns = await cluster.namespace();
    const input = manifest(
      configMap('a', { data: { k: 'v' } }),
      { apiVersion: 'v1', kind: 'Secret', metadata: { generateName: 'gen-' }, stringData: { k: 'v' } },
      { apiVersion: 'v1', kind: 'List', items: [configMap('b'), configMap('c')] },
    );
    const output = await cluster.ok(`create -n ${ns} -f -`, input);
    expect(output).toMatch(
      /^configmap\/a created\nsecret\/gen-\w{5} created\nconfigmap\/b created\nconfigmap\/c created$/,
    );
    const yaml =
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: text\ndata:\n  text: |\n    two\n    lines\n';
    expect(await cluster.ok(`create -n ${ns} -f - -o jsonpath={.data.text}`, yaml)).toBe('two\nlines');
  });

  test('says what the server refuses in the words of Kubernetes', async () => {
    const ns = await cluster.namespace();
    await cluster.client.create(`/api/v1/namespaces/${ns}/configmaps`, configMap('a'));
    const create = (object: unknown, ...args: string[]) =>
      cluster.fail(['create', '-n', ns, '-f', '-', ...args], manifest(object));
    const [exists, typed, invalid, key, nowhere, unknown, kind, namespace] = await Promise.all([
      create(configMap('a')),
      cluster.fail(`create configmap a -n ${ns}`),
      create(configMap('A_b')),
      create(configMap('b', { data: { 'a/b': '' } })),
      cluster.fail('create configmap a -n none'),
      create({ ...configMap('b'), dta: { k: 'v' } }),
      create({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' } }),
      create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b', namespace: 'other' } }),
    ]);
    expect(exists).toBe(
      'Error from server (AlreadyExists): error when creating "STDIN": configmaps "a" already exists',
    );
    expect(typed).toBe('error: failed to create configmap: configmaps "a" already exists');
    expect(invalid).toContain(
      'The ConfigMap "A_b" is invalid: metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain',
    );
    expect(key).toContain('The ConfigMap "b" is invalid: data[a/b]: Invalid value: "a/b"');
    expect(nowhere).toBe('error: failed to create configmap: namespaces "none" not found');
    expect(unknown).toContain(
      'Error from server (BadRequest): error when creating "STDIN": ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dta"',
    );
    expect(kind).toContain('no matches for kind "Deployment" in version "apps/v1"');
    expect(namespace).toContain(
      'the namespace from the provided object "other" does not match the namespace',
    );
  });

  test('warns, or is silent, about unknown fields when asked to', async () => {
    const ns = await cluster.namespace();
    const create = (name: string, mode: string) =>
      cluster.run(`create -n ${ns} -f - --validate=${mode}`, {
        input: `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"${name}"},"dta":{},"data":{"x":"1"}}`,
      });
    const [warned, ignored] = await Promise.all([create('a', 'warn'), create('b', 'ignore')]);
    expect(warned).toEqual({
      code: 0,
      stdout: 'configmap/a created\n',
      stderr: 'Warning: unknown field "dta"\n',
    });
    expect(ignored).toEqual({ code: 0, stdout: 'configmap/b created\n', stderr: '' });
  });

  test('--dry-run=server stores nothing', async () => {
    const ns = await cluster.namespace();
    const [typed, untyped] = await Promise.all([
      cluster.ok(`create configmap a -n ${ns} --dry-run=server -o jsonpath={.metadata.uid}`),
      cluster.ok(`create -n ${ns} -f - --dry-run=server`, manifest(configMap('a'))),
    ]);
    expect(typed).toMatch(/^[0-9a-f-]{36}$/);
    expect(untyped).toBe('configmap/a created (server dry run)');
    expect(await cluster.fail(`get cm a -n ${ns}`)).toContain('NotFound');
  });
});
