import { beforeAll, describe, expect, test } from 'vitest';
import { describeKubectl, manifest, rowsOf } from './cluster.ts';

const GROUP = 'stable.example.com';
const PHASES = ['Planned', 'Done'];

const DEFINITION = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `backups.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { plural: 'backups', singular: 'backup', kind: 'Backup', shortNames: ['bk'], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: 'Schedule', type: 'string', jsonPath: '.spec.schedule' },
          { name: 'Copies', type: 'integer', jsonPath: '.spec.copies' },
          { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
          { name: 'Targets', type: 'string', jsonPath: '.spec.targets[*].name', priority: 1 },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        schema: {
          openAPIV3Schema: {
            description: 'A copy of what is dear.',
            type: 'object',
            required: ['spec'],
            properties: {
              spec: {
                description: 'What to copy, and when.',
                type: 'object',
                required: ['schedule'],
                properties: {
                  schedule: { type: 'string', description: 'A cron line.', pattern: '^(\\S+ ){4}\\S+$' },
                  copies: { type: 'integer', minimum: 1, maximum: 9, default: 3 },
                  mode: { type: 'string', enum: ['Full', 'Partial'], default: 'Full' },
                  size: { 'x-kubernetes-int-or-string': true },
                  note: { type: 'string', nullable: true, maxLength: 10 },
                  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  targets: {
                    type: 'array',
                    maxItems: 3,
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: {
                      type: 'object',
                      required: ['name'],
                      properties: {
                        name: { type: 'string' },
                        weight: { type: 'number', default: 1 },
                      },
                    },
                  },
                },
              },
              status: {
                type: 'object',
                properties: {
                  phase: { type: 'string', enum: PHASES },
                  conditions: {
                    type: 'array',
                    items: {
                      type: 'object',
                      properties: { type: { type: 'string' }, status: { type: 'string' } },
                    },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

function backup(name: string, spec: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    apiVersion: `${GROUP}/v1`,
    kind: 'Backup',
    metadata: { name },
    spec: { schedule: '0 1 * * *', ...spec },
  };
}

describeKubectl('kubectl and custom resources', (cluster) => {
  const pathOf = (namespace: string) => `/apis/${GROUP}/v1/namespaces/${namespace}/backups`;

  beforeAll(async () => {
    expect(await cluster.ok('create -f -', manifest(DEFINITION))).toBe(
      `customresourcedefinition.apiextensions.k8s.io/backups.${GROUP} created`,
    );
    expect(await cluster.ok(`wait --for=condition=Established crd/backups.${GROUP} --timeout=10s`)).toBe(
      `customresourcedefinition.apiextensions.k8s.io/backups.${GROUP} condition met`,
    );
  });

  test('a definition is accepted, named, defaulted and discovered', async () => {
    const [crd, resources, explained, field, described, applied] = await Promise.all([
      cluster.json(`get crd backups.${GROUP}`),
      cluster.ok(`api-resources --api-group=${GROUP} -o wide`),
      cluster.ok('explain backups'),
      cluster.ok('explain backup.spec --recursive'),
      cluster.ok(`describe crd backups.${GROUP}`),
      cluster.ok('apply -f - --dry-run=server', manifest(DEFINITION)),
    ]);
    expect(crd).toMatchObject({
      spec: { conversion: { strategy: 'None' }, names: { listKind: 'BackupList', singular: 'backup' } },
      status: {
        acceptedNames: { plural: 'backups', kind: 'Backup', shortNames: ['bk'], categories: ['all'] },
        storedVersions: ['v1'],
        conditions: [
          { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
          { type: 'Established', status: 'True', reason: 'InitialNamesAccepted' },
        ],
      },
    });
    expect(resources).toMatch(
      new RegExp(
        `^backups +bk +${GROUP}/v1 +true +Backup +delete,deletecollection,get,list,patch,create,update,watch +all$`,
        'm',
      ),
    );
    expect(explained).toMatch(/^GROUP: +stable\.example\.com\nKIND: +Backup\nVERSION: +v1\n/);
    expect(explained).toContain('A copy of what is dear.');
    expect(field).toMatch(/schedule\t<string> -required-/);
    expect(field).toMatch(/mode\t<string>\n +enum: Full, Partial/);
    expect(described).toMatch(/Kind: +CustomResourceDefinition/);
    expect(applied).toContain('configured (server dry run)');
  });

  test('objects are created, defaulted, pruned and shown in their columns', async () => {
    const ns = await cluster.namespace();
    const object = backup('a', {
      targets: [{ name: 't' }, { name: 'u', weight: 2.5 }],
      size: '10Gi',
      free: { any: [1] },
    });
    expect(await cluster.ok(`create -n ${ns} -f -`, manifest(object))).toBe(`backup.${GROUP}/a created`);
    const pruned = await cluster.client.create(
      pathOf(ns),
      backup('b', { unknown: { x: 1 }, note: null, size: 5 }),
    );
    expect(pruned['spec']).toEqual({ schedule: '0 1 * * *', copies: 3, mode: 'Full', note: null, size: 5 });
    const stored = await cluster.client.get(`${pathOf(ns)}/a`);
    expect(stored).toMatchObject({ apiVersion: `${GROUP}/v1`, kind: 'Backup', metadata: { generation: 1 } });
    expect(stored['spec']).toEqual({
      schedule: '0 1 * * *',
      copies: 3,
      mode: 'Full',
      size: '10Gi',
      free: { any: [1] },
      targets: [
        { name: 't', weight: 1 },
        { name: 'u', weight: 2.5 },
      ],
    });
    const [table, wide, all, names] = await Promise.all([
      cluster.ok(`get bk -n ${ns}`),
      cluster.ok(`get backups.v1.${GROUP} a -n ${ns} -o wide`),
      cluster.ok(`get all -n ${ns}`),
      cluster.ok(`get backup -n ${ns} -o name`),
    ]);
    expect(table).toMatch(/^NAME +SCHEDULE +COPIES +PHASE +AGE\n/);
    expect(table).toMatch(/^a +0 1 \* \* \* +3 +\d+s$/m);
    expect(wide).toMatch(/^NAME +SCHEDULE +COPIES +PHASE +TARGETS +AGE\na +0 1 \* \* \* +3 +t +\d+s$/);
    expect(all).toMatch(/^a +0 1 /m);
    expect(names).toBe(`backup.${GROUP}/a\nbackup.${GROUP}/b`);
  });

  test('objects are applied twice, diffed, labelled and edited', async () => {
    const ns = await cluster.namespace();
    const input = manifest(backup('a', { targets: [{ name: 't', weight: 2 }] }));
    expect(await cluster.ok(`apply -n ${ns} -f -`, input)).toBe(`backup.${GROUP}/a created`);
    expect(await cluster.ok(`apply -n ${ns} -f -`, input)).toBe(`backup.${GROUP}/a unchanged`);
    expect(await cluster.run(`diff -n ${ns} -f -`, { input })).toEqual({ code: 0, stdout: '', stderr: '' });
    const changed = manifest(backup('a', { copies: 5 }));
    expect((await cluster.run(`diff -n ${ns} -f -`, { input: changed })).stdout).toMatch(
      /- {2}copies: 3\n\+ {2}copies: 5/,
    );
    expect(await cluster.ok(`apply -n ${ns} -f -`, changed)).toBe(`backup.${GROUP}/a configured`);
    expect(await cluster.ok(`label bk a -n ${ns} l=1`)).toBe(`backup.${GROUP}/a labeled`);
    const edited = await cluster.run(`edit bk a -n ${ns}`, {
      env: { KUBE_EDITOR: 'sed -i s/copies:.5/copies:\\ 6/' },
    });
    expect(edited.stdout + edited.stderr).toBe(`backup.${GROUP}/a edited\n`);
    const object = await cluster.client.get(`${pathOf(ns)}/a`);
    expect(object).toMatchObject({ metadata: { generation: 3, labels: { l: '1' } }, spec: { copies: 6 } });
    expect(object['spec']).not.toHaveProperty('targets');
  });

  test('patches are merged or made in steps, and strategic ones refused', async () => {
    const ns = await cluster.namespace();
    await cluster.client.create(pathOf(ns), backup('a'));
    const patch = (type: string, body: string) =>
      cluster.run(['patch', 'bk', 'a', '-n', ns, `--type=${type}`, '-p', body]);
    expect((await patch('merge', '{"spec":{"copies":4}}')).stdout).toBe(`backup.${GROUP}/a patched\n`);
    expect((await patch('json', '[{"op":"replace","path":"/spec/copies","value":5}]')).stdout).toBe(
      `backup.${GROUP}/a patched\n`,
    );
    const strategic = await patch('strategic', '{"spec":{"copies":6}}');
    expect(strategic.code).toBe(1);
    expect(strategic.stderr).toContain(
      `application/strategic-merge-patch+json is not supported by ${GROUP}/v1, Kind=Backup`,
    );
    expect(await cluster.ok(`get bk a -n ${ns} -o jsonpath={.spec.copies}`)).toBe('5');
  });

  test('the status is a world of its own', async () => {
    const ns = await cluster.namespace();
    const created = await cluster.client.create(pathOf(ns), { ...backup('a'), status: { phase: 'Done' } });
    expect(created['status']).toBeUndefined();
    await cluster.ok([
      'patch',
      'bk',
      'a',
      '-n',
      ns,
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"phase":"Planned"},"spec":{"copies":9},"metadata":{"labels":{"l":"1"}}}',
    ]);
    const patched = await cluster.client.get(`${pathOf(ns)}/a`);
    expect(patched).toMatchObject({
      metadata: { generation: 1 },
      spec: { copies: 3 },
      status: { phase: 'Planned' },
    });
    expect(patched.metadata.labels).toBeUndefined();
    const main = await cluster.client.patch(`${pathOf(ns)}/a`, {
      status: { phase: 'Done' },
      spec: { copies: 4 },
    });
    expect(main).toMatchObject({ metadata: { generation: 2 }, status: { phase: 'Planned' } });
    expect(rowsOf(await cluster.ok(`get bk a -n ${ns}`))[0]?.[3]).toBe('Planned');
    const waiting = cluster.follow(`wait --for=condition=Ready bk/a -n ${ns} --timeout=20s -v=6`);
    await waiting.until(/watch=true/);
    await cluster.client.patch(`${pathOf(ns)}/a/status`, {
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
    expect(await waiting.ended()).toContain(`backup.${GROUP}/a condition met`);
    const bad = await cluster.fail([
      'patch',
      'bk',
      'a',
      '-n',
      ns,
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"phase":"Lost"}}',
    ]);
    expect(bad).toContain('status.phase: Unsupported value: "Lost": supported values: "Planned", "Done"');
  });

  describe('what does not fit the schema is refused by the name of its field', () => {
    test.each([
      [
        { schedule: undefined },
        'spec.schedule: Required value',
        { reason: 'FieldValueRequired', field: 'spec.schedule' },
      ],
      [
        { copies: 0 },
        'spec.copies: Invalid value: 0: spec.copies in body should be greater than or equal to 1',
        { reason: 'FieldValueInvalid', field: 'spec.copies' },
      ],
      [
        { copies: 'many' },
        'spec.copies: Invalid value: "string": spec.copies in body must be of type integer: "string"',
        { reason: 'FieldValueTypeInvalid', field: 'spec.copies' },
      ],
      [
        { mode: 'Half' },
        'spec.mode: Unsupported value: "Half": supported values: "Full", "Partial"',
        { reason: 'FieldValueNotSupported', field: 'spec.mode' },
      ],
      [
        { schedule: 'now' },
        'spec.schedule: Invalid value: "now": spec.schedule in body should match \'^(\\S+ ){4}\\S+$\'',
        { reason: 'FieldValueInvalid', field: 'spec.schedule' },
      ],
      [
        { note: 'much too long' },
        'spec.note: Too long: may not be more than 10 bytes',
        { reason: 'FieldValueTooLong', field: 'spec.note' },
      ],
      [
        { targets: [{ weight: 1 }] },
        'spec.targets[0].name: Required value',
        { reason: 'FieldValueRequired', field: 'spec.targets[0].name' },
      ],
      [
        { targets: [{ name: 'x' }, { name: 'x' }] },
        'spec.targets[1]: Duplicate value: {"name":"x"}',
        { reason: 'FieldValueDuplicate', field: 'spec.targets[1]' },
      ],
      [
        { targets: [1, 2, 3, 4].map((n) => ({ name: `t${n}` })) },
        'spec.targets: Too many: 4: must have at most 3 items',
        { reason: 'FieldValueTooMany', field: 'spec.targets' },
      ],
      [
        { size: true },
        'spec.size: Invalid value: "boolean": spec.size in body must be of type integer,string: "boolean"',
        { reason: 'FieldValueTypeInvalid', field: 'spec.size' },
      ],
    ])('%j', async (spec, message, cause) => {
      const status = await cluster.client.refuse(422, pathOf('default'), {
        method: 'POST',
        body: backup('x', spec),
      });
      expect(status).toMatchObject({
        reason: 'Invalid',
        details: {
          name: 'x',
          group: GROUP,
          kind: 'Backup',
          causes: expect.arrayContaining([expect.objectContaining(cause)]),
        },
      });
      expect(status.message).toContain(`Backup.${GROUP} "x" is invalid: `);
      expect(status.message).toContain(message);
    });

    test('and kubectl says so', async () => {
      const [invalid, unknown, kind] = await Promise.all([
        cluster.fail('create -f -', manifest(backup('x', { copies: 10 }))),
        cluster.fail('create -f -', manifest(backup('x', { coppies: 1 }))),
        cluster.fail('create -f -', manifest({ ...backup('x'), apiVersion: `${GROUP}/v2` })),
      ]);
      expect(invalid).toBe(
        'The Backup "x" is invalid: spec.copies: Invalid value: 10: spec.copies in body should be less than or equal to 9',
      );
      expect(unknown).toContain(
        'Backup in version "v1" cannot be handled as a Backup: strict decoding error: unknown field "spec.coppies"',
      );
      expect(kind).toContain(`no matches for kind "Backup" in version "${GROUP}/v2"`);
    });
  });

  test('protobuf is not for custom resources, and they say so', async () => {
    const type = 'application/vnd.kubernetes.protobuf';
    expect((await cluster.client.call(pathOf('default'), { headers: { accept: type } })).status).toBe(406);
    const json = await cluster.client.call(pathOf('default'), {
      headers: { accept: `${type},application/json` },
    });
    expect(json.headers['content-type']).toBe('application/json');
    expect(JSON.parse(json.text)).toMatchObject({ kind: 'BackupList', apiVersion: `${GROUP}/v1` });
  });

  test('a definition with a fault is refused', async () => {
    const { metadata, spec, ...rest } = DEFINITION;
    const [version] = spec.versions;
    const variants = [
      [{ ...rest, metadata: { name: 'other' }, spec }, 'must be spec.names.plural+"."+spec.group'],
      [{ ...rest, metadata, spec: { ...spec, scope: 'Planet' } }, 'spec.scope: Unsupported value: "Planet"'],
      [
        { ...rest, metadata, spec: { ...spec, versions: [{ ...version, schema: undefined }] } },
        'Required value',
      ],
      [
        { ...rest, metadata, spec: { ...spec, versions: [{ ...version, storage: false }] } },
        'must have exactly one version marked as storage version',
      ],
      [
        {
          ...rest,
          metadata,
          spec: {
            ...spec,
            versions: [
              {
                ...version,
                schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'odd' } } } },
              },
            ],
          },
        },
        'type: Unsupported value: "odd"',
      ],
    ] as const;
    for (const [body, message] of variants) {
      const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All';
      const status = await cluster.client.refuse(422, path, { method: 'POST', body });
      expect(status.message).toContain(message);
    }
  });

  test('a cluster-scoped kind has no namespace', async () => {
    const { spec } = DEFINITION;
    const names = { plural: 'planets', kind: 'Planet' };
    const definition = {
      ...DEFINITION,
      metadata: { name: `planets.${GROUP}` },
      spec: { ...spec, names, scope: 'Cluster' },
    };
    await cluster.ok('apply -f -', manifest(definition));
    await cluster.ok(`wait --for=condition=Established crd/planets.${GROUP} --timeout=10s`);
    await cluster.ok('apply -f -', manifest({ ...backup('earth'), kind: 'Planet' }));
    expect(await cluster.ok('get planets -o name')).toBe(`planet.${GROUP}/earth`);
    expect(await cluster.ok('get planet earth -o jsonpath={.metadata.namespace}')).toBe('');
    const namespaced = await cluster.client.call(`/apis/${GROUP}/v1/namespaces/default/planets/earth`);
    expect(namespaced.status).toBe(404);
  });

  test('a definition takes its objects with it, watchers learn of each, and nothing comes back', async () => {
    const { client } = cluster;
    const { spec } = DEFINITION;
    const definition = {
      ...DEFINITION,
      metadata: { name: `things.${GROUP}` },
      spec: { ...spec, names: { plural: 'things', kind: 'Thing' } },
    };
    const thing = (name: string) => ({ ...backup(name), kind: 'Thing' });
    const path = `/apis/${GROUP}/v1/namespaces/default/things`;
    await cluster.ok('create -f -', manifest(definition));
    await client.until(path, (_object, status) => status === 200);
    for (const name of ['a', 'b']) await client.create(path, thing(name));
    await client.create(path, { ...thing('c'), metadata: { name: 'c', finalizers: ['example.com/hold'] } });
    const watch = await client.watch(`${path}?watch=1`);
    await watch.take(3);
    const deletion = cluster.follow(`delete crd things.${GROUP} --timeout=30s`);
    const events = await watch.take(3);
    const seen = events.map(({ type, object }) => `${type} ${object.metadata.name}`).sort();
    expect(seen).toEqual(['DELETED a', 'DELETED b', 'MODIFIED c']);
    const terminating = await client.get(
      `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.${GROUP}`,
    );
    expect(terminating.metadata.finalizers).toEqual(['customresourcecleanup.apiextensions.k8s.io']);
    expect(terminating).toMatchObject({
      status: {
        conditions: expect.arrayContaining([
          expect.objectContaining({ type: 'Terminating', status: 'True' }),
        ]),
      },
    });
    const late = await client.refuse(403, path, { method: 'POST', body: thing('late') });
    expect(late.message).toContain('create not allowed while custom resource definition is terminating');
    await client.patch(`${path}/c`, { metadata: { finalizers: null } });
    expect(await watch.next()).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'c' } } });
    await watch.ended;
    await deletion.ended(20_000);
    await client.until(path, (_object, status) => status === 404);
    expect(await cluster.fail('get things')).toBe('error: the server doesn\'t have a resource type "things"');
    await cluster.ok('create -f -', manifest(definition));
    const list = await client.until(path, (_object, status) => status === 200);
    expect(list['items']).toEqual([]);
  });
});
