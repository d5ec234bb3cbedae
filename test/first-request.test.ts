import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { isOnPath, nextSteps } from '../src/cli/next-steps.ts';
import { ensureCertificates } from '../src/region/certificates.ts';
import { ensureAdminTokens, serverUrl, writeAdminKubeconfig } from '../src/region/kubeconfig.ts';

it.skipIf(!isOnPath('curl', process.env['PATH']))(
  'the curl line that antipode start prints works as it is pasted, in a folder with an odd name too',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "antipode it's $HOME-"));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const clock = { nowMs: () => Date.now() };
    const certificates = await ensureCertificates({ directory, hostnames: [], addresses: [], clock });
    const token = await ensureAdminTokens(directory);
    const server = createServer(
      { cert: certificates.servingCertificate, key: certificates.servingKey },
      (request, response) => response.end(JSON.stringify([request.url, request.headers.authorization])),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const path = join(directory, 'admin.kubeconfig');
    await writeAdminKubeconfig({ path, host: '127.0.0.1', port, ca: certificates.ca, token });

    const text = nextSteps({
      url: serverUrl('127.0.0.1', port),
      region: 'local',
      rootDirectory: directory,
      kubeconfigPath: path,
      caPath: certificates.caPath,
      hasKubectl: false,
      pluginFolder: undefined,
    });
    const line = text.split('\n').find((candidate) => candidate.includes('curl ')) ?? '';
    const { stdout } = await promisify(execFile)('sh', ['-c', `${line} --silent --show-error --noproxy '*'`]);
    expect(JSON.parse(stdout)).toEqual(['/clusters/root/api/v1/namespaces', `Bearer ${token.kcpAdmin}`]);
  },
);
