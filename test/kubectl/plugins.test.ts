import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { describeKubectl } from './cluster.ts';
import { Shell } from './shell.ts';

// Every line starts kubectl and, in it, a plugin.
vi.setConfig({ testTimeout: 120_000 });

describeKubectl('kubectl and the plugins', (cluster) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await Shell.open(cluster.server);
  });
  afterAll(() => shell.close());

  test('finds all of them, and passes their exit codes on', async () => {
    // It complains of create-workspace, as it does of every plugin below one of its own commands.
    const { stdout } = await shell.run('kubectl plugin list --name-only');
    for (const name of ['bind-apiexport', 'create-workspace', 'kcp', 'ws'])
      expect(stdout).toContain(`kubectl-${name}\n`);
    expect(await shell.fail('kubectl ws nowhere')).toEqual([
      3,
      'error: workspace "root:nowhere" not found\n',
    ]);
    expect(await shell.fail('kubectl create workspace')).toEqual([
      2,
      'error: kubectl create workspace needs the name of the workspace: kubectl create workspace NAME\n',
    ]);
    expect(await shell.ok('kubectl kcp ws . --short --context base')).toBe('');
  });

  test('asks them for completions', async () => {
    await shell.ok('kubectl create workspace fleet');
    expect((await shell.run('kubectl __complete ws fl')).stdout).toBe('fleet\n:6\n');
    expect((await shell.run('kubectl __complete kcp claims ac')).stdout).toMatch(/^accept\t.+\n:4\n$/);
    expect((await shell.run('kubectl __complete bind apiexport root:fl')).stdout).toBe('root:fleet\n:6\n');
  });

  test('goes on where they have gone', async () => {
    await shell.ok('kubectl ws fleet');
    await shell.ok('kubectl create configmap here');
    expect(await shell.ok('kubectl get configmaps -o name')).toContain('configmap/here\n');
    await shell.ok('kubectl ws -');
    expect(await shell.ok('kubectl get configmaps -o name')).not.toContain('here');
    expect(await shell.ok('kubectl config current-context')).toBe('workspace.kcp.io/current\n');
  });
});
