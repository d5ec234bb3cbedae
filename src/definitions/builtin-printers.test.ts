import { describe, expect, test } from 'vitest';
import { type JsonObject, type JsonValue, type KubeObject, objectOf } from '../machinery/mod.ts';
import { builtinPrinter } from './builtin-printers.ts';
import type { Cell } from './definition.ts';

const NOW_MS = Date.parse('2024-01-02T00:00:00Z');
const CREATED = '2024-01-01T23:55:00Z';
const RBAC = 'rbac.authorization.k8s.io';

function kubeObject(members: Record<string, unknown>): KubeObject {
  const text = JSON.stringify({ metadata: { name: 'a', creationTimestamp: CREATED }, ...members });
  return JSON.parse(text, (_key, value: JsonValue) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? objectOf(value as JsonObject)
      : value,
  ) as KubeObject;
}

function cellsOf(kind: string, members: Record<string, unknown>, group = ''): Record<string, Cell> {
  const printer = builtinPrinter(group, kind);
  const cells = printer.cells(kubeObject(members), NOW_MS);
  expect(cells).toHaveLength(printer.columns.length);
  return Object.fromEntries(printer.columns.map(({ name }, index) => [name, cells[index]!]));
}

describe('builtinPrinter', () => {
  test.each<[string, string, string[]]>([
    ['', 'Namespace', ['Name', 'Status', 'Age']],
    ['', 'ConfigMap', ['Name', 'Data', 'Age']],
    ['', 'Secret', ['Name', 'Type', 'Data', 'Age']],
    ['', 'ServiceAccount', ['Name', 'Secrets', 'Age']],
    ['', 'ResourceQuota', ['Name', 'Request', 'Limit', 'Age']],
    ['coordination.k8s.io', 'Lease', ['Name', 'Holder', 'Age']],
    [RBAC, 'RoleBinding', ['Name', 'Role', 'Age', 'Users 1', 'Groups 1', 'ServiceAccounts 1']],
    [RBAC, 'ClusterRoleBinding', ['Name', 'Role', 'Age', 'Users 1', 'Groups 1', 'ServiceAccounts 1']],
    ['', 'LimitRange', ['Name', 'Created At']],
    [RBAC, 'Role', ['Name', 'Created At']],
    [RBAC, 'ClusterRole', ['Name', 'Created At']],
    ['apiextensions.k8s.io', 'CustomResourceDefinition', ['Name', 'Created At']],
    ['example.com', 'Namespace', ['Name', 'Created At']],
  ])('%s/%s has the columns %j', (group, kind, names) => {
    const { columns } = builtinPrinter(group, kind);
    expect(columns.map(({ name, priority }) => (priority === 0 ? name : `${name} ${priority}`))).toEqual(
      names,
    );
    expect(columns[0]).toMatchObject({ name: 'Name', type: 'string', format: 'name', priority: 0 });
    expect(columns.every(({ description }) => description.length > 10)).toBe(true);
  });

  test.each(['', 'events.k8s.io'])('Events of the group "%s" have the columns of upstream', (group) => {
    const columns = builtinPrinter(group, 'Event').columns;
    expect(columns.map(({ name, type, format, priority }) => [name, type, format, priority])).toEqual([
      ['Last Seen', 'string', '', 0],
      ['Type', 'string', '', 0],
      ['Reason', 'string', '', 0],
      ['Object', 'string', '', 0],
      ['Subobject', 'string', '', 1],
      ['Source', 'string', '', 1],
      ['Message', 'string', '', 0],
      ['First Seen', 'string', '', 1],
      ['Count', 'string', '', 1],
      ['Name', 'string', 'name', 1],
    ]);
  });

  test('a Namespace shows its phase', () => {
    expect(cellsOf('Namespace', { status: { phase: 'Terminating' } })).toEqual({
      Name: 'a',
      Status: 'Terminating',
      Age: '5m',
    });
    expect(cellsOf('Namespace', {})).toMatchObject({ Status: '' });
  });

  test('a ConfigMap counts its text and binary keys', () => {
    const members = { data: { a: '', b: '' }, binaryData: { c: '' } };
    expect(cellsOf('ConfigMap', members)).toEqual({ Name: 'a', Data: 3, Age: '5m' });
    expect(cellsOf('ConfigMap', {})).toMatchObject({ Data: 0 });
  });

  test('a Secret shows its type and counts its keys', () => {
    expect(cellsOf('Secret', { type: 'Opaque', data: { a: '' } })).toEqual({
      Name: 'a',
      Type: 'Opaque',
      Data: 1,
      Age: '5m',
    });
  });

  test('a ServiceAccount counts its secrets', () => {
    expect(cellsOf('ServiceAccount', { secrets: [{ name: 'x' }] })).toEqual({
      Name: 'a',
      Secrets: 1,
      Age: '5m',
    });
    expect(cellsOf('ServiceAccount', {})).toMatchObject({ Secrets: 0 });
  });

  test('a ResourceQuota shows use and bound as stored, limits apart', () => {
    const status = {
      hard: { pods: '10', 'limits.memory': '1Gi', 'limits.cpu': '2', 'count/configmaps': '1k', limits: '1' },
      used: { pods: '3', 'limits.cpu': '1500m' },
    };
    expect(cellsOf('ResourceQuota', { status })).toEqual({
      Name: 'a',
      Request: 'count/configmaps: 0/1k, limits: 0/1, pods: 3/10',
      Limit: 'limits.cpu: 1500m/2, limits.memory: 0/1Gi',
      Age: '5m',
    });
    expect(cellsOf('ResourceQuota', {})).toMatchObject({ Request: '', Limit: '' });
  });

  test('a Lease shows its holder', () => {
    const cells = cellsOf('Lease', { spec: { holderIdentity: 'me' } }, 'coordination.k8s.io');
    expect(cells).toEqual({ Name: 'a', Holder: 'me', Age: '5m' });
    expect(cellsOf('Lease', {}, 'coordination.k8s.io')).toMatchObject({ Holder: '' });
  });

  test.each(['RoleBinding', 'ClusterRoleBinding'])('a %s shows its role and its subjects by kind', (kind) => {
    const members = {
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'view' },
      subjects: [
        { kind: 'User', name: 'alice' },
        { kind: 'ServiceAccount', namespace: 'default', name: 'robot' },
        { kind: 'Group', name: 'ops' },
        { kind: 'User', name: 'bob' },
      ],
    };
    expect(cellsOf(kind, members, RBAC)).toEqual({
      Name: 'a',
      Role: 'ClusterRole/view',
      Age: '5m',
      Users: 'alice, bob',
      Groups: 'ops',
      ServiceAccounts: 'default/robot',
    });
    expect(cellsOf(kind, { ...members, subjects: undefined }, RBAC)).toMatchObject({ Users: '' });
  });

  test.each([
    ['', 'LimitRange'],
    [RBAC, 'Role'],
    [RBAC, 'ClusterRole'],
    ['apiextensions.k8s.io', 'CustomResourceDefinition'],
    ['example.com', 'Anything'],
  ])('%s/%s shows when it was created', (group, kind) => {
    expect(cellsOf(kind, {}, group)).toEqual({ Name: 'a', 'Created At': CREATED });
    expect(cellsOf(kind, { metadata: {} }, group)).toEqual({
      Name: '',
      'Created At': '0001-01-01T00:00:00Z',
    });
  });

  test.each([
    [undefined, '<unknown>'],
    [null, '<unknown>'],
    ['0001-01-01T00:00:00Z', '<unknown>'],
    ['yesterday', '<invalid>'],
    ['2024-01-02T00:00:01Z', '0s'],
    ['2024-01-02T01:00:00Z', '<invalid>'],
    ['2022-01-02T01:00:00+01:00', '2y'],
  ])('the age of an object created at %s is %s', (creationTimestamp, age) => {
    expect(cellsOf('ConfigMap', { metadata: { name: 'a', creationTimestamp } })).toMatchObject({ Age: age });
  });
});

describe('the printer of Events', () => {
  const core = {
    involvedObject: { kind: 'ConfigMap', name: 'settings', fieldPath: 'data[x]' },
    type: 'Warning',
    reason: 'Broken',
    message: ' it broke\n',
    source: { component: 'checker', host: 'node-1' },
    firstTimestamp: '2024-01-01T23:00:00Z',
    lastTimestamp: '2024-01-01T23:59:00Z',
    count: 4,
  };
  const events = {
    regarding: core.involvedObject,
    type: 'Warning',
    reason: 'Broken',
    note: ' it broke\n',
    deprecatedSource: core.source,
    deprecatedFirstTimestamp: core.firstTimestamp,
    deprecatedLastTimestamp: core.lastTimestamp,
    deprecatedCount: 4,
  };

  test.each<[string, Record<string, unknown>]>([
    ['', core],
    ['events.k8s.io', events],
  ])('shows an old-style event of the group "%s"', (group, members) => {
    expect(cellsOf('Event', members, group)).toEqual({
      'Last Seen': '60s',
      Type: 'Warning',
      Reason: 'Broken',
      Object: 'configmap/settings',
      Subobject: 'data[x]',
      Source: 'checker, node-1',
      Message: 'it broke',
      'First Seen': '60m',
      Count: 4,
      Name: 'a',
    });
  });

  test.each<[string, Record<string, unknown>]>([
    ['', { reportingComponent: 'example.com/checker' }],
    ['events.k8s.io', { reportingController: 'example.com/checker' }],
  ])('shows a new-style event of the group "%s"', (group, members) => {
    const event = {
      ...members,
      reportingInstance: 'checker-0',
      eventTime: '2024-01-01T23:58:00.250000Z',
      firstTimestamp: null,
    };
    expect(cellsOf('Event', event, group)).toMatchObject({
      'Last Seen': '119s',
      'First Seen': '119s',
      Source: 'example.com/checker, checker-0',
      Count: 1,
      Object: '',
    });
  });

  test('takes count and last time from the series', () => {
    const series = { count: 9, lastObservedTime: '2024-01-01T23:59:30.000000Z' };
    expect(cellsOf('Event', { ...core, series })).toMatchObject({
      'Last Seen': '30s',
      'First Seen': '60m',
      Count: 9,
    });
  });

  test('leaves out what an event does not say', () => {
    const event = { involvedObject: { kind: 'Namespace' }, source: { component: 'checker' } };
    expect(cellsOf('Event', event)).toMatchObject({
      'Last Seen': '<unknown>',
      Object: 'namespace',
      Subobject: '',
      Source: 'checker',
      Message: '',
      Count: 1,
    });
  });
});
