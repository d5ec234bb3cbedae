import { describe, expect, test } from 'vitest';
import { fieldErrorText, type KubeObject } from '../../machinery/mod.ts';
import {
  certManagerCrds,
  hasFixtures,
  kube,
  version,
  WIDGET_SCHEMA,
  widgetCrd,
  widgetNames,
} from './crd.suite.ts';
import { defaultCustomResourceDefinition } from './crd-defaults.ts';
import { nextStoredVersions, validateCustomResourceDefinition } from './crd-validation.ts';
import { customResourceDefinitionWarnings } from './crd-warnings.ts';

function errors(crd: KubeObject, old?: KubeObject): string[] {
  return validateCustomResourceDefinition(crd, old).map(fieldErrorText);
}

test.skipIf(!hasFixtures)('[fixtures] every CRD of cert-manager is accepted without warnings', () => {
  const crds = certManagerCrds();
  expect(crds).toHaveLength(6);
  for (const crd of crds) {
    defaultCustomResourceDefinition(crd);
    crd['status'] = kube({ storedVersions: nextStoredVersions(crd) });
    expect(errors(crd)).toEqual([]);
    expect(customResourceDefinitionWarnings(crd, undefined)).toEqual([]);
  }
});

test('the valid CRD of these tests is valid', () => {
  expect(errors(widgetCrd())).toEqual([]);
});

test('names, conversion and the port of the webhook have defaults', () => {
  const crd = widgetCrd({
    names: { plural: 'widgets', kind: 'Widget' },
    conversion: {
      strategy: 'Webhook',
      webhook: { clientConfig: { service: { name: 'a', namespace: 'b' } } },
    },
  });
  defaultCustomResourceDefinition(crd);
  expect(crd['spec']).toMatchObject({
    names: { singular: 'widget', listKind: 'WidgetList' },
    conversion: { webhook: { clientConfig: { service: { port: 443 } } } },
  });
  const plain = widgetCrd({ conversion: undefined });
  defaultCustomResourceDefinition(plain);
  expect(plain['spec']).toMatchObject({ conversion: { strategy: 'None' } });
});

describe('a CRD is refused with upstream’s text:', () => {
  const column = { name: 'A', type: 'string', jsonPath: '.spec.color' };
  const schema = (spec: unknown) => ({ openAPIV3Schema: { type: 'object', properties: { spec } } });
  test.each<[string, Record<string, unknown>, string]>([
    [
      'group',
      { group: 'plain' },
      'spec.group: Invalid value: "plain": should be a domain with at least one dot',
    ],
    [
      'scope',
      { scope: 'Global' },
      'spec.scope: Unsupported value: "Global": supported values: "Cluster", "Namespaced"',
    ],
    ['no kind', { names: widgetNames({ kind: '' }) }, 'spec.names.kind: Required value'],
    [
      'equal kinds',
      { names: widgetNames({ listKind: 'Widget' }) },
      'spec.names.listKind: Invalid value: "Widget": kind and listKind may not be the same',
    ],
    [
      'no schema',
      { versions: [version('v1', { schema: undefined })] },
      'spec.versions[0].schema.openAPIV3Schema: Required value',
    ],
    [
      'type of a field',
      { versions: [version('v1', { schema: schema({ properties: {} }) })] },
      'spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields',
    ],
    [
      'two storage versions',
      { versions: [version('v1'), version('v2', { storage: true })] },
      'spec.versions: Invalid value: [{"Name":"v1","Served":true,"Storage":true,"Deprecated":false,"DeprecationWarning":null,"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,"SelectableFields":null},{"Name":"v2","Served":true,"Storage":true,"Deprecated":false,"DeprecationWarning":null,"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,"SelectableFields":null}]: must have exactly one version marked as storage version',
    ],
    [
      'equal versions',
      { versions: [version('v1'), version('v1', { storage: false })] },
      'spec.versions: Invalid value: [{"Name":"v1","Served":true,"Storage":true,"Deprecated":false,"DeprecationWarning":null,"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,"SelectableFields":null},{"Name":"v1","Served":true,"Storage":false,"Deprecated":false,"DeprecationWarning":null,"Schema":null,"Subresources":null,"AdditionalPrinterColumns":null,"SelectableFields":null}]: must contain unique version names',
    ],
    [
      'column type',
      { versions: [version('v1', { additionalPrinterColumns: [{ ...column, type: 'x' }] })] },
      'spec.additionalPrinterColumns[0].type: Invalid value: "x": must be one of boolean,date,integer,number,string',
    ],
    [
      'column path',
      { versions: [version('v1', { additionalPrinterColumns: [{ ...column, jsonPath: 'spec' }] })] },
      'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "spec": must be a simple json path starting with .',
    ],
    [
      'scale',
      {
        versions: [
          version('v1', {
            subresources: {
              scale: { specReplicasPath: '.status.replicas', statusReplicasPath: '.status.replicas' },
            },
          }),
        ],
      },
      'spec.subresources.scale.specReplicasPath: Invalid value: ".status.replicas": should be a json path under .spec',
    ],
    [
      'selectable field',
      { versions: [version('v1', { selectableFields: [{ jsonPath: '.spec.nope' }] })] },
      'spec.selectableFields[0].jsonPath: Invalid value: ".spec.nope": is an invalid path: does not refer to a valid field',
    ],
    [
      'selectable list',
      { versions: [version('v1', { selectableFields: [{ jsonPath: '.spec.tags' }] })] },
      'spec.selectableFields[0].jsonPath: Invalid value: ".spec.tags": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
    ],
    [
      'selectable twice',
      {
        versions: [
          version('v1', { selectableFields: [{ jsonPath: '.spec.color' }, { jsonPath: '.spec.color' }] }),
        ],
      },
      'spec.selectableFields[1].jsonPath: Duplicate value: ".spec.color"',
    ],
    [
      'deprecation',
      { versions: [version('v1', { deprecationWarning: 'old' })] },
      'spec.versions[0].deprecationWarning: Invalid value: "old": can only be set for deprecated versions',
    ],
    [
      'strategy',
      { conversion: { strategy: 'Magic' } },
      'spec.conversion.strategy: Unsupported value: "Magic": supported values: "None", "Webhook"',
    ],
    [
      'webhook without strategy',
      { conversion: { strategy: 'None', webhook: { clientConfig: {} } } },
      'spec.conversion.webhookClientConfig: Forbidden: should not be set when strategy is not set to Webhook',
    ],
    [
      'webhook scheme',
      {
        conversion: {
          strategy: 'Webhook',
          webhook: { clientConfig: { url: 'http://a/' }, conversionReviewVersions: ['v1'] },
        },
      },
      'spec.conversion.webhookClientConfig.url: Invalid value: "http": \'https\' is the only allowed URL scheme; desired format: https://host[/path]',
    ],
    [
      'review versions',
      {
        conversion: {
          strategy: 'Webhook',
          webhook: { clientConfig: { url: 'https://a/' }, conversionReviewVersions: ['v2'] },
        },
      },
      'spec.conversion.conversionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
    ],
    [
      'preserveUnknownFields',
      { preserveUnknownFields: true, versions: [version('v1', { schema: schema({ type: 'object' }) })] },
      'spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
    ],
  ])('%s', (_name, spec, expected) => {
    expect(errors(widgetCrd(spec)).filter((text) => text.startsWith('spec.'))).toEqual([expected]);
  });
});

test('the name must be plural and group', () => {
  const crd = widgetCrd();
  crd.metadata.name = 'gadgets.example.com';
  expect(errors(crd)).toEqual([
    'metadata.name: Invalid value: "gadgets.example.com": must be spec.names.plural+"."+spec.group',
  ]);
});

test('paths name the version only where versions differ', () => {
  const broken = { openAPIV3Schema: { ...WIDGET_SCHEMA, properties: { spec: { type: 'array' } } } };
  const crd = widgetCrd({ versions: [version('v1'), version('v2', { schema: broken })] });
  expect(errors(crd)).toEqual([
    'spec.versions[1].schema.openAPIV3Schema.properties[spec].items: Required value: must be specified',
  ]);
});

test('group and plural never change, kind and scope not once the CRD is established', () => {
  const old = widgetCrd();
  const changed = widgetCrd({ scope: 'Cluster', names: widgetNames({ kind: 'Gadget', plural: 'gadgets' }) });
  expect(errors(changed, old)).toEqual(['spec.names.plural: Invalid value: "gadgets": field is immutable']);
  old['status'] = kube({ storedVersions: ['v1'], conditions: [{ type: 'Established', status: 'True' }] });
  expect(errors(changed, old)).toEqual([
    'spec.scope: Invalid value: "Cluster": field is immutable',
    'spec.names.kind: Invalid value: "Gadget": field is immutable',
    'spec.names.plural: Invalid value: "gadgets": field is immutable',
  ]);
});

test('a version cannot go while objects may be stored in it', () => {
  const crd = widgetCrd({}, { status: { storedVersions: ['v1alpha1', 'v1'] } });
  expect(errors(crd, widgetCrd())).toEqual([
    'status.storedVersions[0]: Invalid value: "v1alpha1": missing from spec.versions; v1alpha1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1alpha1 and removes v1alpha1 from status.storedVersions',
  ]);
  expect(errors(widgetCrd({}, { status: { storedVersions: [] } }), widgetCrd())).toEqual([
    'status.storedVersions: Invalid value: []: must have at least one stored version',
  ]);
});

test('the storage version joins the stored versions once', () => {
  const crd = widgetCrd({ versions: [version('v1', { storage: false }), version('v2', { storage: true })] });
  expect(nextStoredVersions(crd)).toEqual(['v1', 'v2']);
  expect(nextStoredVersions(widgetCrd())).toEqual(['v1']);
});

test('groups of Kubernetes need an approval, which an update may leave missing', () => {
  const crd = widgetCrd({ group: 'x.k8s.io' });
  crd.metadata.name = 'widgets.x.k8s.io';
  expect(errors(crd)).toEqual([
    'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
  ]);
  expect(errors(crd, crd)).toEqual([]);
  crd.metadata.annotations = { 'api-approved.kubernetes.io': 'unapproved, experimental' };
  expect(errors(crd)).toEqual([]);
});

test('formats that nothing checks are warned of once, and on update only if new', () => {
  const withFormat = (format: string) =>
    widgetCrd({
      versions: [
        version('v1', {
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { a: { type: 'string', format }, b: { type: 'integer', format: 'int64' } },
            },
          },
        }),
      ],
    });
  expect(customResourceDefinitionWarnings(withFormat('zip'), undefined)).toEqual([
    'unrecognized format "zip"',
  ]);
  expect(customResourceDefinitionWarnings(withFormat('zip'), withFormat('zip'))).toEqual([]);
  expect(customResourceDefinitionWarnings(withFormat('date-time'), undefined)).toEqual([]);
});

test('a CRD whose fields have wrong types is refused without an exception', () => {
  for (const spec of [
    null,
    'x',
    { versions: 'x', names: [], group: 1 },
    { versions: [1, null, { schema: 5 }] },
  ]) {
    const crd = kube({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: {},
      spec,
    });
    defaultCustomResourceDefinition(crd);
    expect(errors(crd).length).toBeGreaterThan(0);
  }
});

describe('a conversion webhook is refused with upstream’s text:', () => {
  const conversion = (clientConfig: unknown) => ({
    strategy: 'Webhook',
    webhook: { clientConfig, conversionReviewVersions: ['v1'] },
  });
  const url = 'spec.conversion.webhookClientConfig.url';
  const form = 'desired format: https://host[/path]';
  test.each<[unknown, string[]]>([
    [
      { url: 'https://u:p@a.b' },
      [`${url}: Invalid value: "u:p": user information is not permitted in the URL`],
    ],
    [{ url: 'https:///x' }, [`${url}: Invalid value: "": host must be specified; ${form}`]],
    [
      { url: 'foo' },
      [
        `${url}: Invalid value: "": 'https' is the only allowed URL scheme; ${form}`,
        `${url}: Invalid value: "": host must be specified; ${form}`,
      ],
    ],
    [
      { url: '://x' },
      [`${url}: Required value: url must be a valid URL: parse "://x": missing protocol scheme; ${form}`],
    ],
    [{ url: 'https://a.b:99999' }, []],
    [
      { service: {} },
      [
        'spec.conversion.webhookClientConfig.service.name: Required value',
        'spec.conversion.webhookClientConfig.service.namespace: Required value',
      ],
    ],
    // Certificates are looked at only once the CRD is established.
    [{ url: 'https://a.b', caBundle: 'eA==' }, []],
  ])('%j', (config, expected) => {
    expect(errors(widgetCrd({ conversion: conversion(config) }))).toEqual(expected);
  });

  test('for its certificates, once the CRD is established and unless they were as bad before', () => {
    const crd = (caBundle?: string): KubeObject => {
      const made = widgetCrd({ conversion: conversion({ url: 'https://a.b', caBundle }) });
      made['status'] = kube({
        storedVersions: ['v1'],
        conditions: [{ type: 'Established', status: 'True' }],
      });
      return made;
    };
    expect(errors(crd('eA=='), crd())).toEqual([
      'spec.conversion.webhookClientConfig.caBundle: Invalid value: "eA==": unable to load root certificates: unable to parse bytes as PEM block',
    ]);
    expect(errors(crd('eA=='), crd('eQ=='))).toEqual([]);
  });
});

describe('selectable fields', () => {
  const field = (jsonPath: string) => ({ selectableFields: [{ jsonPath }] });
  const other = { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object' } } } };
  test.each<[string, Record<string, unknown>[], string[]]>([
    ['may lead into maps', [version('v1', field('.spec.color'))], []],
    [
      'know no brackets',
      [version('v1', field(".spec['color']"))],
      [
        `spec.selectableFields[0].jsonPath: Invalid value: ".spec['color']": is an invalid path: array notation is not allowed`,
      ],
    ],
    [
      'end with a name',
      [version('v1', field('.spec.'))],
      [
        'spec.selectableFields[0].jsonPath: Invalid value: ".spec.": is an invalid path: unexpected end of JSON path',
      ],
    ],
    [
      'begin with a dot',
      [version('v1', field('spec.color'))],
      [
        'spec.selectableFields[0].jsonPath: Invalid value: "spec.color": is an invalid path: expected [ or . but got: spec',
      ],
    ],
    [
      'that differ need schemas that differ',
      [version('v1'), version('v2', field('.spec.color'))],
      [
        'spec.versions[1].selectableFields: Invalid value: "": may only be set when `version.schema.openAPIV3Schema` is not included',
      ],
    ],
    [
      'that are the same need schemas that are the same',
      [version('v1', field('.spec.color')), version('v2', { ...field('.spec.color'), schema: other })],
      ['spec.selectableFields: Invalid value: "": may only be set when validations.schema is included'],
    ],
  ])('%s', (_what, versions, expected) => {
    expect(errors(widgetCrd({ versions }))).toEqual(expected);
  });
});
