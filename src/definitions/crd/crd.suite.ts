import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KubeObject, parseJson, parseYaml } from '../../machinery/mod.ts';

const FIXTURES = process.env['ANTIPODE_FIXTURES'] ?? '../shared/fixtures';

/** Where the CRDs of cert-manager are, if they are there. */
export const CERT_MANAGER = join(FIXTURES, 'cert-manager');
export const hasFixtures = existsSync(CERT_MANAGER);

export function certManagerCrds(): KubeObject[] {
  return readdirSync(CERT_MANAGER)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => parseYaml(readFileSync(join(CERT_MANAGER, name), 'utf8')).value as KubeObject);
}

/** A value of the test as the parser makes it. */
export function kube(value: unknown): KubeObject {
  return parseJson(JSON.stringify(value)).value as KubeObject;
}

/** A version of the CRD below. */
export function version(
  name: string,
  changes: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    name,
    served: true,
    storage: name === 'v1',
    schema: { openAPIV3Schema: WIDGET_SCHEMA },
    ...changes,
  };
}

export const WIDGET_SCHEMA = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['color'],
      properties: {
        color: { type: 'string', enum: ['red', 'blue'] },
        size: { type: 'integer', default: 3 },
        replicas: { type: 'integer' },
        tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      },
    },
    status: { type: 'object', properties: { phase: { type: 'string' }, replicas: { type: 'integer' } } },
  },
};

/** A valid CRD as a client sends it, with defaults and status as the server adds them. */
export function widgetCrd(
  spec: Readonly<Record<string, unknown>> = {},
  rest: Readonly<Record<string, unknown>> = {},
): KubeObject {
  return kube({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: {
        plural: 'widgets',
        singular: 'widget',
        kind: 'Widget',
        listKind: 'WidgetList',
        shortNames: ['wd'],
      },
      versions: [version('v1', { subresources: { status: {} } })],
      conversion: { strategy: 'None' },
      ...spec,
    },
    status: { acceptedNames: { plural: '', kind: '' }, conditions: null, storedVersions: ['v1'] },
    ...rest,
  });
}

/** The same with other fields in spec.names. */
export function widgetNames(changes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', ...changes };
}
