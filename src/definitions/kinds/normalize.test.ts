import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../machinery/mod.ts';
import { components, resolveComponent } from './components.ts';
import { json, plain } from './kinds.suite.ts';
import { normalizeBuiltin } from './normalize.ts';

const normalized = (component: string, literal: object) => {
  const object = json(literal) as JsonObject;
  normalizeBuiltin(object, resolveComponent(component));
  return plain(object);
};
const core = (kind: string, literal: object) =>
  normalized(`io.k8s.api.core.v1.${kind}`, { metadata: {}, ...literal });

describe('normalizeBuiltin', () => {
  test('leaves out what Go leaves out, and keeps what pointers keep', () => {
    expect(
      core('ConfigMap', {
        data: {},
        binaryData: null,
        immutable: false,
        metadata: { labels: {}, name: '', finalizers: [], generation: 0, creationTimestamp: null },
      }),
    ).toEqual({
      metadata: {},
      immutable: false,
    });
    expect(
      normalized('io.k8s.api.coordination.v1.Lease', {
        metadata: {},
        spec: { holderIdentity: '', leaseTransitions: 0, renewTime: null },
      }),
    ).toEqual({
      metadata: {},
      spec: { holderIdentity: '', leaseTransitions: 0 },
    });
  });

  test('fills in what Go always prints', () => {
    expect(normalized('io.k8s.api.core.v1.Namespace', {})).toEqual({ metadata: {}, spec: {}, status: {} });
    expect(core('Event', { message: 'm' })).toEqual({
      metadata: {},
      message: 'm',
      involvedObject: {},
      source: {},
      firstTimestamp: null,
      lastTimestamp: null,
      eventTime: null,
      reportingComponent: '',
      reportingInstance: '',
    });
    expect(normalized('io.k8s.api.rbac.v1.Role', { metadata: {}, rules: [] })).toEqual({
      metadata: {},
      rules: null,
    });
    expect(
      normalized('io.k8s.api.rbac.v1.ClusterRole', {
        metadata: {},
        rules: [{ verbs: ['get'], apiGroups: [] }],
      }),
    ).toEqual({
      metadata: {},
      rules: [{ verbs: ['get'] }],
    });
    expect(
      normalized('io.k8s.api.authorization.v1.SelfSubjectAccessReview', { metadata: {}, spec: {} }),
    ).toEqual({
      metadata: {},
      spec: {},
      status: { allowed: false },
    });
  });

  test('times have seconds, or microseconds where the field has them, in UTC', () => {
    expect(
      core('Event', {
        firstTimestamp: '2026-01-01T02:00:00.75+02:00',
        eventTime: '2026-01-01T02:00:00.750000+02:00',
      }),
    ).toMatchObject({
      firstTimestamp: '2026-01-01T00:00:00Z',
      eventTime: '2026-01-01T00:00:00.750000Z',
    });
    expect(
      core('Event', { firstTimestamp: '0001-01-01T00:00:00Z', eventTime: '0001-01-01T00:00:00.000000Z' }),
    ).toMatchObject({
      firstTimestamp: null,
      eventTime: null,
    });
  });

  test('quantities are canonical, also when they came as numbers', () => {
    expect(
      core('ResourceQuota', { spec: { hard: { pods: '1000m', cpu: 2, memory: '1024Ki', storage: '0.5' } } }),
    ).toMatchObject({
      spec: { hard: { pods: '1', cpu: '2', memory: '1Mi', storage: '500m' } },
    });
  });

  test('base64 is as Go writes it', () => {
    expect(core('Secret', { data: { a: 'AAEC\r\nAw==\n', b: 'AR==', c: 'AAF=', d: '' } })).toMatchObject({
      data: { a: 'AAECAw==', b: 'AQ==', c: 'AAE=', d: '' },
    });
  });

  test('a null inside a map or list is the zero value', () => {
    expect(core('ConfigMap', { data: { a: null } })).toEqual({ metadata: {}, data: { a: '' } });
    expect(core('ResourceQuota', { spec: { hard: { pods: null } } })).toMatchObject({
      spec: { hard: { pods: '0' } },
    });
    expect(core('ServiceAccount', { secrets: [null] })).toEqual({ metadata: {}, secrets: [{}] });
  });

  test('schemas in a CRD keep defaults and examples, whatever they are', () => {
    const schema = {
      type: 'object',
      default: { a: null, b: '' },
      nullable: false,
      minLength: 0,
      'x-kubernetes-preserve-unknown-fields': false,
      items: { type: 'string', description: '' },
      additionalProperties: false,
      properties: { __proto: { default: false, required: [] } },
    };
    const group = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';
    expect(normalized(`${group}.JSONSchemaProps`, schema)).toEqual({
      type: 'object',
      default: { a: null, b: '' },
      minLength: 0,
      'x-kubernetes-preserve-unknown-fields': false,
      items: { type: 'string' },
      additionalProperties: false,
      properties: { __proto: { default: false } },
    });
    expect(normalized(`${group}.CustomResourceDefinition`, { metadata: {}, spec: { versions: [] } })).toEqual(
      {
        metadata: {},
        spec: { group: '', scope: '', names: { kind: '', plural: '' }, versions: [] },
        status: { acceptedNames: { kind: '', plural: '' }, conditions: null, storedVersions: null },
      },
    );
  });

  test('values of a wrong type and unknown fields are left alone', () => {
    expect(core('ConfigMap', { data: 5, other: { a: null } })).toEqual({
      metadata: {},
      data: 5,
      other: { a: null },
    });
  });

  test('a second time changes nothing, whatever the object', () => {
    const names = Object.keys(components);
    const keys = names.flatMap((name) => Object.keys(components[name]?.properties ?? {}));
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(null, '', 'x', '1000m', '2026-01-01T00:00:00.5Z', 0, 1, true, false, 'AR=='),
        fc.array(tie('any'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom(...keys), tie('any'), { maxKeys: 4 }),
      ),
    })).any;
    const literal = fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...names), literal, (name, fields) => {
        const object = json(fields) as JsonObject;
        normalizeBuiltin(object, resolveComponent(name));
        const once = JSON.stringify(object);
        normalizeBuiltin(object, resolveComponent(name));
        expect(JSON.stringify(object)).toBe(once);
      }),
      { numRuns: 500 },
    );
  });
});
