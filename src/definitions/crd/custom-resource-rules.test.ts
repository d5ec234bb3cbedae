import { describe, expect, test } from 'vitest';
import { fieldErrorText, type KubeObject } from '../../machinery/mod.ts';
import { kube, version, widgetCrd } from './crd.suite.ts';
import { definitionFromCrd } from './definition-from-crd.ts';

const POSITIVE = { rule: 'self > 0', message: 'must be positive' };

const SCHEMA = {
  type: 'object',
  'x-kubernetes-validations': [
    {
      rule: '!has(self.status) || self.status.ready <= self.spec.size',
      messageExpression: "'more ready than ' + string(self.spec.size)",
      fieldPath: '.status.ready',
    },
    {
      rule: "self.metadata.name.startsWith('w')",
      message: 'name must begin with w',
      reason: 'FieldValueForbidden',
    },
  ],
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', maximum: 100, 'x-kubernetes-validations': [POSITIVE] },
        color: {
          type: 'string',
          maxLength: 8,
          'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'is immutable' }],
        },
      },
    },
    status: {
      type: 'object',
      properties: { ready: { type: 'integer', 'x-kubernetes-validations': [POSITIVE] } },
    },
  },
};

const definition = definitionFromCrd(
  widgetCrd({
    versions: [version('v1', { schema: { openAPIV3Schema: SCHEMA }, subresources: { status: {} } })],
  }),
);

function widget(spec: object, status?: object, name = 'w'): KubeObject {
  const metadata = { name, resourceVersion: '5' };
  return kube({ apiVersion: 'example.com/v1', kind: 'Widget', metadata, spec, ...(status && { status }) });
}

function created(object: KubeObject): string[] {
  return definition.strategy.validateCreate(object, { subresource: '', now: '' }).map(fieldErrorText);
}

function updated(
  object: KubeObject,
  old: KubeObject,
  subresource = '',
): { errors: string[]; warnings: string[] } {
  const warnings: string[] = [];
  const context = { subresource, now: '', warn: (text: string) => warnings.push(text) };
  return { errors: definition.strategy.validateUpdate(object, old, context).map(fieldErrorText), warnings };
}

describe('the rules of a custom resource', () => {
  test('are asked when one is created', () => {
    expect(created(widget({ size: 1, color: 'red' }))).toEqual([]);
    expect(created(widget({ size: 0 }, undefined, 'x'))).toEqual([
      '<nil>: Forbidden: name must begin with w',
      'spec.size: Invalid value: "integer": must be positive',
    ]);
  });

  test('are asked of the new object and the old one when one is updated', () => {
    const old = widget({ size: 1, color: 'red' });
    expect(updated(widget({ size: 1, color: 'blue' }), old).errors).toEqual([
      'spec.color: Invalid value: "string": is immutable',
    ]);
    expect(updated(widget({ size: 2 }), old).errors).toEqual([]);
  });

  test('are asked of the whole object when its status is written, and warn of what was there before', () => {
    const old = widget({ size: -1 }, { ready: -5 });
    expect(updated(widget({ size: -1 }, { ready: -2 }), old, 'status')).toEqual({
      errors: ['status.ready: Invalid value: "integer": must be positive'],
      warnings: ['spec.size: Invalid value: "integer": must be positive'],
    });
    expect(updated(widget({ size: -1 }, { ready: 2 }), old, 'status').errors).toEqual([
      'status.ready: Invalid value: "object": more ready than -1',
    ]);
  });

  test('are not asked of an object that breaks its schema', () => {
    const tail =
      '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
    expect(created(widget({ color: 'x' }, undefined, 'x'))).toEqual(['spec.size: Required value', tail]);
    expect(created(widget({ size: 1, color: 'much too long' }))).toEqual([
      'spec.color: Too long: may not be more than 8 bytes',
      tail,
    ]);
  });

  test('are asked of an object that is out of range only', () => {
    expect(created(widget({ size: 101 }, undefined, 'x'))).toEqual([
      'spec.size: Invalid value: 101: spec.size in body should be less than or equal to 100',
      '<nil>: Forbidden: name must begin with w',
    ]);
  });
});
