import { readFileSync } from 'node:fs';
import { packageFile } from '../base/mod.ts';
import { objectOf } from '../machinery/mod.ts';

/** The Kubernetes whose behaviour is served: clients and charts gate features on it. */
const KUBERNETES_MINOR = 34;
const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
  readonly version: string;
};

/** The body of /version. A `+` suffix is build metadata, which version constraints of charts ignore. */
export const versionInfo = objectOf({
  major: '1',
  minor: String(KUBERNETES_MINOR),
  emulationMajor: '1',
  emulationMinor: String(KUBERNETES_MINOR),
  minCompatibilityMajor: '1',
  minCompatibilityMinor: String(KUBERNETES_MINOR - 1),
  gitVersion: `v1.${KUBERNETES_MINOR}.1+antipode-${version}`,
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-11-01T00:00:00Z',
  goVersion: 'go1.24.0',
  compiler: 'gc',
  platform: 'linux/amd64',
});
