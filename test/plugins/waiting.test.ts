import { createServer, type Server } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunResult, run } from '../support/run.ts';
import { type Person, Plugins } from './suite.ts';

/**
 * What plugins say when a server makes them wait, or answers what it should not: the built programs, each in a process
 * of its own, with real time.
 */
const PROGRAMS = fileURLToPath(new URL('../../dist/bin', import.meta.url));
const TENANCY = '/apis/tenancy.kcp.io/v1alpha1';

let plugins: Plugins;

beforeAll(async () => {
  plugins = await Plugins.start();
});

afterAll(() => plugins.stop());

function runProgram(
  person: Person,
  line: string,
  onStdout: (text: string) => void = () => {},
): Promise<RunResult> {
  const [program = '', ...words] = line.split(' ');
  const env = {
    KUBECONFIG: person.kubeconfig,
    HOME: '/people/nobody',
    HTTPS_PROXY: undefined,
    https_proxy: undefined,
  };
  return run(process.execPath, [join(PROGRAMS, program), ...words], { env, onStdout });
}

describe('a workspace that does not become ready', () => {
  test('is said to be made, and not to be ready to use', async () => {
    await plugins.client.create(`/clusters/root${TENANCY}/workspacetypes`, {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'WorkspaceType',
      metadata: { name: 'waits' },
      spec: { initializer: true },
    });
    const somebody = await plugins.person('waits');
    const text = 'Workspace "slow" (type root:waits)';
    expect(
      await runProgram(somebody, 'kubectl-create-workspace slow --type root:waits --timeout 200ms'),
    ).toEqual({
      code: 1,
      stdout: `${text} created. Waiting for it to be ready...\n`,
      stderr: `error: ${text} created but is not ready to use\n`,
    });
    expect(
      await runProgram(somebody, 'kubectl-ws create slow --ignore-existing --enter --timeout 200ms'),
    ).toEqual({
      code: 1,
      stdout: `${text} already exists. Waiting for it to be ready...\n`,
      stderr: `error: ${text} already exists but is not ready to use\n`,
    });
    // Nobody is taken there.
    expect((await runProgram(somebody, 'kubectl-ws .')).stdout).toBe('Current workspace is "root".\n');
    const wrong = await runProgram(somebody, 'kubectl-create-workspace other --timeout soon');
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      'error: --timeout takes a duration, such as 30s or 2m, but "soon" is none\n',
    ]);
  });
});

describe('the end of a quick start', () => {
  test('is told to go on as long as something holds a workspace back', async () => {
    const somebody = await plugins.person('cleans');
    const done = await runProgram(somebody, 'kubectl-kcp quickstart --name-prefix held');
    expect([done.code, done.stderr]).toEqual([0, '']);
    const held = '/clusters/root:held-org/api/v1/namespaces/default/configmaps';
    await plugins.client.create(held, { metadata: { name: 'held', finalizers: ['example.com/held'] } });
    // It says so ten seconds after it began to wait.
    let hear: () => void = () => {};
    const told = new Promise<void>((resolve) => {
      hear = resolve;
    });
    const line = 'kubectl-kcp quickstart --name-prefix held --cleanup --timeout 25s';
    const cleaned = runProgram(somebody, line, (text) => {
      if (text.includes('Still terminating')) hear();
    });
    await Promise.race([told, cleaned]);
    await plugins.client.patch(`${held}/held`, { metadata: { finalizers: null } });
    const { code, stdout, stderr } = await cleaned;
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toEqual([
      'Cleaning up quickstart resources with prefix "held"...',
      '',
      expect.stringMatching(/^Step 1\/1: /),
      '  Waiting for workspace "held-org" and all children to finish terminating...',
      '  Still terminating (cascading deletion in progress)...',
      '',
      'Cleanup complete.',
      'Current workspace is "root".',
      '',
    ]);
    await plugins.client.untilGone(`/clusters/root${TENANCY}/workspaces/held-org`);
  });
});

describe('a server that answers oddly', () => {
  let gateway: Server;
  let somebody: Person;
  beforeAll(async () => {
    gateway = gatewayTo(plugins);
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
    const { port } = gateway.address() as AddressInfo;
    somebody = await plugins.person('odd', plugins.server.token, `http://127.0.0.1:${port}`);
  });
  afterAll(async () => {
    gateway.closeAllConnections();
    await new Promise((resolve) => gateway.close(resolve));
  });

  test('of bindings keeps nobody from entering a workspace', async () => {
    await plugins.client.create(`/clusters/root${TENANCY}/workspaces`, {
      apiVersion: 'tenancy.kcp.io/v1alpha1',
      kind: 'Workspace',
      metadata: { name: 'odd' },
    });
    expect(await runProgram(somebody, 'kubectl-ws :root:odd')).toEqual({
      code: 0,
      stdout: 'Current workspace is "root:odd".\n',
      stderr: expect.stringMatching(/^error checking APIBindings: .*the gateway has lost them.*\n$/),
    });
    expect((await runProgram(somebody, 'kubectl-ws . --short')).stdout).toBe('root:odd\n');
  });

  test('of a home is not followed elsewhere', async () => {
    const before = (await runProgram(somebody, 'kubectl-ws . --short')).stdout;
    expect(await runProgram(somebody, 'kubectl-ws ~')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: invalid home workspace URL "https://elsewhere.example/home": it has no path behind /clusters/\n',
    });
    expect((await runProgram(somebody, 'kubectl-ws . --short')).stdout).toBe(before);
  });
});

/** What stands in front of a server and spoils two of its answers. */
function gatewayTo({ server }: Plugins): Server {
  return createServer((incoming, outgoing) => {
    const path = incoming.url ?? '/';
    const answer = (status: number, body: object): void => {
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (path.includes('/apibindings')) {
      const message = 'the gateway has lost them';
      answer(500, { apiVersion: 'v1', kind: 'Status', status: 'Failure', code: 500, message });
      return;
    }
    if (path.endsWith('/workspaces/~')) {
      answer(200, { metadata: { name: 'home' }, spec: { URL: 'https://elsewhere.example/home' } });
      return;
    }
    const { method = 'GET', headers } = incoming;
    const onward = request(new URL(path, server.url), { method, headers, ca: server.ca }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
}
