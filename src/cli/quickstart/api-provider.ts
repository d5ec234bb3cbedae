import { deleteStep, ensureBinding, ensureObject, workspaceStep } from './actions.ts';
import type { Scenario, Step } from './scenario.ts';

/** A provider that offers an API, and a consumer that has bound it, in an organization of their own. */
export function apiProviderScenario(prefix: string): Scenario {
  const names = { org: `${prefix}-org`, provider: `${prefix}-provider`, consumer: `${prefix}-consumer` };
  const org = `root:${names.org}`;
  const provider = `${org}:${names.provider}`;
  const consumer = `${org}:${names.consumer}`;
  return {
    name: 'api-provider',
    steps: [
      workspaceStep(`Creating organization workspace ${JSON.stringify(names.org)}`, {
        parent: 'root',
        name: names.org,
        type: 'organization',
        prefix,
      }),
      workspaceStep(`Creating service provider workspace ${JSON.stringify(names.provider)}`, {
        parent: org,
        name: names.provider,
        type: 'universal',
        prefix,
      }),
      objectStep(
        'Applying APIResourceSchema',
        provider,
        '/apis/apis.kcp.io/v1alpha1/apiresourceschemas',
        schema,
      ),
      objectStep('Applying APIExport', provider, '/apis/apis.kcp.io/v1alpha2/apiexports', apiExport),
      workspaceStep(`Creating consumer workspace ${JSON.stringify(names.consumer)}`, {
        parent: org,
        name: names.consumer,
        type: 'universal',
        prefix,
      }),
      {
        title: 'Creating APIBinding in consumer workspace',
        run: (surroundings) =>
          ensureBinding(surroundings, { workspace: consumer, binding: bindingTo(provider) }),
      },
    ],
    samples: [
      objectStep(
        `Applying sample Cowboy resource in ${JSON.stringify(names.consumer)}`,
        consumer,
        '/apis/wildwest.dev/v1alpha1/namespaces/default/cowboys',
        cowboy,
      ),
    ],
    cleanup: [
      deleteStep(
        `Deleting organization workspace ${JSON.stringify(names.org)} (cascades provider and consumer)`,
        {
          parent: 'root',
          name: names.org,
        },
      ),
    ],
    summary: (withSamples) =>
      summary({ ...names, providerPath: provider, consumerPath: consumer, prefix, withSamples }),
    enters: () => consumer,
  };
}

function objectStep(
  title: string,
  workspace: string,
  collection: string,
  object: Parameters<typeof ensureObject>[1]['object'],
): Step {
  return { title, run: (surroundings) => ensureObject(surroundings, { workspace, collection, object }) };
}

const schema = {
  apiVersion: 'apis.kcp.io/v1alpha1',
  kind: 'APIResourceSchema',
  metadata: { name: 'today.cowboys.wildwest.dev' },
  spec: {
    group: 'wildwest.dev',
    names: {
      kind: 'Cowboy',
      listKind: 'CowboyList',
      plural: 'cowboys',
      singular: 'cowboy',
      shortNames: ['cb'],
    },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          type: 'object',
          description: 'Somebody who rides through the wild west.',
          properties: {
            spec: {
              type: 'object',
              description: 'What is wanted of the cowboy.',
              properties: {
                intent: { type: 'string', description: 'What the cowboy is up to: good, bad or ugly.' },
              },
            },
            status: {
              type: 'object',
              description: 'What was seen of the cowboy.',
              properties: { result: { type: 'string', description: 'What came of it.' } },
            },
          },
        },
      },
    ],
  },
} as const;

const apiExport = {
  apiVersion: 'apis.kcp.io/v1alpha2',
  kind: 'APIExport',
  metadata: { name: 'cowboys' },
  spec: {
    resources: [
      { name: 'cowboys', group: 'wildwest.dev', schema: 'today.cowboys.wildwest.dev', storage: { crd: {} } },
    ],
  },
} as const;

const cowboy = {
  apiVersion: 'wildwest.dev/v1alpha1',
  kind: 'Cowboy',
  metadata: { name: 'john-wayne', namespace: 'default' },
  spec: { intent: 'good' },
} as const;

function bindingTo(path: string) {
  return {
    apiVersion: 'apis.kcp.io/v1alpha2',
    kind: 'APIBinding',
    metadata: { name: 'cowboys' },
    spec: { reference: { export: { path, name: 'cowboys' } } },
  } as const;
}

function summary(made: {
  readonly org: string;
  readonly provider: string;
  readonly consumer: string;
  readonly providerPath: string;
  readonly consumerPath: string;
  readonly prefix: string;
  readonly withSamples: boolean;
}): string {
  const sample = [
    "    kubectl apply -f - <<'EOF'",
    '    apiVersion: wildwest.dev/v1alpha1',
    '    kind: Cowboy',
    '    metadata:',
    '      name: john-wayne',
    '      namespace: default',
    '    spec:',
    '      intent: good',
    '    EOF',
  ];
  return [
    "Quickstart complete! Here's what was created:",
    '',
    '  Workspace hierarchy:',
    '    root',
    `    └── ${made.org} (organization)`,
    `        ├── ${made.provider} (universal): APIResourceSchema today.cowboys.wildwest.dev, APIExport cowboys`,
    `        └── ${made.consumer} (universal): APIBinding cowboys to ${made.providerPath}:cowboys`,
    '',
    '  Try it out:',
    `    kubectl ws :${made.consumerPath}`,
    ...(made.withSamples ? [] : sample),
    '    kubectl get cowboys',
    '',
    '  Cleanup:',
    `    kubectl kcp quickstart --cleanup --name-prefix ${made.prefix}`,
    '',
  ].join('\n');
}
