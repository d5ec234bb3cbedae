import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client, type KubeObject } from '../http/client.ts';
import { findHelm } from '../support/kubectl.ts';
import { type RunResult, run } from '../support/run.ts';
import { type ServerProcess, startServer } from '../support/server.ts';

const CHART = fileURLToPath(new URL('chart', import.meta.url));
const LIGHTS = 'apis/coast.example/v1';
const ROLES = 'apis/rbac.authorization.k8s.io/v1';

const tools = await findHelm();
const missing = 'missing' in tools ? tools.missing : undefined;
if (missing !== undefined) console.log(`skipped: helm: ${missing}`);

// Helm 4 lets the server apply unless it is told otherwise; as Helm 3 did, it merges by itself.
for (const mode of ['--server-side=true', '--server-side=false']) {
  describe.skipIf(missing !== undefined)(
    `helm ${mode}${missing === undefined ? '' : ` (${missing})`}`,
    () => {
      let server: ServerProcess;
      let client: Client;
      const namespace = 'coast';

      beforeAll(async () => {
        server = await startServer();
        client = new Client(server);
      });

      afterAll(async () => {
        client.close();
        await server.stop();
      });

      const read = (path: string): Promise<KubeObject> =>
        client.get(path.replace(/^(api[^/]*(?:\/[^/]+)?\/v1)\//, `/$1/namespaces/${namespace}/`));
      const versionsOf = async (paths: readonly string[]): Promise<readonly string[]> =>
        (await Promise.all(paths.map(read))).map(({ metadata }) => metadata.resourceVersion);

      test('install makes the definition, then its objects, and everything else of the chart', async () => {
        const line = `install west ${CHART} --namespace ${namespace} --create-namespace --wait --timeout 20s`;
        const output = await ok(server, line, mode);
        expect(output).toMatch(/STATUS: deployed\nREVISION: 1\n/);
        expect(output).toContain('1 light(s) in coast.');
        expect(await read(`${LIGHTS}/lights/west-north`)).toMatchObject({
          spec: { seconds: 10, color: 'white', sectors: [{ name: 'sea', degrees: 360 }] },
          metadata: {
            generation: 1,
            labels: { 'app.kubernetes.io/managed-by': 'Helm' },
            annotations: { 'meta.helm.sh/release-name': 'west', 'meta.helm.sh/release-namespace': namespace },
          },
        });
        const secret = await read('api/v1/secrets/west-key');
        expect(secret).toMatchObject({ data: { iron: base64('old key'), owner: base64('keeper') } });
        expect(secret).not.toHaveProperty('stringData');
        expect((await read('api/v1/configmaps/west-chart'))['data']).toEqual({ seconds: '10' });
        expect(await read(`${ROLES}/rolebindings/west-keeper`)).toMatchObject({
          subjects: [{ kind: 'ServiceAccount', name: 'west-keeper', namespace }],
        });
        await read('api/v1/serviceaccounts/west-keeper');
        await client.get(`/${ROLES}/clusterrolebindings/west-coast-visitor`);
        const releases = await client.list(
          `/api/v1/namespaces/${namespace}/secrets?labelSelector=owner%3Dhelm,status%3Ddeployed`,
        );
        expect(releases.items.map(({ type, metadata }) => [type, metadata.name])).toEqual([
          ['helm.sh/release.v1', 'sh.helm.release.v1.west.v1'],
        ]);
      });

      test('list, status, history and get say what is installed', async () => {
        const [listed] = await json<readonly Release[]>(server, `list --namespace ${namespace}`);
        expect(listed).toMatchObject({ name: 'west', revision: '1', status: 'deployed' });
        expect(await ok(server, `status west --namespace ${namespace}`)).toContain('STATUS: deployed');
        expect(await ok(server, `get manifest west --namespace ${namespace}`)).toContain('kind: Light');
        expect(await ok(server, `get values west --all --namespace ${namespace}`)).toContain('owner: keeper');
        expect(await statesOf(server, namespace)).toEqual([[1, 'deployed']]);
      });

      test('an upgrade that changes nothing leaves the objects alone', async () => {
        const paths = [
          `${LIGHTS}/lights/west-north`,
          'api/v1/configmaps/west-chart',
          'api/v1/serviceaccounts/west-keeper',
          `${ROLES}/roles/west-keeper`,
        ];
        const before = await versionsOf(paths);
        expect(await ok(server, `upgrade west ${CHART} --namespace ${namespace} --wait`, mode)).toContain(
          'REVISION: 2',
        );
        expect(await versionsOf(paths)).toEqual(before);
      });

      test('an upgrade adds, changes and removes what its values say', async () => {
        // Somebody else's fields are no business of the chart.
        await client.patch(`/${LIGHTS}/namespaces/${namespace}/lights/west-north`, {
          metadata: { annotations: { 'coast.example/painted': 'yes' } },
        });
        const values = '--set seconds=4,harbor=inner,owner=widow,lights={north,south}';
        const line = `upgrade west ${CHART} --namespace ${namespace} --wait ${values}`;
        expect(await ok(server, line, mode)).toContain('2 light(s) in coast.');
        expect(await read(`${LIGHTS}/lights/west-north`)).toMatchObject({
          spec: {
            seconds: 4,
            sectors: [
              { name: 'sea', degrees: 360 },
              { name: 'harbor', degrees: 90 },
            ],
          },
          metadata: { generation: 2, annotations: { 'coast.example/painted': 'yes' } },
        });
        await read(`${LIGHTS}/lights/west-south`);
        await read('api/v1/configmaps/west-harbor');
        expect((await read('api/v1/configmaps/west-inspection'))['data']).toEqual({ revision: '3' });
        expect(await read('api/v1/secrets/west-key')).toMatchObject({ data: { owner: base64('widow') } });
        const [rule] = (await read(`${ROLES}/roles/west-keeper`))['rules'] as { verbs: string[] }[];
        expect(rule?.verbs).toEqual(['get', 'list', 'watch', 'update']);
      });

      test('an upgrade that the server refuses fails, and the release stays usable', async () => {
        const line = `upgrade west ${CHART} --namespace ${namespace} --reuse-values --set seconds=0`;
        const failed = await helm(server, line, mode);
        expect(failed.code).toBe(1);
        expect(failed.stderr).toContain('spec.seconds in body should be greater than or equal to 1');
        expect((await statesOf(server, namespace)).at(-1)).toEqual([4, 'failed']);
      });

      test('rollback brings back an earlier revision, and takes away what it did not have', async () => {
        await ok(server, `rollback west 1 --namespace ${namespace} --wait`, mode);
        expect(await statesOf(server, namespace)).toEqual([
          [1, 'superseded'],
          [2, 'superseded'],
          [3, 'superseded'],
          [4, 'failed'],
          [5, 'deployed'],
        ]);
        expect(await read(`${LIGHTS}/lights/west-north`)).toMatchObject({
          spec: { seconds: 10, sectors: [{ name: 'sea', degrees: 360 }] },
          metadata: { annotations: { 'coast.example/painted': 'yes' } },
        });
        const lights = await client.list(`/${LIGHTS}/namespaces/${namespace}/lights`);
        expect(lights.items.map(({ metadata }) => metadata.name)).toEqual(['west-north']);
        await client.refuse(404, `/api/v1/namespaces/${namespace}/configmaps/west-harbor`);
        expect((await read('api/v1/configmaps/west-chart'))['data']).toEqual({ seconds: '10' });
        expect(await read('api/v1/secrets/west-key')).toMatchObject({ data: { owner: base64('keeper') } });
      });

      test('a second release in another namespace shares the definition', async () => {
        const output = await ok(server, `install east ${CHART} --namespace shoal --create-namespace`, mode);
        expect(output).toContain('1 light(s) in shoal.');
        await client.get(`/${LIGHTS}/namespaces/shoal/lights/east-north`);
        const all = await json<readonly Release[]>(server, 'list --all-namespaces');
        expect(all.map(({ name }) => name).sort()).toEqual(['east', 'west']);
      });

      test('uninstall removes everything but the definition', async () => {
        const output = await ok(server, `uninstall west --namespace ${namespace} --wait --timeout 20s`);
        expect(output).toContain('release "west" uninstalled');
        const left = [`/${LIGHTS}/namespaces/${namespace}/lights`, `/${ROLES}/namespaces/${namespace}/roles`];
        for (const path of [...left, `/api/v1/namespaces/${namespace}/secrets`]) {
          expect((await client.list(path)).items, path).toEqual([]);
        }
        await client.refuse(404, `/${ROLES}/clusterroles/west-coast-visitor`);
        await client.get('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/lights.coast.example');
        await client.get(`/${LIGHTS}/namespaces/shoal/lights/east-north`);
      });
    },
  );
}

interface Release {
  readonly name: string;
  readonly revision: string | number;
  readonly status: string;
}

function helm(server: ServerProcess, line: string, mode?: string): Promise<RunResult> {
  if ('missing' in tools) throw new Error(tools.missing);
  const args = [...line.split(' '), ...(mode === undefined ? [] : [mode])];
  const { kubeconfig: KUBECONFIG, homeDirectory: HOME } = server;
  // Whatever directories of its own somebody has set, Helm works in the server's home.
  const own = { HELM_CACHE_HOME: undefined, HELM_CONFIG_HOME: undefined, HELM_DATA_HOME: undefined };
  const xdg = { XDG_CACHE_HOME: undefined, XDG_CONFIG_HOME: undefined, XDG_DATA_HOME: undefined };
  const proxies = { HTTPS_PROXY: undefined, https_proxy: undefined, HELM_NAMESPACE: undefined };
  return run(tools.helm, args, { env: { KUBECONFIG, HOME, ...own, ...xdg, ...proxies }, timeoutMs: 60_000 });
}

async function ok(server: ServerProcess, line: string, mode?: string): Promise<string> {
  const { code, stdout, stderr } = await helm(server, line, mode);
  if (code !== 0) throw new Error(`helm ${line} ${mode ?? ''} ended with ${code}\n${stdout}${stderr}`);
  return stdout;
}

async function json<Result>(server: ServerProcess, line: string): Promise<Result> {
  return JSON.parse(await ok(server, `${line} -o json`)) as Result;
}

async function statesOf(server: ServerProcess, namespace: string): Promise<unknown[]> {
  const history = await json<readonly Release[]>(server, `history west --namespace ${namespace}`);
  return history.map(({ revision, status }) => [revision, status]);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
