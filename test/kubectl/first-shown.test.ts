import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { describeKubectl } from './cluster.ts';
import { CERT_MANAGER, isAbsent } from './fixtures.ts';
import { Shell } from './shell.ts';

const SCHEMAS = ['certificates', 'certificaterequests', 'issuers', 'clusterissuers'].map(
  (name) => `${name}.cert-manager.io`,
);

const EXPORT = `
apiVersion: apis.kcp.io/v1alpha1
kind: APIExport
metadata:
  name: stable
spec:
  latestResourceSchemas: [${SCHEMAS.map((name) => `today.${name}`).join(', ')}]
`;

/** In the form in which bindings were first shown. */
const BINDING = `
apiVersion: apis.kcp.dev/v1alpha1
kind: APIBinding
metadata: {name: cert-manager}
spec:
  reference:
    workspace:
      path: root:cert-manager
      exportName: stable
`;

const CERTIFICATE = `
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: web, namespace: default}
spec:
  secretName: web-tls
  dnsNames: [example.org]
  issuerRef: {name: ca, kind: Issuer}
`;

const CLUSTER = '{.metadata.annotations.kcp\\.io/cluster}';

interface Certificate {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly annotations: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly secretName: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

// Every line starts kubectl and, in it, a plugin.
vi.setConfig({ testTimeout: 120_000 });

// One story: each test goes on where the one before it has stopped.
describeKubectl('what was shown of workspaces first [fixtures]', (cluster) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await Shell.open(cluster.server);
  });
  afterAll(() => shell.close());

  test('workspaces are made and entered, in these very words', async () => {
    await shell.play(`
$ kubectl ws .
Current workspace is "root".
$ kubectl ws create kubecon
Workspace "kubecon" (type root:organization) created.
$ kubectl ws kubecon
Current workspace is "root:kubecon".
$ kubectl ws ..
Current workspace is "root".
`);
    const resources = await shell.ok('kubectl api-resources');
    for (const line of [
      /^configmaps +cm /m,
      /^events +ev /m,
      /^limitranges +limits /m,
      /^namespaces +ns /m,
      /^resourcequotas +quota /m,
      /^secrets /m,
      /^serviceaccounts +sa /m,
    ]) {
      expect(resources).toMatch(line);
    }
    expect(resources).not.toMatch(/^(pods|nodes|services|deployments|persistentvolumes)\b/m);
  });

  test.skipIf(isAbsent)('an API is published from its CustomResourceDefinitions', async () => {
    await shell.ok('kubectl create workspace cert-manager --enter');
    for (const name of SCHEMAS) {
      const [resource = ''] = name.split('.');
      const file = join(CERT_MANAGER, `cert-manager.io_${resource}.yaml`);
      expect(
        await shell.ok(`kubectl kcp crd snapshot -f '${file}' --prefix today | kubectl create -f -`),
      ).toBe(`apiresourceschema.apis.kcp.io/today.${name} created\n`);
    }
    expect(await shell.ok('kubectl create -f -', EXPORT)).toBe('apiexport.apis.kcp.io/stable created\n');
    await shell.ok('kubectl wait apiexport/stable --for=condition=IdentityValid --timeout=20s');
  });

  test.skipIf(isAbsent)(
    'and bound with one command, or with an object in the form that was shown',
    async () => {
      await shell.play(`
$ kubectl ws ..
Current workspace is "root".
$ kubectl bind apiexport root:cert-manager:stable
apibinding stable created. Waiting to successfully bind ...
stable created and bound.
$ kubectl create workspace consumer --enter
Workspace "consumer" (type root:organization) created.
Current workspace is "root:consumer".
`);
      expect(await shell.ok('kubectl create -f -', BINDING)).toBe(
        'apibinding.apis.kcp.dev/cert-manager created\n',
      );
      // Unqualified, the name means the group of today.
      await shell.ok(
        'kubectl wait apibinding/cert-manager --for=jsonpath={.status.phase}=Bound --timeout=20s',
      );
      const [shown, today] = [
        await shell.json<Certificate>('kubectl get apibindings.v1alpha1.apis.kcp.dev cert-manager'),
        await shell.json<Certificate>('kubectl get apibindings cert-manager'),
      ];
      expect(shown.metadata.uid).toBe(today.metadata.uid);
      expect(today).toMatchObject({
        apiVersion: 'apis.kcp.io/v1alpha2',
        spec: { reference: { export: { path: 'root:cert-manager', name: 'stable' } } },
      });
      const bound = (place: string): Promise<string> =>
        shell.ok(
          `kubectl ws ${place} > /dev/null && kubectl api-resources --api-group=cert-manager.io -o name`,
        );
      expect((await bound(':root:consumer')).trim().split('\n').sort()).toEqual([...SCHEMAS].sort());
      expect((await bound(':root')).trim().split('\n').sort()).toEqual([...SCHEMAS].sort());
      expect(await bound(':root:kubecon')).toBe('');
    },
  );

  test.skipIf(isAbsent)(
    'a consumer’s Certificate is seen by the provider, changed there, and its status seen here',
    async () => {
      await shell.ok('kubectl ws :root:consumer');
      expect(await shell.ok('kubectl create -f -', CERTIFICATE)).toBe(
        'certificate.cert-manager.io/web created\n',
      );
      const consumer = await shell.ok(`kubectl get logicalcluster cluster -o jsonpath='${CLUSTER}'`);
      await shell.ok('kubectl ws :root:cert-manager');
      // Where a provider finds its consumers, complete with the host: there is no other way to know it.
      const endpoint = await shell.ok(
        "kubectl get apiexportendpointslice stable -o jsonpath='{.status.endpoints[*].url}'",
      );
      const provider = await shell.ok(`kubectl get logicalcluster cluster -o jsonpath='${CLUSTER}'`);
      expect(endpoint).toBe(`${cluster.server.url}/services/apiexport/${provider}/stable`);
      const everywhere = `kubectl --server '${endpoint}/clusters/*'`;
      const list = await shell.json<{ readonly items: readonly Certificate[] }>(
        `${everywhere} get certificates -A`,
      );
      expect(
        list.items.map(({ metadata }) => [metadata.name, metadata.annotations['kcp.io/cluster']]),
      ).toEqual([['web', consumer]]);
      const there = `kubectl --server '${endpoint}/clusters/${consumer}'`;
      expect(await shell.ok(`${there} label certificate web -n default seen=yes`)).toBe(
        'certificate.cert-manager.io/web labeled\n',
      );
      const status = JSON.stringify({
        status: {
          conditions: [
            { type: 'Ready', status: 'True', reason: 'Issued', lastTransitionTime: '2026-01-01T00:00:00Z' },
          ],
        },
      });
      await shell.ok(
        `${there} patch certificate web -n default --subresource=status --type=merge -p '${status}'`,
      );
      await shell.ok('kubectl ws :root:consumer');
      const certificate = await shell.json<Certificate>('kubectl get certificate web');
      expect(certificate.metadata.labels).toEqual({ seen: 'yes' });
      expect(certificate.status?.conditions).toMatchObject([{ type: 'Ready', status: 'True' }]);
      expect(await shell.ok('kubectl get certificates')).toMatch(
        /^NAME +READY +SECRET +AGE\nweb +True +web-tls +\S+\n$/,
      );
    },
  );

  test.skipIf(isAbsent)('everything a snapshot prints is accepted', async () => {
    await shell.ok('kubectl ws :root:cert-manager');
    const line = `kubectl kcp crd snapshot -f '${CERT_MANAGER}' --prefix tomorrow -o json | kubectl create -f -`;
    expect((await shell.ok(line)).trim().split('\n')).toHaveLength(6);
    const cowboys = readFileSync(join(CERT_MANAGER, '../wildwest/crd-cowboys.yaml'), 'utf8');
    expect(
      await shell.ok('kubectl kcp crd snapshot -f - --prefix today | kubectl create -f -', cowboys),
    ).toBe('apiresourceschema.apis.kcp.io/today.cowboys.wildwest.dev created\n');
  });
});
