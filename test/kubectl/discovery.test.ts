import { expect, test } from 'vitest';
import { describeKubectl, rowsOf } from './cluster.ts';

describeKubectl('kubectl and the shape of the server', (cluster) => {
  test('api-resources lists what is served, and no pods', async () => {
    const [all, names, group, verbs] = await Promise.all([
      cluster.ok('api-resources'),
      cluster.ok('api-resources -o name --sort-by=name'),
      cluster.ok('api-resources --api-group=rbac.authorization.k8s.io -o name'),
      cluster.ok('api-resources --verbs=list,watch --namespaced=true -o wide'),
    ]);
    expect(all).toMatch(/^NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND\n/);
    expect(all).toMatch(/^configmaps +cm +v1 +true +ConfigMap$/m);
    expect(all).toMatch(/^namespaces +ns +v1 +false +Namespace$/m);
    expect(all).toMatch(
      /^customresourcedefinitions +crd,crds +apiextensions\.k8s\.io\/v1 +false +CustomResourceDefinition$/m,
    );
    for (const absent of ['pods', 'nodes', 'services', 'deployments.apps']) {
      expect(names.split('\n')).not.toContain(absent);
    }
    const expected = [
      'configmaps',
      'customresourcedefinitions.apiextensions.k8s.io',
      'events',
      'events.events.k8s.io',
      'leases.coordination.k8s.io',
      'limitranges',
      'localsubjectaccessreviews.authorization.k8s.io',
      'namespaces',
      'resourcequotas',
      'secrets',
      'selfsubjectaccessreviews.authorization.k8s.io',
      'selfsubjectreviews.authentication.k8s.io',
      'selfsubjectrulesreviews.authorization.k8s.io',
      'serviceaccounts',
      'subjectaccessreviews.authorization.k8s.io',
      'tokenreviews.authentication.k8s.io',
    ];
    expect(names.split('\n')).toEqual(expect.arrayContaining(expected));
    expect(group.split('\n').sort()).toEqual(
      ['clusterrolebindings', 'clusterroles', 'rolebindings', 'roles'].map(
        (name) => `${name}.rbac.authorization.k8s.io`,
      ),
    );
    expect(verbs).toMatch(
      /^secrets +v1 +true +Secret +create,delete,deletecollection,get,list,patch,update,watch/m,
    );
  });

  test('everything that says it can be listed can be listed', async () => {
    const names = (await cluster.ok('api-resources --verbs=list -o name')).split('\n');
    const listed = await cluster.run(['get', names.join(','), '-A', '-o', 'name']);
    expect([listed.code, listed.stderr]).toEqual([0, '']);
    expect(listed.stdout).toContain('namespace/default');
    const tables = await Promise.all(names.map((name) => cluster.run(['get', name, '-A'])));
    for (const { code, stderr } of tables) {
      expect(code, stderr).toBe(0);
      expect(stderr.replace('No resources found\n', '')).toBe('');
    }
  });

  test('api-versions lists the groups', async () => {
    const versions = (await cluster.ok('api-versions')).split('\n');
    expect(versions).toEqual(
      expect.arrayContaining([
        'apiextensions.k8s.io/v1',
        'authentication.k8s.io/v1',
        'authorization.k8s.io/v1',
        'coordination.k8s.io/v1',
        'events.k8s.io/v1',
        'rbac.authorization.k8s.io/v1',
        'v1',
      ]),
    );
    expect(versions.filter((version) => version.startsWith('apps/') || version.startsWith('batch/'))).toEqual(
      [],
    );
  });

  test('explain describes built-in kinds and their fields', async () => {
    const [kind, field, deep, recursive, unknown, v2, role] = await Promise.all([
      cluster.ok('explain configmaps'),
      cluster.ok('explain configmap.data'),
      cluster.ok('explain cm.metadata.ownerReferences.uid'),
      cluster.ok('explain namespace --recursive'),
      cluster.fail('explain configmap.nothing'),
      cluster.ok('explain secrets --output=plaintext-openapiv2'),
      cluster.ok('explain roles.rules --api-version=rbac.authorization.k8s.io/v1'),
    ]);
    expect(kind).toMatch(/^KIND: +ConfigMap\nVERSION: +v1\n/);
    expect(kind).toMatch(/FIELDS:\n[\s\S]* data\t<map\[string\]string>\n/);
    expect(kind).toMatch(/immutable\t<boolean>/);
    expect(kind).toMatch(/metadata\t<ObjectMeta>/);
    expect(field).toMatch(/FIELD: data <map\[string\]string>/);
    expect(deep).toMatch(/FIELD: uid <string>/);
    expect(recursive).toMatch(
      /ownerReferences\t<\[\]OwnerReference>[\s\S]* {4}blockOwnerDeletion\t<boolean>/,
    );
    expect(recursive).toMatch(/status\t<NamespaceStatus>[\s\S]*phase\t<string>/);
    expect(unknown).toContain('field "nothing" does not exist');
    expect(v2).toMatch(/KIND: +Secret/);
    expect(role).toMatch(/GROUP: +rbac\.authorization\.k8s\.io/);
    expect(role).toMatch(/verbs\t<\[\]string> -required-/);
  });

  test('every kind can be explained', async () => {
    const rows = rowsOf(await cluster.ok('api-resources'));
    const explained = await Promise.all(
      rows.map((row) => {
        const [version = '', , kind = ''] = row.slice(-3);
        return cluster
          .run(`explain ${row[0]} --api-version=${version}`)
          .then((result) => ({ kind, ...result }));
      }),
    );
    expect(explained.length).toBeGreaterThan(15);
    for (const { kind, code, stdout, stderr } of explained) {
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(new RegExp(`KIND: +${kind}\n`));
      expect(stdout).not.toContain('<empty>');
    }
  });

  test('auth tells what one may do and who one is', async () => {
    const [yes, named, list, whoami, yaml, path] = await Promise.all([
      cluster.ok('auth can-i create configmaps'),
      cluster.ok('auth can-i delete secrets/a -n kube-system'),
      cluster.ok('auth can-i --list -n default'),
      cluster.ok('auth whoami'),
      cluster.ok('auth whoami -o yaml'),
      cluster.ok('auth can-i get /healthz'),
    ]);
    expect([yes, named, path]).toEqual(['yes', 'yes', 'yes']);
    expect(list).toMatch(/^Resources +Non-Resource URLs +Resource Names +Verbs\n/);
    expect(list).toMatch(/\*\.\* +\[\] +\[\] +\[\*\]/);
    expect(whoami).toMatch(/^ATTRIBUTE +VALUE\nUsername +kcp-admin\n/);
    expect(whoami).toContain('system:authenticated');
    expect(yaml).toContain('kind: SelfSubjectReview');
  });

  test('version and cluster-info speak to the server', async () => {
    const [version, info, healthz] = await Promise.all([
      cluster.json<{ serverVersion: { major: string; minor: string; gitVersion: string } }>('version'),
      cluster.run('cluster-info'),
      cluster.run('version'),
    ]);
    expect(version.serverVersion.major).toBe('1');
    expect(version.serverVersion.gitVersion).toContain(`v1.${version.serverVersion.minor}.`);
    // One minor version apart is what kubectl takes without a warning.
    expect(healthz.stderr).toBe('');
    // It wants to list services, of which there are none.
    expect(info.stdout + info.stderr).toMatch(
      /is running at|the server doesn't have a resource type "services"/,
    );
  });

  test('all contexts of the kubeconfig work', async () => {
    const contexts = await cluster.ok('config get-contexts -o name');
    expect(contexts.split('\n').sort()).toEqual(['base', 'root', 'system:admin']);
    const lists = await Promise.all(
      ['base', 'root'].map((context) => cluster.ok(`get ns --context=${context} -o name`)),
    );
    for (const list of lists) expect(list.split('\n')).toContain('namespace/default');
    expect(
      await cluster.ok('auth whoami --context=system:admin -o jsonpath={.status.userInfo.username}'),
    ).toBe('shard-admin');
  });
});
