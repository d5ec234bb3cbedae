import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isOnPath, nextSteps, shellQuoted } from './next-steps.ts';

const member = {
  url: 'https://127.0.0.1:6443',
  region: 'eu',
  rootDirectory: '/data',
  kubeconfigPath: '/data/admin.kubeconfig',
  caPath: '/data/ca.crt',
  pluginFolder: '/opt/antipode/dist/bin',
};

describe('nextSteps', () => {
  it('tells somebody who has kubectl where the server and the plugins are', () => {
    expect(nextSteps({ ...member, hasKubectl: true })).toBe(
      [
        'Antipode serves https://127.0.0.1:6443 (region eu, data in /data). In another terminal:',
        '  export KUBECONFIG=/data/admin.kubeconfig',
        '  export PATH=/opt/antipode/dist/bin:$PATH',
        '  kubectl ws .                  # the workspace you are in; make another: kubectl ws create NAME',
        '  kubectl get namespaces        # and: kubectl api-resources',
        'Ctrl-C stops it.',
        '',
      ].join('\n'),
    );
  });

  it('says nothing of PATH to somebody whose kubectl finds the plugins', () => {
    const text = nextSteps({ ...member, hasKubectl: true, pluginFolder: undefined });
    expect(text).not.toContain('PATH');
    expect(text).toContain('  kubectl ws . ');
  });

  it('gives a curl line and the official way to install kubectl to somebody who has not', () => {
    const text = nextSteps({ ...member, hasKubectl: false });
    expect(text).toContain('https://kubernetes.io/docs/tasks/tools/');
    expect(text).toContain('  curl --cacert /data/ca.crt -H "Authorization: Bearer $(sed ');
    expect(text).not.toContain('kubectl get');
  });

  it('quotes paths so that a shell reads them back as they are', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'a \'"$`\\!*~;&|<>(){}\n#'.split('')), minLength: 1 }),
        (path) => {
          expect(execFileSync('sh', ['-c', `printf %s ${shellQuoted(path)}`], { encoding: 'utf8' })).toBe(
            path,
          );
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('isOnPath', () => {
  it('finds executable files only', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'antipode-path-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = ['', join(folder, 'missing'), folder].join(':');
    expect(isOnPath('kubectl', path)).toBe(false);
    await mkdir(join(folder, 'kubectl'));
    expect(isOnPath('kubectl', path)).toBe(false);
    await rm(join(folder, 'kubectl'), { recursive: true });
    await writeFile(join(folder, 'kubectl'), '', { mode: 0o644 });
    expect(isOnPath('kubectl', path)).toBe(false);
    await chmod(join(folder, 'kubectl'), 0o755);
    expect(isOnPath('kubectl', path)).toBe(true);
    expect(isOnPath('kubectl', undefined)).toBe(false);
  });
});
