import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder that is removed when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'antipode-kubeconfig-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files into a new folder and returns their paths. */
export async function filesOf(...texts: readonly string[]): Promise<readonly string[]> {
  const folder = await temporaryFolder();
  return Promise.all(
    texts.map(async (text, index) => {
      const path = join(folder, `config-${index}`);
      await writeFile(path, text, { mode: 0o600 });
      return path;
    }),
  );
}

export const ADMIN = `# The servers of everybody.
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Y2E=
    extensions:
    - name: a # kept for others
      extension: {b: 1}
    server: https://one:6443/clusters/root
  name: root
- name: other
  cluster:
    server: https://two/
contexts:
- context: {cluster: root, user: admin, namespace: x}
  name: root
- context:
    cluster: other
    user: admin
  name: other # nobody touches this
current-context: root
kind: Config
preferences: {}
users:
- name: admin
  user:
    token: 0123456789
`;
