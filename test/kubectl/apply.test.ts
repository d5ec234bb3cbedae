import { describe, expect, test } from 'vitest';
import { configMap } from '../http/client.ts';
import { describeKubectl, manifest } from './cluster.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

describeKubectl('kubectl apply and its relatives', (cluster) => {
  describe('apply', () => {
    test('creates, leaves alone what is unchanged, and merges three ways', async () => {
      const ns = await cluster.namespace();
      const apply = (object: unknown) => cluster.ok(`apply -n ${ns} -f -`, manifest(object));
      const first = configMap('a', { labels: { app: 'x' }, data: { keep: '1', drop: '2' } });
      expect(await apply(first)).toBe('configmap/a created');
      const version = `get cm a -n ${ns} -o jsonpath={.metadata.resourceVersion}`;
      const before = await cluster.ok(version);
      expect(await apply(first)).toBe('configmap/a unchanged');
      expect(await cluster.ok(version)).toBe(before);
      await cluster.client.patch(`/api/v1/namespaces/${ns}/configmaps/a`, { data: { theirs: '3' } });
      expect(await apply(configMap('a', { data: { keep: '4' } }))).toBe('configmap/a configured');
      const object = await cluster.json<{ data: unknown; metadata: { labels?: unknown } }>(
        `get cm a -n ${ns}`,
      );
      expect(object.data).toEqual({ keep: '4', theirs: '3' });
      expect(object.metadata.labels).toBeUndefined();
    });

    test('keeps what it applied in an annotation', async () => {
      const ns = await cluster.namespace();
      await cluster.ok(`apply -n ${ns} -f -`, manifest(configMap('a', { data: { k: 'v' } })));
      const { metadata } = await cluster.client.get(`/api/v1/namespaces/${ns}/configmaps/a`);
      expect(JSON.parse(metadata.annotations?.[LAST_APPLIED] ?? '')).toMatchObject({ data: { k: 'v' } });
      expect(await cluster.ok(`apply view-last-applied cm a -n ${ns} -o json`)).toContain('"k": "v"');
    });

    test('merges lists of built-in kinds by their keys', async () => {
      const ns = await cluster.namespace();
      const account = (...names: string[]) => ({
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'robot' },
        secrets: names.map((name) => ({ name })),
      });
      const apply = (object: unknown) => cluster.ok(`apply -n ${ns} -f -`, manifest(object));
      await apply(account('a', 'b'));
      await cluster.ok([
        'patch',
        'sa',
        'robot',
        '-n',
        ns,
        '-p',
        '{"secrets":[{"name":"theirs"}],"metadata":{"finalizers":["example.com/x"]}}',
      ]);
      expect(await apply(account('b', 'c'))).toBe('serviceaccount/robot configured');
      const robot = await cluster.json<{ secrets: readonly { name: string }[] }>(`get sa robot -n ${ns}`);
      expect(robot.secrets.map(({ name }) => name).sort()).toEqual(['b', 'c', 'theirs']);
      const patch = '{"metadata":{"$deleteFromPrimitiveList/finalizers":["example.com/x"]}}';
      await cluster.ok(['patch', 'sa', 'robot', '-n', ns, '-p', patch]);
      const finalizers = await cluster.ok(`get sa robot -n ${ns} -o jsonpath={.metadata.finalizers}`);
      expect(finalizers).toBe('');
    });

    test('takes many kinds at once and prunes what is no longer named', async () => {
      const ns = await cluster.namespace();
      const labels = { set: 'one' };
      const role = {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        metadata: { name: 'r', labels },
        rules: [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'] }],
      };
      const secret = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 's', labels },
        stringData: { k: 'v' },
      };
      const all = manifest(configMap('a', { labels }), configMap('b', { labels }), role, secret);
      expect(await cluster.ok(`apply -n ${ns} -f -`, all)).toBe(
        'configmap/a created\nconfigmap/b created\nrole.rbac.authorization.k8s.io/r created\nsecret/s created',
      );
      expect(await cluster.ok(`apply -n ${ns} -f -`, all)).toBe(
        'configmap/a unchanged\nconfigmap/b unchanged\nrole.rbac.authorization.k8s.io/r unchanged\nsecret/s configured',
      );
      const pruned = await cluster.ok(
        `apply -n ${ns} -f - --prune -l set=one --prune-allowlist=core/v1/ConfigMap`,
        manifest(configMap('a', { labels })),
      );
      expect(pruned).toBe('configmap/a unchanged\nconfigmap/b pruned');
    });

    test('refuses unknown fields and invalid values, and creates nothing then', async () => {
      const ns = await cluster.namespace();
      const apply = (object: unknown) => cluster.fail(`apply -n ${ns} -f -`, manifest(object));
      expect(await apply({ ...configMap('a'), dta: {} })).toContain(
        'strict decoding error: unknown field "dta"',
      );
      expect(await apply(configMap('a', { data: { k: 1 } }))).toContain('cannot be handled as a ConfigMap');
      expect(await apply(configMap('A'))).toContain(
        'The ConfigMap "A" is invalid: metadata.name: Invalid value: "A"',
      );
      expect(await cluster.fail(`get cm a -n ${ns}`)).toContain('NotFound');
    });

    test('--dry-run=server tells what would happen', async () => {
      const ns = await cluster.namespace();
      const apply = (object: unknown, ...args: string[]) =>
        cluster.ok(['apply', '-n', ns, '-f', '-', ...args], manifest(object));
      expect(await apply(configMap('a'), '--dry-run=server')).toBe('configmap/a created (server dry run)');
      await apply(configMap('a', { data: { k: 'v' } }));
      const changed = configMap('a', { data: { k: 'w' } });
      expect(await apply(changed, '--dry-run=server')).toBe('configmap/a configured (server dry run)');
      expect(await cluster.ok(`get cm a -n ${ns} -o jsonpath={.data.k}`)).toBe('v');
    });
  });

  test('diff is empty after an apply and shows what would change', async () => {
    const ns = await cluster.namespace();
    const input = manifest(configMap('a', { data: { k: 'v' } }));
    const fresh = await cluster.run(`diff -n ${ns} -f -`, { input });
    expect(fresh.code).toBe(1);
    expect(fresh.stdout).toContain('+  k: v');
    await cluster.ok(`apply -n ${ns} -f -`, input);
    expect(await cluster.run(`diff -n ${ns} -f -`, { input })).toEqual({ code: 0, stdout: '', stderr: '' });
    const changed = await cluster.run(`diff -n ${ns} -f -`, {
      input: manifest(configMap('a', { data: { k: 'w' } })),
    });
    expect(changed.code).toBe(1);
    expect(changed.stdout).toContain('-  k: v\n+  k: w');
    expect(await cluster.ok(`get cm a -n ${ns} -o jsonpath={.data.k}`)).toBe('v');
  });

  test('edit writes back what the editor leaves', async () => {
    const ns = await cluster.namespace();
    await cluster.ok(`create configmap a -n ${ns} --from-literal=k=before`);
    const edit = (line: string, editor: string) => cluster.run(line, { env: { KUBE_EDITOR: editor } });
    const edited = await edit(`edit cm a -n ${ns}`, 'sed -i s/before/after/');
    expect([edited.code, edited.stdout]).toEqual([0, 'configmap/a edited\n']);
    expect(await cluster.ok(`get cm a -n ${ns} -o jsonpath={.data.k}`)).toBe('after');
    const same = await edit(`edit cm a -n ${ns}`, 'true');
    expect(same.stdout + same.stderr).toContain('Edit cancelled, no changes made.');
    await cluster.ok(`create secret generic s -n ${ns}`);
    const invalid = await edit(`edit secret s -n ${ns}`, 'sed -i s/Opaque/other/');
    expect(invalid.code).toBe(1);
    expect(invalid.stderr).toContain('secrets "s" is invalid');
    expect(invalid.stderr).toContain('Edit cancelled, no valid changes were saved.');
  });

  test('patch takes all types', async () => {
    const ns = await cluster.namespace();
    await cluster.client.create(
      `/api/v1/namespaces/${ns}/configmaps`,
      configMap('a', { data: { x: '1', y: '2' } }),
    );
    const patch = (type: string, body: string) =>
      cluster.run(['patch', 'cm', 'a', '-n', ns, `--type=${type}`, '-p', body]);
    const data = async () => JSON.parse(await cluster.ok(`get cm a -n ${ns} -o jsonpath={.data}`)) as unknown;
    expect((await patch('json', '[{"op":"replace","path":"/data/x","value":"3"}]')).stdout).toBe(
      'configmap/a patched\n',
    );
    expect(await data()).toEqual({ x: '3', y: '2' });
    expect((await patch('merge', '{"data":{"y":null,"z":"4"}}')).stdout).toBe('configmap/a patched\n');
    expect(await data()).toEqual({ x: '3', z: '4' });
    expect((await patch('strategic', '{"data":{"$patch":"replace","w":"5"}}')).stdout).toBe(
      'configmap/a patched\n',
    );
    expect(await data()).toEqual({ w: '5' });
    expect((await patch('merge', '{"data":{"w":"5"}}')).stdout).toBe('configmap/a patched (no change)\n');
    const failed = await patch('json', '[{"op":"test","path":"/data/w","value":"no"}]');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(
      'The request is invalid: the server rejected our request due to an error in our request',
    );
    const missing = await cluster.fail(['patch', 'cm', 'none', '-n', ns, '-p', '{}']);
    expect(missing).toBe('Error from server (NotFound): configmaps "none" not found');
  });

  test('label and annotate set, overwrite when told to, and remove', async () => {
    const ns = await cluster.namespace();
    await cluster.client.create(
      `/api/v1/namespaces/${ns}/configmaps`,
      configMap('a', { labels: { l: '1' } }),
    );
    const ok = (line: string) => cluster.ok(`${line} -n ${ns}`);
    expect(await ok('label cm a m=2')).toBe('configmap/a labeled');
    expect(await cluster.fail(`label cm a l=3 -n ${ns}`)).toContain(
      "'l' already has a value (1), and --overwrite is false",
    );
    expect(await ok('label cm a l=3 --overwrite')).toBe('configmap/a labeled');
    expect(await ok('label cm a m-')).toBe('configmap/a unlabeled');
    expect(await ok('label cm a l=3')).toBe('configmap/a not labeled');
    expect(await ok('annotate cm a note=hello')).toBe('configmap/a annotated');
    expect(await ok('label cm --all everywhere=yes')).toContain('configmap/kube-root-ca.crt labeled');
    const { metadata } = await cluster.client.get(`/api/v1/namespaces/${ns}/configmaps/a`);
    expect(metadata).toMatchObject({ labels: { l: '3', everywhere: 'yes' }, annotations: { note: 'hello' } });
    expect(metadata.labels).not.toHaveProperty('m');
    expect(await ok('annotate cm a note-')).toBe('configmap/a annotated');
    expect(await cluster.fail(['label', 'cm', 'a', '-n', ns, 'bad=a b'])).toContain('invalid');
  });

  test('replace overwrites, conflicts, and starts anew by force', async () => {
    const ns = await cluster.namespace();
    const path = `/api/v1/namespaces/${ns}/configmaps`;
    const created = await cluster.client.create(path, configMap('a', { data: { k: '1' } }));
    const replace = (object: unknown, ...args: string[]) =>
      cluster.run(['replace', '-n', ns, '-f', '-', ...args], { input: manifest(object) });
    expect((await replace(configMap('a', { data: { l: '2' } }))).stdout).toBe('configmap/a replaced\n');
    expect((await cluster.client.get(`${path}/a`))['data']).toEqual({ l: '2' });
    const stale = await replace(created);
    expect(stale.stderr).toContain(
      'Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    );
    const missing = await replace(configMap('none'));
    expect(missing.stderr).toContain(
      'Error from server (NotFound): error when replacing "STDIN": configmaps "none" not found',
    );
    const forced = await replace(configMap('a', { data: { m: '3' } }), '--force');
    expect(forced.stdout).toMatch(/configmap "a" deleted.*\nconfigmap\/a replaced/);
    const anew = await cluster.client.get(`${path}/a`);
    expect(anew.metadata.uid).not.toBe(created.metadata.uid);
    expect(anew['data']).toEqual({ m: '3' });
  });
});
