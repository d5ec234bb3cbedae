import { objectOf } from '../machinery/mod.ts';

/** The Kubernetes whose behaviour is served: clients and charts gate features on it. */
export const KUBERNETES_MINOR = 34;
/** Of Antipode itself. */
export const ANTIPODE_VERSION = '0.1.0';

/** The body of /version. A `+` suffix is build metadata, which version constraints of charts ignore. */
export const versionInfo = objectOf({
  major: '1',
  minor: String(KUBERNETES_MINOR),
  emulationMajor: '1',
  emulationMinor: String(KUBERNETES_MINOR),
  minCompatibilityMajor: '1',
  minCompatibilityMinor: String(KUBERNETES_MINOR - 1),
  gitVersion: `v1.${KUBERNETES_MINOR}.1+antipode-${ANTIPODE_VERSION}`,
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-11-01T00:00:00Z',
  goVersion: 'go1.24.0',
  compiler: 'gc',
  platform: 'linux/amd64',
});
