import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { findHelm, findKubectl } from '../support/kubectl.ts';
import { type RunResult, run } from '../support/run.ts';
import { type ServerProcess, startServer } from '../support/server.ts';
import { type BuiltInKind, exportAndBinding, schemaOfKind } from './kubernetes-schemas.ts';

const CHART = fileURLToPath(new URL('../../deploy/helm/antipode', import.meta.url));
const NATS = fileURLToPath(new URL('../../deploy/nats', import.meta.url));

const REGIONS = ['eu', 'us', 'ap'].map((name) => ({ name, gateway: `core.${name}.planet.example:7222` }));
const WITH_NATS = {
  region: 'eu',
  nats: {
    enabled: true,
    regions: REGIONS,
    passwordSecret: 'planet-passwords',
    coreTlsSecret: 'planet-core-tls',
    dataTlsSecret: 'planet-data-tls',
  },
};

/** Whatever the values have beside the defaults. */
const EVERYTHING = {
  ...WITH_NATS,
  externalUrl: 'https://eu.planet.example:6443',
  imagePullSecrets: [{ name: 'pull' }],
  extraArgs: ['--oidc-issuer-url=https://login.example.com', '--oidc-client-id=kubernetes'],
  service: {
    type: 'LoadBalancer',
    port: 443,
    annotations: { 'cloud.example/kind': 'tcp' },
    loadBalancerSourceRanges: ['192.0.2.0/24'],
  },
  storage: { size: '100Gi', className: 'fast' },
  podAnnotations: { 'example.com/team': 'planet' },
  nodeSelector: { 'example.com/disk': 'nvme' },
  tolerations: [{ key: 'dedicated', operator: 'Exists' }],
  affinity: { nodeAffinity: {} },
  networkPolicy: {
    enabled: true,
    apiFrom: ['192.0.2.0/24'],
    gatewayFrom: ['198.51.100.0/24'],
    egressTo: ['203.0.113.0/24'],
  },
};

const KINDS: readonly BuiltInKind[] = [
  { group: 'apps', version: 'v1', plural: 'statefulsets', kind: 'StatefulSet' },
  { group: '', version: 'v1', plural: 'services', kind: 'Service' },
  { group: 'networking.k8s.io', version: 'v1', plural: 'networkpolicies', kind: 'NetworkPolicy' },
  { group: 'policy', version: 'v1', plural: 'poddisruptionbudgets', kind: 'PodDisruptionBudget' },
];

const [helm, kubectl] = await Promise.all([findHelm(), findKubectl()]);
const missing = 'missing' in helm ? helm.missing : 'missing' in kubectl ? kubectl.missing : undefined;
if (missing !== undefined) console.log(`skipped: the chart: ${missing}`);

describe.skipIf(missing !== undefined)('the Helm chart of a region', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'antipode-chart-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function runHelm(command: readonly string[], values: object): Promise<RunResult> {
    if ('missing' in helm) throw new Error(helm.missing);
    const path = join(folder, `values-${Math.random().toString(36).slice(2)}.yaml`);
    await writeFile(path, stringify(values));
    const env = { HOME: folder, XDG_CACHE_HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
    return run(helm.helm, [...command, '-f', path], { env });
  }
  const template = (values: object) => runHelm(['template', 'west', CHART, '--namespace', 'planet'], values);
  async function rendered(values: object): Promise<readonly Manifest[]> {
    const { code, stdout, stderr } = await template(values);
    if (code !== 0) throw new Error(stderr);
    return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
  }

  it('has the version of the program', async () => {
    const text = await readFile(join(CHART, 'Chart.yaml'), 'utf8');
    const packageText = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
    const { version } = JSON.parse(packageText) as { readonly version: string };
    expect(text).toContain(`appVersion: "${version}"`);
  });

  it.each([
    ['the defaults', {}],
    ['NATS', WITH_NATS],
    ['everything', EVERYTHING],
  ])('passes helm lint with %s', async (_, values) => {
    const { code, stdout } = await runHelm(['lint', '--strict', CHART], values);
    expect([code, stdout]).toEqual([0, expect.stringContaining('1 chart(s) linted, 0 chart(s) failed')]);
  });

  it.each([
    [{ replicas: 2 }, '/replicas'],
    [{ region: 'EU' }, '/region'],
    [{ region: '' }, '/region'],
    [{ externalUrl: 'http://eu.example.com' }, '/externalUrl'],
    [{ extraArgs: ['--region=us'] }, '/extraArgs/0'],
    [{ nats: { enabled: true } }, '/nats'],
    [{ nats: { ...WITH_NATS.nats, regions: REGIONS.slice(0, 1) } }, '/nats/regions'],
    [{ typo: 1 }, 'typo'],
    [{ ...WITH_NATS, region: 'mars' }, 'nats.regions has to list this region too: there is no "mars" in it'],
  ])('refuses %j', async (values, reason) => {
    const { code, stderr } = await template(values);
    expect([code, stderr]).toEqual([1, expect.stringContaining(reason)]);
  });

  it('renders the NATS configuration of deploy/nats', async () => {
    const map = (await rendered(WITH_NATS)).find(({ kind }) => kind === 'ConfigMap');
    const regions = join(NATS, 'regions', 'eu');
    for (const [key, path] of [
      ['core.conf', join(NATS, 'core.conf')],
      ['data.conf', join(NATS, 'data.conf')],
      ['gateways.conf', join(NATS, 'gateways.conf')],
      ['leaf-permissions.conf', join(regions, 'leaf-permissions.conf')],
      ['member-permissions.conf', join(regions, 'member-permissions.conf')],
    ] as const) {
      expect(withoutComments(map?.data?.[key] ?? '')).toEqual(withoutComments(await readFile(path, 'utf8')));
    }
  });

  it('runs nothing as root, with no right or token that it needs not, and keeps secrets in Secrets', async () => {
    const manifests = await rendered(EVERYTHING);
    const sets = manifests.filter(({ kind }) => kind === 'StatefulSet');
    expect(sets.map(({ metadata }) => metadata.name)).toEqual([
      'west-antipode',
      'west-antipode-nats-core',
      'west-antipode-nats-data',
    ]);
    for (const { spec } of sets) {
      const pod = spec?.template?.spec;
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      });
      for (const container of pod?.containers ?? []) {
        expect(container).toMatchObject({
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          resources: { limits: { memory: expect.any(String) } },
          livenessProbe: expect.any(Object),
          readinessProbe: expect.any(Object),
        });
      }
    }
    expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    const covered = manifests
      .filter(({ kind }) => kind === 'NetworkPolicy')
      .map(({ metadata }) => metadata.name);
    expect(covered).toEqual(expect.arrayContaining(sets.map(({ metadata }) => metadata.name)));
  });

  describe('by the schemas of Kubernetes', () => {
    let server: ServerProcess;
    beforeAll(async () => {
      server = await startServer({ readyTimeoutMs: 90_000 });
      const objects = [
        ...KINDS.map(schemaOfKind),
        ...exportAndBinding('kubernetes', KINDS),
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'planet' } },
      ];
      const made = await kubectlRun(['create', '--validate=false', '-f', '-'], objects);
      if (made.code !== 0) throw new Error(made.stderr);
      const bound = await kubectlRun(
        ['wait', '--for=jsonpath={.status.phase}=Bound', 'apibindings/kubernetes', '--timeout=30s'],
        [],
      );
      if (bound.code !== 0) throw new Error(bound.stderr);
    }, 120_000);
    afterAll(async () => {
      await server?.stop();
    });

    function kubectlRun(args: readonly string[], objects: readonly unknown[]): Promise<RunResult> {
      if ('missing' in kubectl) throw new Error(kubectl.missing);
      const env = { KUBECONFIG: server.kubeconfig, HOME: server.homeDirectory };
      const input = objects.map((object) => JSON.stringify(object)).join('\n---\n');
      return run(kubectl.kubectl, args, { env, input });
    }
    const dryRun = (objects: readonly unknown[]) =>
      kubectlRun(['apply', '--dry-run=server', '--validate=strict', '-f', '-'], objects);

    it.each([
      ['the defaults', {}],
      ['NATS', WITH_NATS],
      ['everything', EVERYTHING],
      ['no policies', { ...WITH_NATS, networkPolicy: { enabled: false } }],
    ])('is valid with %s', async (_, values) => {
      const manifests = await rendered(values);
      const { code, stdout, stderr } = await dryRun(manifests);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout.trim().split('\n')).toHaveLength(manifests.length);
    });

    it('would not be valid with a field of another name, type or place', async () => {
      const manifests = await rendered(EVERYTHING);
      const change = (kind: string, from: string, to: string): unknown => {
        const text = JSON.stringify(manifests.find((manifest) => manifest.kind === kind));
        expect(text).toContain(from);
        return JSON.parse(text.replace(from, to));
      };
      for (const [broken, reason] of [
        [
          change('StatefulSet', '"readinessProbe"', '"readyProbe"'),
          'unknown field "spec.template.spec.containers[0].readyProbe"',
        ],
        [change('StatefulSet', '"replicas":1', '"replicas":"one"'), 'spec.replicas'],
        [change('Service', '"port":443', '"prt":443'), 'spec.ports[0]'],
        [change('PodDisruptionBudget', '"maxUnavailable":1', '"maxUnavailable":true'), 'spec.maxUnavailable'],
        [change('NetworkPolicy', '"cidr"', '"cider"'), 'cider'],
      ] as const) {
        const { code, stderr } = await dryRun([broken]);
        expect([code, stderr]).toEqual([1, expect.stringContaining(reason)]);
      }
    });
  });
});

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly template?: {
      readonly spec: { readonly containers: readonly Readonly<Record<string, unknown>>[] };
    };
  };
}

/** The lines that say something, without their indentation. */
function withoutComments(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
