import { createRequire } from 'node:module';
import { objectOf } from '../machinery/mod.ts';

/** The Kubernetes whose behaviour is served: clients and charts gate features on it. */
const KUBERNETES_MINOR = 34;
// The package description lies two folders up, both from the sources and from what is built of them.
const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string };

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
