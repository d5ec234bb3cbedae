import { describe, expect, test } from 'vitest';
import { newObject } from '../../machinery/mod.ts';
import { configMap } from './config-map.ts';
import { contextOf, createErrors, kubeObject, plain, updateErrors } from './kinds.suite.ts';
import { lease } from './lease.ts';
import { limitRange } from './limit-range.ts';
import { namespace } from './namespace.ts';
import { resourceQuota } from './resource-quota.ts';
import { secret } from './secret.ts';
import { serviceAccount } from './service-account.ts';

const FROZEN = 'field is immutable when `immutable` is set';
const KEY_HINT =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('ConfigMap', () => {
  test('a minimal one and one with data are accepted', () => {
    expect(createErrors(configMap, {})).toEqual([]);
    expect(createErrors(configMap, { data: { 'a.b': 'c' }, binaryData: { d: 'AA==' } })).toEqual([]);
  });

  test('keys are checked in both maps', () => {
    expect(createErrors(configMap, { data: { 'a b': '' } })).toEqual([
      `data[a b]: Invalid value: "a b": ${KEY_HINT}`,
    ]);
    expect(createErrors(configMap, { binaryData: { '': '' } })).toEqual([
      `binaryData[]: Invalid value: "": ${KEY_HINT}`,
    ]);
    expect(createErrors(configMap, { data: { '..a': '', '.': '', '..': '' } })).toEqual([
      `data[.]: Invalid value: ".": must not be '.'`,
      `data[..]: Invalid value: "..": must not be '..'`,
      `data[..a]: Invalid value: "..a": must not start with '..'`,
    ]);
    expect(createErrors(configMap, { data: { ['k'.repeat(254)]: '' } })[0]).toMatch(
      /must be no more than 253 characters$/,
    );
  });

  test('a key may be in one map only', () => {
    expect(createErrors(configMap, { data: { a: '' }, binaryData: { a: '' } })).toEqual([
      'data[a]: Invalid value: "a": duplicate of key present in binaryData',
    ]);
  });

  test('the values of both maps together have at most 1 MiB', () => {
    const half = 'x'.repeat(512 * 1024);
    expect(createErrors(configMap, { data: { a: half }, binaryData: { b: base64(half) } })).toEqual([]);
    expect(createErrors(configMap, { data: { a: `${half}y` }, binaryData: { b: base64(half) } })).toEqual([
      '[]: Too long: may not be more than 1048576 bytes',
    ]);
  });

  test('an immutable one keeps its data, and stays immutable', () => {
    const old = { immutable: true, data: { a: 'b' }, binaryData: { c: 'AA==' } };
    expect(updateErrors(configMap, { old, next: { ...old, metadata: { labels: { x: 'y' } } } })).toEqual([]);
    expect(updateErrors(configMap, { old, next: { immutable: true } })).toEqual([
      `data: Forbidden: ${FROZEN}`,
      `binaryData: Forbidden: ${FROZEN}`,
    ]);
    expect(updateErrors(configMap, { old, next: { ...old, immutable: false } })).toEqual([
      `immutable: Forbidden: ${FROZEN}`,
    ]);
  });
});

describe('Secret', () => {
  test('stringData goes over data and is not kept; the type is Opaque by default', () => {
    const object = kubeObject({ data: { a: base64('old'), b: base64('kept') }, stringData: { a: 'new' } });
    secret.strategy.prepareForCreate(object, contextOf());
    expect(plain(object)).toMatchObject({ type: 'Opaque', data: { a: base64('new'), b: base64('kept') } });
    expect(object).not.toHaveProperty('stringData');
  });

  test('a key called __proto__ in stringData is data like any other', () => {
    const object = kubeObject({});
    const stringData = newObject();
    // A computed name, so that it is a key and not the literal's prototype.
    stringData[['__proto__'].join('')] = 'x';
    object['stringData'] = stringData;
    secret.strategy.prepareForCreate(object, contextOf());
    expect(Object.keys(object['data'] as object)).toEqual(['__proto__']);
  });

  test('the type cannot change', () => {
    expect(updateErrors(secret, { old: { type: 'Opaque' }, next: { type: 'x' } })).toEqual([
      'type: Invalid value: "x": field is immutable',
    ]);
    expect(updateErrors(secret, { old: { type: 'Opaque' }, next: {} })).toEqual([]);
  });

  test('an immutable one keeps its data', () => {
    const old = { immutable: true, type: 'Opaque', data: { a: 'AA==' } };
    expect(updateErrors(secret, { old, next: { ...old, stringData: { a: 'b' } } })).toEqual([
      `data: Forbidden: ${FROZEN}`,
    ]);
    expect(updateErrors(secret, { old, next: { data: old.data } })).toEqual([
      `immutable: Forbidden: ${FROZEN}`,
    ]);
  });

  test('too much data is refused at the path of the data', () => {
    expect(createErrors(secret, { stringData: { a: 'x'.repeat(1024 * 1024 + 1) } })).toEqual([
      'data: Too long: may not be more than 1048576 bytes',
    ]);
    expect(createErrors(secret, { data: { 'a/b': '' } })).toEqual([
      `data[a/b]: Invalid value: "a/b": ${KEY_HINT}`,
    ]);
  });

  test.each([
    ['kubernetes.io/tls', ['data[tls.crt]: Required value', 'data[tls.key]: Required value']],
    ['kubernetes.io/basic-auth', ['data[username]: Required value', 'data[password]: Required value']],
    ['kubernetes.io/ssh-auth', ['data[ssh-privatekey]: Required value']],
    ['kubernetes.io/dockercfg', ['data[.dockercfg]: Required value']],
    ['kubernetes.io/dockerconfigjson', ['data[.dockerconfigjson]: Required value']],
    [
      'kubernetes.io/service-account-token',
      ['metadata.annotations[kubernetes.io/service-account.name]: Required value'],
    ],
    ['example.com/anything', []],
  ])('type %s requires its keys', (type, errors) => {
    expect(createErrors(secret, { type })).toEqual(errors);
  });

  test('typed secrets with their keys are accepted', () => {
    const accepted = [
      { type: 'kubernetes.io/tls', data: { 'tls.crt': '', 'tls.key': '' } },
      { type: 'kubernetes.io/basic-auth', data: { password: '' } },
      { type: 'kubernetes.io/ssh-auth', stringData: { 'ssh-privatekey': 'k' } },
      { type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': '{"auths":{}}' } },
      {
        type: 'kubernetes.io/service-account-token',
        metadata: { annotations: { 'kubernetes.io/service-account.name': 'a' } },
      },
    ];
    for (const literal of accepted) expect(createErrors(secret, literal)).toEqual([]);
  });

  test('errors about contents do not show them', () => {
    const errors = createErrors(secret, {
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': 'hunter2' },
    });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(
      /^data\[\.dockerconfigjson\]: Invalid value: "<secret contents redacted>": invalid character 'h'/,
    );
    expect(errors[0]).not.toContain('hunter2');
  });

  test('a TLS secret without PEM is accepted with a warning', () => {
    const object = kubeObject({ type: 'kubernetes.io/tls', data: { 'tls.crt': '', 'tls.key': '' } });
    expect(secret.strategy.warnings?.(object, undefined)).toEqual([
      'tls: failed to find any PEM data in certificate input',
    ]);
  });
});

describe('Namespace', () => {
  test('a new one is active, held by the finalizer kubernetes, and labelled with its name', () => {
    const object = kubeObject({
      metadata: { name: 'team', labels: { 'kubernetes.io/metadata.name': 'other' } },
      spec: { finalizers: ['example.com/x'] },
      status: { phase: 'Terminating' },
    });
    namespace.strategy.prepareForCreate(object, contextOf());
    expect(plain(object)).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'team' } },
      spec: { finalizers: ['example.com/x', 'kubernetes'] },
      status: { phase: 'Active' },
    });
    namespace.strategy.prepareForCreate(object, contextOf());
    expect(plain(object['spec'])).toEqual({ finalizers: ['example.com/x', 'kubernetes'] });
  });

  test('each endpoint writes its part only', () => {
    const old = { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } };
    const next = { spec: { finalizers: ['a.b/c'] }, status: { phase: 'Terminating' } };
    const written = (subresource: string) => {
      const object = kubeObject(next);
      namespace.strategy.prepareForUpdate(object, kubeObject(old), contextOf(subresource));
      const { spec, status } = plain(object) as typeof next;
      return { spec, status };
    };
    expect(written('')).toEqual(old);
    expect(written('status')).toEqual({ ...old, status: next.status });
    expect(written('finalize')).toEqual({ ...old, spec: next.spec });
  });

  test('finalizers are qualified names or standard ones', () => {
    expect(createErrors(namespace, { spec: { finalizers: ['orphan', 'a.b/c'] } })).toEqual([]);
    expect(createErrors(namespace, { spec: { finalizers: ['mine'] } })).toEqual([
      'spec.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    ]);
    const next = { spec: { finalizers: ['mine'] } };
    expect(updateErrors(namespace, { old: {}, next, subresource: 'finalize' })).toHaveLength(1);
    expect(updateErrors(namespace, { old: {}, next })).toEqual([]);
  });

  test('the phase follows the deletion timestamp', () => {
    const [active, terminating] = [{ status: { phase: 'Active' } }, { status: { phase: 'Terminating' } }];
    const deleted = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(updateErrors(namespace, { old: active, next: terminating, subresource: 'status' })).toEqual([
      'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
    ]);
    const next = { ...active, ...deleted };
    expect(updateErrors(namespace, { old: active, next, subresource: 'status' })).toEqual([
      'status.Phase: Invalid value: "Active": may only be \'Terminating\' if `deletionTimestamp` is not empty',
    ]);
  });

  test('names are labels of DNS', () => {
    expect(namespace.strategy.validateName('A_b', { isPrefix: false })[0]).toMatch(
      /^a lowercase RFC 1123 label/,
    );
    expect(namespace.strategy.validateName('a-', { isPrefix: true })).toEqual([]);
  });

  test('the phase can be selected by', () => {
    expect(namespace.selectable?.(kubeObject({ status: { phase: 'Active' } }))).toEqual({
      'status.phase': 'Active',
    });
  });
});

describe('ServiceAccount', () => {
  test('of the references to secrets only the names are kept', () => {
    const object = kubeObject({ secrets: [{ name: 'a', uid: 'u', namespace: 'x' }, { kind: 'Secret' }] });
    serviceAccount.strategy.prepareForCreate(object, contextOf());
    expect(plain(object['secrets'])).toEqual([{ name: 'a' }, {}]);
  });

  test('the annotation about mountable secrets is warned of when it is new', () => {
    const object = kubeObject({
      metadata: { annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } },
    });
    const { warnings } = serviceAccount.strategy;
    expect(warnings?.(object, undefined)).toEqual([
      'metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets',
    ]);
    expect(warnings?.(object, object)).toEqual([]);
  });
});

describe('Lease', () => {
  test('durations and transitions are in range', () => {
    expect(createErrors(lease, {})).toEqual([]);
    expect(createErrors(lease, { spec: { leaseDurationSeconds: 1, leaseTransitions: 0 } })).toEqual([]);
    expect(createErrors(lease, { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } })).toEqual([
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
      'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    ]);
  });

  test('the fields of coordinated leader election vanish', () => {
    const object = kubeObject({ spec: { strategy: 'x', preferredHolder: 'y', holderIdentity: 'z' } });
    lease.strategy.prepareForCreate(object, contextOf());
    expect(plain(object['spec'])).toEqual({ holderIdentity: 'z' });
  });
});

describe('LimitRange', () => {
  const errorsOf = (limit: Record<string, unknown>) =>
    createErrors(limitRange, { spec: { limits: [limit] } });

  test('defaults of containers come from the maximum, the default and the minimum', () => {
    const object = kubeObject({
      spec: { limits: [{ type: 'Container', max: { cpu: '2' }, min: { cpu: '1', memory: '1Mi' } }] },
    });
    limitRange.strategy.prepareForCreate(object, contextOf());
    expect(plain(object['spec'])).toEqual({
      limits: [
        {
          type: 'Container',
          max: { cpu: '2' },
          min: { cpu: '1', memory: '1Mi' },
          default: { cpu: '2' },
          defaultRequest: { cpu: '2', memory: '1Mi' },
        },
      ],
    });
  });

  test.each([
    [
      { type: 'Node' },
      'spec.limits[0].type: Invalid value: "Node": must be a standard limit type or fully qualified',
    ],
    [
      { type: 'Pod', max: { gpu: '1' } },
      'spec.limits[0].max[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
    ],
    [
      { type: 'Pod', default: { cpu: '1' } },
      "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
    ],
    [
      { type: 'PersistentVolumeClaim' },
      'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
    ],
    [
      { type: 'Pod', min: { cpu: '2' }, max: { cpu: '1500m' } },
      'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1500m',
    ],
    [
      { type: 'a/b', defaultRequest: { cpu: '2' }, default: { cpu: '1' } },
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1',
    ],
    [
      { type: 'Pod', maxLimitRequestRatio: { cpu: '500m' } },
      'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1',
    ],
    [
      { type: 'Pod', min: { cpu: '1' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '3' } },
      'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000',
    ],
  ])('%j is refused', (limit, error) => {
    expect(errorsOf(limit)).toContain(error);
  });

  test('each type may have one entry', () => {
    const limits = [{ type: 'Pod' }, { type: 'Pod' }];
    expect(createErrors(limitRange, { spec: { limits } })).toEqual([
      'spec.limits[1].type: Duplicate value: "Pod"',
    ]);
  });

  test('a complete one is accepted', () => {
    expect(
      errorsOf({
        type: 'Container',
        min: { cpu: '100m' },
        max: { cpu: '1', memory: '1Gi' },
        default: { cpu: '500m' },
      }),
    ).toEqual([]);
    expect(errorsOf({ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } })).toEqual([]);
    const amounts = { min: { cpu: '100m' }, max: { cpu: '300m' }, maxLimitRequestRatio: { cpu: '3' } };
    expect(errorsOf({ type: 'Pod', ...amounts })).toEqual([]);
  });
});

describe('ResourceQuota', () => {
  const errorsOf = (spec: Record<string, unknown>) => createErrors(resourceQuota, { spec });

  test('counts of custom resources, standard and compute resources are accepted', () => {
    const hard = {
      'count/widgets.example.com': '5',
      configmaps: '3',
      'requests.cpu': '1500m',
      memory: '1Gi',
    };
    expect(errorsOf({ hard, scopes: ['NotBestEffort'] })).toEqual([
      'spec.scopes: Invalid value: ["NotBestEffort"]: unsupported scope applied to resource',
    ]);
    expect(errorsOf({ hard })).toEqual([]);
  });

  test.each([
    [{ hard: { widgets: '1' } }, 'must be a standard resource for quota'],
    [{ hard: { widgets: '1' } }, 'must be a standard resource type or fully qualified'],
    [{ hard: { pods: '-1' } }, 'must be greater than or equal to 0'],
    [{ hard: { pods: '500m' } }, 'must be an integer'],
    [{ hard: { 'count/widgets.example.com': '1500m' } }, 'must be an integer'],
    [{ scopes: ['Everything'] }, 'unsupported scope'],
    [{ scopes: ['Terminating', 'NotTerminating'] }, 'conflicting scopes'],
  ])('%j is refused: %s', (spec, detail) => {
    expect(errorsOf(spec).join('\n')).toContain(detail);
  });

  test.each([
    [
      { scopeName: 'PriorityClass', operator: 'In' },
      "must be at least one value when `operator` is 'In' or 'NotIn'",
    ],
    [
      { scopeName: 'PriorityClass', operator: 'Exists', values: ['x'] },
      "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
    ],
    [{ scopeName: 'PriorityClass', operator: 'Equals' }, 'not a valid selector operator'],
    [{ scopeName: 'BestEffort', operator: 'In', values: ['x'] }, "must be 'Exist' when scope is any of"],
    [{ scopeName: 'Everything', operator: 'Exists' }, 'unsupported scope'],
  ])('the scope selector %j is refused', (requirement, detail) => {
    expect(errorsOf({ scopeSelector: { matchExpressions: [requirement] } }).join('\n')).toContain(detail);
  });

  test('a new one has no status, and each endpoint writes its part only', () => {
    const object = kubeObject({ spec: { hard: { pods: '1' } }, status: { used: { pods: '1' } } });
    resourceQuota.strategy.prepareForCreate(object, contextOf());
    expect(plain(object['status'])).toEqual({});
    const old = kubeObject({ spec: { hard: { pods: '1' } }, status: { used: { pods: '0' } } });
    const next = kubeObject({ spec: { hard: { pods: '2' } }, status: { used: { pods: '1' } } });
    resourceQuota.strategy.prepareForUpdate(next, old, contextOf('status'));
    expect(plain({ spec: next['spec'], status: next['status'] })).toEqual({
      spec: { hard: { pods: '1' } },
      status: { used: { pods: '1' } },
    });
  });

  test('scopes cannot change, whatever their order', () => {
    const old = { spec: { scopes: ['Terminating', 'BestEffort'] } };
    expect(
      updateErrors(resourceQuota, { old, next: { spec: { scopes: ['BestEffort', 'Terminating'] } } }),
    ).toEqual([]);
    expect(updateErrors(resourceQuota, { old, next: { spec: { scopes: ['BestEffort'] } } })).toEqual([
      'spec.scopes: Invalid value: ["BestEffort"]: field is immutable',
    ]);
  });

  test('many scopes and resources do not multiply', () => {
    const hard = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`hugepages-${index}`, '1']));
    const scopes = Array.from({ length: 2000 }, () => 'Terminating');
    expect(errorsOf({ hard, scopes })).toHaveLength(1);
  });
});
