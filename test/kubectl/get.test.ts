import { expect, test } from 'vitest';
import { configMap } from '../http/client.ts';
import { describeKubectl, rowsOf } from './cluster.ts';

describeKubectl('kubectl get', (cluster) => {
  async function withConfigMaps(): Promise<string> {
    const namespace = await cluster.namespace();
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    await cluster.client.create(path, configMap('b', { labels: { app: 'x', tier: '1' }, data: { k: 'v' } }));
    await cluster.client.create(path, configMap('a', { labels: { app: 'x' }, data: { k: 'w', l: '2' } }));
    await cluster.client.create(path, configMap('c', { labels: { app: 'y' } }));
    return namespace;
  }

  test('prints a table, by any name of the kind', async () => {
    const namespace = await withConfigMaps();
    const outputs = await Promise.all(
      ['cm', 'configmap', 'configmaps', 'ConfigMap', 'configmaps.v1.'].map((kind) =>
        cluster.ok(`get ${kind} -n ${namespace}`),
      ),
    );
    for (const output of outputs) {
      expect(output.split('\n')[0]).toMatch(/^NAME +DATA +AGE$/);
      expect(rowsOf(output).map((row) => row.slice(0, 2))).toEqual([
        ['a', '2'],
        ['b', '1'],
        ['c', '0'],
        ['kube-root-ca.crt', '1'],
      ]);
    }
  });

  test('prints names, JSONPath, templates, columns, JSON and YAML', async () => {
    const namespace = await withConfigMaps();
    const get = (output: string) => cluster.ok(['get', 'cm', '-n', namespace, '-l', 'app=x', '-o', output]);
    const [name, jsonPath, template, columns, json, yaml, wide] = await Promise.all([
      get('name'),
      get('jsonpath={.items[*].data.k}'),
      get('go-template={{range .items}}{{.metadata.name}};{{end}}'),
      get('custom-columns=N:.metadata.name,K:.data.k'),
      get('json'),
      get('yaml'),
      get('wide'),
    ]);
    expect(name).toBe('configmap/a\nconfigmap/b');
    expect(jsonPath).toBe('w v');
    expect(template).toBe('a;b;');
    expect(columns.replaceAll(/ +/g, ' ')).toBe('N K\na w\nb v');
    expect(JSON.parse(json)).toMatchObject({
      kind: 'List',
      items: [
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace } },
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b', namespace } },
      ],
    });
    expect(yaml).toContain('kind: ConfigMap');
    expect(wide).toMatch(/^NAME +DATA +AGE\n/);
  });

  test('takes label selectors, field selectors and label columns', async () => {
    const namespace = await withConfigMaps();
    const names = async (...args: string[]) =>
      (await cluster.ok(['get', 'cm', '-n', namespace, '-o', 'name', ...args])).split('\n');
    const [equal, set, field, both, columns, labels] = await Promise.all([
      names('-l', 'app=y'),
      names('-l', 'app in (x,y),tier'),
      names('--field-selector', 'metadata.name!=a'),
      names('-l', 'app=x', '--field-selector', 'metadata.name=a'),
      cluster.ok(`get cm -n ${namespace} -L app,tier`),
      cluster.ok(`get cm a -n ${namespace} --show-labels`),
    ]);
    expect(equal).toEqual(['configmap/c']);
    expect(set).toEqual(['configmap/b']);
    expect(field).toEqual(['configmap/b', 'configmap/c', 'configmap/kube-root-ca.crt']);
    expect(both).toEqual(['configmap/a']);
    expect(columns.split('\n')[0]).toMatch(/APP +TIER$/);
    expect(columns).toMatch(/^b .* x +1$/m);
    expect(labels).toMatch(/LABELS\na .*app=x$/);
    const phase = await cluster.ok('get ns --field-selector status.phase=Active -o name');
    expect(phase.split('\n')).toContain('namespace/kube-system');
    expect(await cluster.fail(`get cm -n ${namespace} --field-selector spec.x=1`)).toMatch(
      /field label not supported|is not a known field selector/,
    );
  });

  test('shows all namespaces', async () => {
    const first = await withConfigMaps();
    const second = await withConfigMaps();
    const output = await cluster.ok('get cm -A -l app=y');
    expect(output).toMatch(/^NAMESPACE +NAME +DATA +AGE\n/);
    for (const namespace of [first, second]) {
      expect(rowsOf(output).map((row) => row.slice(0, 2))).toContainEqual([namespace, 'c']);
    }
    expect(rowsOf(await cluster.ok('get serviceaccounts -A')).map((row) => row.slice(0, 2))).toContainEqual([
      'kube-system',
      'default',
    ]);
  });

  test('reads in chunks and sorts', async () => {
    const namespace = await cluster.namespace();
    const path = `/api/v1/namespaces/${namespace}/secrets`;
    const names = Array.from({ length: 12 }, (_value, index) => `s${String(index).padStart(2, '0')}`);
    for (const [index, name] of names.entries()) {
      const annotations = { order: String(99 - index) };
      await cluster.client.create(path, { metadata: { name, annotations } });
    }
    const [chunked, sorted, byAge, one] = await Promise.all([
      cluster.run(`get secrets -n ${namespace} --chunk-size=5 -o name -v=6`),
      cluster.ok(`get secrets -n ${namespace} --sort-by=.metadata.annotations.order`),
      cluster.ok(`get secrets -n ${namespace} --sort-by=.metadata.creationTimestamp -o name`),
      cluster.ok(`get secrets -n ${namespace} --chunk-size=1 --no-headers`),
    ]);
    expect(chunked.stdout.trim().split('\n')).toEqual(names.map((name) => `secret/${name}`));
    expect(chunked.stderr.match(/secrets\?.*limit=5/g)).toHaveLength(3);
    expect(rowsOf(sorted).map(([name]) => name)).toEqual([...names].reverse());
    expect(byAge.split('\n')).toHaveLength(12);
    expect(one.split('\n')).toHaveLength(12);
  });

  test('prints several kinds, and what is there beside what is not', async () => {
    const namespace = await withConfigMaps();
    const [kinds, mixed] = await Promise.all([
      cluster.ok(`get cm,sa,secrets -n ${namespace} -o name`),
      cluster.run(`get cm a none -n ${namespace} -o name`),
    ]);
    expect(kinds.split('\n')).toEqual([
      'configmap/a',
      'configmap/b',
      'configmap/c',
      'configmap/kube-root-ca.crt',
      'serviceaccount/default',
    ]);
    expect(mixed.code).toBe(1);
    expect(mixed.stdout).toBe('configmap/a\n');
    expect(mixed.stderr).toBe('Error from server (NotFound): configmaps "none" not found\n');
  });

  test('says what is missing in the words of Kubernetes', async () => {
    const namespace = await cluster.namespace();
    const [none, ignored, nothing, kind, empty] = await Promise.all([
      cluster.fail(`get cm none -n ${namespace}`),
      cluster.ok(`get cm none -n ${namespace} --ignore-not-found`),
      cluster.fail('get pods'),
      cluster.fail('get nothing.example.com'),
      cluster.run(`get secrets -n ${namespace}`),
    ]);
    expect(none).toBe('Error from server (NotFound): configmaps "none" not found');
    expect(ignored).toBe('');
    expect(nothing).toBe('error: the server doesn\'t have a resource type "pods"');
    expect(kind).toBe('error: the server doesn\'t have a resource type "nothing"');
    expect(empty).toEqual({ code: 0, stdout: '', stderr: `No resources found in ${namespace} namespace.\n` });
  });

  test('-w prints what is there and then each change', async () => {
    const namespace = await cluster.namespace();
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const table = cluster.follow(`get cm -n ${namespace} -w --output-watch-events`);
    const names = cluster.follow(`get cm -n ${namespace} --watch-only -o name`);
    const selected = cluster.follow(`get cm -n ${namespace} -w -l app=x -o name`);
    try {
      await table.until(/ADDED +kube-root-ca\.crt +1 /);
      // Nothing tells that the silent two are watching: repeat a change until they show it.
      let tries = 0;
      const shown = async (): Promise<boolean> => {
        tries += 1;
        await cluster.client.create(path, configMap(`probe-${tries}`, { labels: { app: 'x' } }));
        return Promise.all([names.until(/probe/, 300), selected.until(/probe/, 300)]).then(
          () => true,
          () => tries > 40,
        );
      };
      while (!(await shown()));
      await cluster.client.create(path, configMap('a', { labels: { app: 'x' } }));
      await cluster.client.patch(`${path}/a`, { data: { x: '1' } });
      await cluster.client.patch(`${path}/a`, { metadata: { labels: { app: 'y' } } });
      await cluster.client.delete(`${path}/a`);
      const text = await table.until(/DELETED +a +1 /);
      expect(text).toMatch(/^EVENT +NAME +DATA +AGE\n/);
      const events = text.split('\n').filter((line) => / a +\d /.test(line));
      expect(events.map((line) => line.replaceAll(/ +/g, ' ').replace(/ \w+$/, ''))).toEqual([
        'ADDED a 0',
        'MODIFIED a 1',
        'MODIFIED a 1',
        'DELETED a 1',
      ]);
      await names.until(/(configmap\/a\n){4}/);
      // With the selector: it comes, changes and leaves.
      await selected.until(/(configmap\/a\n){3}/);
    } finally {
      for (const following of [table, names, selected]) following.stop();
    }
  });

  test('reads raw paths', async () => {
    const [version, health, list, missing] = await Promise.all([
      cluster.ok('get --raw /version'),
      cluster.ok('get --raw /readyz?verbose'),
      cluster.ok('get --raw /api/v1/namespaces?limit=1'),
      cluster.fail('get --raw /nothing'),
    ]);
    expect(JSON.parse(version)).toMatchObject({ major: '1' });
    expect(health).toMatch(/readyz check passed$/);
    expect(JSON.parse(list)).toMatchObject({ kind: 'NamespaceList', items: [{}] });
    expect(missing).toContain('the server could not find the requested resource');
  });
});
