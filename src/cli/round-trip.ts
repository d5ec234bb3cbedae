import { ApiFailure } from './client/api-failure.ts';
import { ApiClient } from './client/client.ts';
import { anonymousConnection } from './client/connection.ts';
import type { ConnectionOptions } from './client/connection-flags.ts';
import { reasonOf } from './failure.ts';
import type { Kubeconfig } from './kubeconfig/kubeconfig.ts';
import type { RegionContext } from './kubeconfig/region-contexts.ts';
import type { Terminal } from './terminal.ts';
import { parseWorkspaceUrl } from './workspace-path.ts';

/** How far a region is, or why nobody knows. */
export interface Distance extends RegionContext {
  readonly rttMs?: number;
  readonly problem?: string;
}

/** Odd, so that the median is one of them; one slow answer, or two, say nothing about the distance. */
const PROBES = 5;
/** A region that needs longer is not the nearest one. */
const TIMEOUT_MS = 5_000;

/** How long a server takes to answer, or why nobody knows. */
export type Measured = { readonly rttMs: number } | { readonly problem: string };

interface Measuring {
  readonly options: ConnectionOptions;
  readonly terminal: Terminal;
}

/** Measures how long each region takes to answer, and sorts them: the nearest first, those that do not answer last. */
export async function measureRegions(
  kubeconfig: Kubeconfig,
  regions: readonly RegionContext[],
  measuring: Measuring,
): Promise<readonly Distance[]> {
  const distances = await Promise.all(
    regions.map(async (region): Promise<Distance> => {
      const { region: cluster, server } = region;
      return { ...region, ...(await measure(kubeconfig, { cluster, server }, measuring)) };
    }),
  );
  return [...distances].sort((one, other) => (one.rttMs ?? Infinity) - (other.rttMs ?? Infinity) || 0);
}

/** Measures servers that are trusted as a cluster of the kubeconfig is: members of a planet have one authority. */
export async function measureUrls(
  kubeconfig: Kubeconfig,
  urls: readonly string[],
  { cluster, ...measuring }: Measuring & { readonly cluster: string },
): Promise<ReadonlyMap<string, Measured>> {
  const measured = urls.map(
    async (server) => [server, await measure(kubeconfig, { cluster, server }, measuring)] as const,
  );
  return new Map(await Promise.all(measured));
}

async function measure(
  kubeconfig: Kubeconfig,
  { cluster, server }: { readonly cluster: string; readonly server: string },
  { options, terminal }: Measuring,
): Promise<Measured> {
  try {
    // The flags of the connection in use say nothing about others.
    const connection = await anonymousConnection(kubeconfig, cluster, {
      ...options,
      server,
      certificateAuthority: undefined,
      tlsServerName: undefined,
    });
    const base = parseWorkspaceUrl(server)?.base ?? server;
    const prefix = new URL(base).pathname.replace(/\/+$/, '');
    const client = await ApiClient.create(connection, { prefix, terminal });
    return { rttMs: await roundTripMs(client) };
  } catch (error) {
    return { problem: reasonOf(error) };
  }
}

/** The median of some requests over one connection, so that how it was made does not count. */
async function roundTripMs(client: ApiClient): Promise<number> {
  await probe(client);
  const times: number[] = [];
  for (let index = 0; index < PROBES; index++) {
    const startMs = performance.now();
    await probe(client);
    times.push(performance.now() - startMs);
  }
  times.sort((one, other) => one - other);
  return Math.round((times[(PROBES - 1) / 2] ?? Number.NaN) * 10) / 10;
}

async function probe(client: ApiClient): Promise<void> {
  try {
    await client.send('/livez', { timeoutMs: TIMEOUT_MS });
  } catch (error) {
    // Who says that they do not know us is there, and tells how far it is.
    const isThere = error instanceof ApiFailure && (error.status === 401 || error.status === 403);
    if (!isThere) throw error;
  }
}
