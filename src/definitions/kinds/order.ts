/**
 * The order in which discovery lists groups. It decides which group wins an ambiguous short name, and
 * the order of `kubectl api-resources`. Higher comes first; equal priorities are ordered by name.
 */
export function groupPriority(group: string): number {
  return BUILTIN_PRIORITIES.get(group) ?? CUSTOM_RESOURCE_PRIORITY;
}

/**
 * Orders versions as Kubernetes does: GA before beta before alpha, then higher numbers first; names
 * that are not of that form come last, alphabetically. Negative when `a` comes first.
 */
export function compareKubeVersions(a: string, b: string): number {
  const left = parseVersion(a);
  const right = parseVersion(b);
  if (left === undefined && right === undefined) return a < b ? -1 : a > b ? 1 : 0;
  if (left === undefined) return 1;
  if (right === undefined) return -1;
  return (
    right.stability - left.stability ||
    compareNumbersDescending(left.major, right.major) ||
    compareNumbersDescending(left.minor, right.minor)
  );
}

const CUSTOM_RESOURCE_PRIORITY = 1000;

/**
 * groupPriorityMinimum of upstream's APIServices. The groups of kcp come before all that users define, so that
 * `workspaces` means the same to everybody whatever somebody binds.
 */
const BUILTIN_PRIORITIES: ReadonlyMap<string, number> = new Map([
  ['', 18000],
  ['events.k8s.io', 17750],
  ['authentication.k8s.io', 17700],
  ['authorization.k8s.io', 17600],
  ['certificates.k8s.io', 17300],
  ['rbac.authorization.k8s.io', 17000],
  ['apiextensions.k8s.io', 16700],
  ['admissionregistration.k8s.io', 16700],
  ['coordination.k8s.io', 16500],
  ['discovery.k8s.io', 16200],
  ['flowcontrol.apiserver.k8s.io', 16100],
  ['internal.apiserver.k8s.io', 16000],
  // The first form of apis.kcp.io comes last of all, and is meant by nobody who does not name it.
  ['apis.kcp.dev', 900],
  ['apis.kcp.io', 2000],
  ['core.kcp.io', 2000],
  ['tenancy.kcp.io', 2000],
  ['topology.kcp.io', 2000],
]);

interface KubeVersion {
  readonly stability: number;
  readonly major: bigint;
  readonly minor: bigint;
}

const STABILITY: Readonly<Record<string, number>> = { alpha: 0, beta: 1 };

function parseVersion(text: string): KubeVersion | undefined {
  const match = /^v([1-9][0-9]*)(?:(alpha|beta)([1-9][0-9]*))?$/.exec(text);
  if (match === null) return undefined;
  const [, major = '0', stage, minor = '0'] = match;
  // The numbers are a caller's, and may be longer than what a double holds exactly.
  return {
    stability: stage === undefined ? 2 : (STABILITY[stage] ?? 0),
    major: BigInt(major),
    minor: BigInt(minor),
  };
}

function compareNumbersDescending(a: bigint, b: bigint): number {
  return a > b ? -1 : a < b ? 1 : 0;
}
