import { expect, it, onTestFinished } from 'vitest';
import { Client, type KubeObject } from '../http/client.ts';
import { run } from '../support/run.ts';
import { startServer } from '../support/server.ts';
import { onlyLine, PROGRAM, start } from './command.ts';

const FLAG = '--logical-cluster-total-object-limit';
// More than a workspace has from its beginning, and few enough to be reached soon.
const LIMIT = 60;

it('a server that was started with a limit refuses the object beyond it, until another is gone', async () => {
  const server = await startServer({ args: [FLAG, String(LIMIT)] });
  onTestFinished(async () => void (await server.stop()));
  const client = new Client(server);
  onTestFinished(() => client.close());
  const workspaces = '/clusters/root/apis/tenancy.kcp.io/v1alpha1/workspaces';
  const workspace = await client.create(workspaces, {
    apiVersion: 'tenancy.kcp.io/v1alpha1',
    kind: 'Workspace',
    metadata: { name: 'full' },
  });
  const { cluster } = workspace['spec'] as { cluster: string };
  await client.until<KubeObject & { readonly status?: { readonly phase?: string } }>(
    `${workspaces}/full`,
    ({ status }) => status?.phase === 'Ready',
  );
  const path = '/clusters/root:full/api/v1/namespaces/default/configmaps';
  const make = (name: string) => client.call(path, { method: 'POST', body: { metadata: { name } } });
  let made = 0;
  let reply = await make('c0');
  while (reply.status === 201 && made < LIMIT) {
    made += 1;
    reply = await make(`c${made}`);
  }
  expect(made).toBeGreaterThan(0);
  const name = `c${made}`;
  expect([reply.status, JSON.parse(reply.text)]).toEqual([
    403,
    {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: `configmaps "${name}" is forbidden: logical cluster "${cluster}" has reached its total object count limit (${LIMIT}/${LIMIT} objects); delete objects to free up capacity`,
      reason: 'Forbidden',
      details: { name, kind: 'configmaps' },
      code: 403,
    },
  ]);
  // What is there can be changed, and one that goes makes room for one.
  await client.patch(`${path}/c0`, { data: { a: 'b' } });
  await client.delete(`${path}/c0`);
  expect((await make(name)).status).toBe(201);
  expect((await make('beyond')).status).toBe(403);
}, 60_000);

it.each(['-1', 'many', '1.5', ''])('%j is no limit', async (value) => {
  const ended = await start([`${FLAG}=${value}`]);
  expect(ended.code).toBe(2);
  expect(onlyLine(ended)).toContain(FLAG);
});

it('help explains the limit, and completions offer it', async () => {
  const help = await run(process.execPath, [PROGRAM, 'help', 'start']);
  expect(help.stdout).toMatch(new RegExp(`${FLAG} COUNT\\s+How many objects a workspace may have`));
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await run(process.execPath, [PROGRAM, 'completion', shell]);
    expect([shell, code]).toEqual([shell, 0]);
    expect(stdout).toContain(FLAG.slice(2));
  }
});
