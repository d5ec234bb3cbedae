import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { GUESTS } from './kinds.ts';
import type { Plan } from './plan.ts';
import type { Call } from './transport.ts';
import { anyJson, pick, toJson } from './values.ts';

/** Rules that are right, that are wrong, that look for names which every object of JavaScript has, and that burn time. */
const ruledSchemas: readonly unknown[] = [
  'self.spec.all(k, k != "x") && (!has(self.spec.constructor) || self.spec.constructor != "")',
  'has(self.__proto__) || has(self.spec.__proto__) || "toString" in self.spec',
  'oldSelf.spec == self.spec',
  '[self.spec] == [oldSelf.spec] || self.spec.map(k, self.spec[k]).size() < 3',
  'self.spec["__proto__"] == "a" || {"__proto__": 1}.constructor == 1',
  'self.spec.size() > "a"',
  '('.repeat(200),
  `self.spec.all(k, k.matches('(a?){1000}b'))`,
  `lists.range(1000).all(x, lists.range(1000).all(y, [self.spec] == [self.spec]))`,
  `[1]${'.map(x, [x])'.repeat(40)}.size() > 0`,
  'optional.of(self).spec[?"a"].orValue("") != "b"',
].map((rule) => ({
  type: 'object',
  'x-kubernetes-validations': [{ rule, messageExpression: '"is " + string(self.spec.size())' }],
  properties: {
    spec: { type: 'object', maxProperties: 20, additionalProperties: { type: 'string', maxLength: 99 } },
  },
}));

/** Definitions that come and go, with schemas that are right, wrong, or cost much. */
export function guestDefinition(): fc.Arbitrary<Plan> {
  const schema = fc.constantFrom<unknown>(
    { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    {
      type: 'object',
      properties: { spec: { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } } },
    },
    { type: 'object', properties: { spec: { type: 'string', pattern: '(' } } },
    {
      type: 'object',
      properties: { __proto__: { type: 'string' }, constructor: { type: 'integer', default: 1 } },
    },
    { type: 'object', properties: { spec: { $ref: '#/x' } } },
    { type: 'array' },
    {},
    ...ruledSchemas,
    null,
    {
      type: 'object',
      required: ['spec'],
      properties: {
        spec: {
          type: 'object',
          maxProperties: 2,
          additionalProperties: { type: 'string', format: 'date-time' },
        },
      },
    },
    {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          'x-kubernetes-preserve-unknown-fields': true,
        },
      },
    },
    {
      type: 'object',
      properties: { spec: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } } },
    },
    {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          'x-kubernetes-validations': [{ rule: 'self.a > 0' }],
          properties: { a: { type: 'integer' } },
        },
      },
    },
    {
      type: 'object',
      properties: { spec: { type: 'number', multipleOf: 0.1, exclusiveMinimum: true, minimum: 0 } },
    },
    {
      type: 'object',
      properties: { spec: { type: 'object', properties: { a: { type: 'integer', default: 'x' } } } },
    },
    {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          anyOf: [{ required: ['a'] }, { not: {} }],
          additionalProperties: { type: 'integer', maximum: 3 },
        },
      },
    },
  );
  return fc
    .record({
      plural: fc.constantFrom(...GUESTS),
      schema,
      method: pick([5, 'POST'], [2, 'DELETE'], [1, 'PUT'], [1, 'PATCH']),
      scope: pick([5, 'Namespaced'], [1, 'Cluster'], [1, 'None']),
      isGzip: fc.boolean(),
    })
    .map(
      (wish): Plan =>
        ({ token }) => {
          const group = 'fuzz.example.com';
          const root = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
          const versions = [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: { openAPIV3Schema: wish.schema },
              subresources: { status: {} },
            },
          ];
          const name = `${wish.plural}.${group}`;
          const spec = {
            group,
            scope: wish.scope,
            names: { plural: wish.plural, kind: wish.plural.replace(/^./, (first) => first.toUpperCase()) },
            versions,
          };
          const text = JSON.stringify({
            apiVersion: 'apiextensions.k8s.io/v1',
            kind: 'CustomResourceDefinition',
            metadata: { name },
            spec,
          });
          const body =
            wish.method === 'DELETE' ? undefined : wish.isGzip ? gzipSync(text) : Buffer.from(text);
          const headers = {
            authorization: `Bearer ${token}`,
            ...(body === undefined
              ? {}
              : {
                  'content-type':
                    wish.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
                }),
            ...(body !== undefined && wish.isGzip ? { 'content-encoding': 'gzip' } : {}),
          };
          const path = wish.method === 'POST' ? root : `${root}/${name}`;
          return {
            kind: 'call',
            isValid: true,
            call: { method: wish.method, path, headers, body, protocol: 'http1' },
          };
        },
    );
}

/** Objects of the kinds that come and go: whether they are served, and what fits, changes all the time. */
export function guestObject(): fc.Arbitrary<Plan> {
  const spec = fc.oneof(
    anyJson,
    fc.constantFrom<unknown>(
      { a: 1 },
      { a: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa!' },
      { a: '2024-01-02T03:04:05Z' },
      ['x', 'x'],
      0.30000000000000004,
    ),
    fc.constant({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'inner' } }),
  );
  return fc
    .record({
      plural: fc.constantFrom(...GUESTS),
      spec,
      name: fc.constantFrom('n0', 'n1', 'n2'),
      method: pick([5, 'POST'], [2, 'GET'], [2, 'PUT'], [2, 'PATCH'], [1, 'DELETE'], [1, 'LIST']),
      tail: pick([8, ''], [1, '/status'], [1, '/scale']),
      query: pick(
        [4, ''],
        [1, '?fieldValidation=Strict'],
        [1, '?dryRun=All'],
        [1, '?watch=1&timeoutSeconds=1'],
      ),
      accept: pick(
        [3, 'application/json'],
        [1, 'application/json;as=Table;g=meta.k8s.io;v=v1'],
        [1, 'application/yaml'],
      ),
      protocol: pick<Call['protocol']>([3, 'http1'], [1, 'http2']),
    })
    .map(
      (wish): Plan =>
        ({ token }) => {
          const root = `/apis/fuzz.example.com/v1/namespaces/fuzz-a/${wish.plural}`;
          const isCollection = wish.method === 'POST' || wish.method === 'LIST';
          const path = (isCollection ? root : `${root}/${wish.name}${wish.tail}`) + wish.query;
          const kind = wish.plural.replace(/^./, (first) => first.toUpperCase());
          const whole = {
            apiVersion: 'fuzz.example.com/v1',
            kind,
            metadata: { name: wish.name },
            spec: wish.spec,
            status: wish.spec,
          };
          const body = Buffer.from(toJson(wish.method === 'PATCH' ? { spec: wish.spec } : whole));
          const type = wish.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
          const hasBody = ['POST', 'PUT', 'PATCH'].includes(wish.method);
          const headers = {
            authorization: `Bearer ${token}`,
            accept: wish.accept,
            ...(hasBody ? { 'content-type': type } : {}),
          };
          const method = wish.method === 'LIST' ? 'GET' : wish.method;
          return {
            kind: 'call',
            isValid: true,
            call: { method, path, headers, body: hasBody ? body : undefined, protocol: wish.protocol },
          };
        },
    );
}
