import type { ContextChoice } from '../client/connection.ts';
import { exitCode } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { changeKubeconfig } from './change.ts';
import type { Kubeconfig, KubeconfigPlaces } from './kubeconfig.ts';
import { extensionOf } from './kubeconfig-file.ts';

/** The name of the extension by which a cluster of a kubeconfig says which region of a planet it is. */
export const REGION_EXTENSION = 'planet.antipode.dev';
/** The context, and its cluster, of the region that answers soonest. */
export const NEAREST = 'nearest';

/** A region of a planet in a kubeconfig: a context and a cluster that have its name. */
export interface RegionContext {
  readonly region: string;
  readonly server: string;
}

/** The regions that a kubeconfig knows. */
export function regionContexts(kubeconfig: Kubeconfig): readonly RegionContext[] {
  return kubeconfig.names('clusters').flatMap((name) => {
    // Copies of a region's cluster, such as that of the current workspace, have its extension but another name.
    if (regionOf(kubeconfig, name) !== name || kubeconfig.entry('contexts', name) === undefined) return [];
    const server = kubeconfig.entry('clusters', name)?.fields['server'];
    return typeof server === 'string' ? [{ region: name, server }] : [];
  });
}

/** Which region a cluster of the kubeconfig leads to. */
export function regionOf(kubeconfig: Kubeconfig, cluster: string): string | undefined {
  const region = extensionOf(kubeconfig.entry('clusters', cluster)?.fields ?? {}, REGION_EXTENSION)?.[
    'region'
  ];
  return typeof region === 'string' ? region : undefined;
}

/**
 * Makes a context and a cluster for each region: copies of those in use, with another server. Those of the same name
 * that were not made by this are replaced only if `overwrites` says so.
 */
export function writeRegionContexts(
  places: KubeconfigPlaces,
  wanted: {
    readonly context: ContextChoice;
    readonly regions: readonly RegionContext[];
    readonly overwrites: boolean;
  },
): Promise<void> {
  const { context, regions } = wanted;
  return changeKubeconfig(places, (kubeconfig) => {
    if (!wanted.overwrites) refuseForeign(kubeconfig, [...regions.map(({ region }) => region), NEAREST]);
    kubeconfig.putCopies(
      'clusters',
      regions.map(({ region, server }) => [
        context.cluster,
        region,
        (copy) => {
          copy.set('server', server);
          copy.setExtension(REGION_EXTENSION, { region });
        },
      ]),
    );
    kubeconfig.putCopies(
      'contexts',
      regions.map(({ region }) => [
        context.context,
        region,
        (copy) => {
          copy.set('cluster', region);
          if (context.user !== undefined) copy.set('user', context.user);
        },
      ]),
    );
  });
}

/** Lets `nearest` lead to a region, as the user of that region's context. */
export function setNearest(places: KubeconfigPlaces, region: string): Promise<void> {
  return changeKubeconfig(places, (kubeconfig) => {
    kubeconfig.putCopy('clusters', { from: region, to: NEAREST }, () => undefined);
    kubeconfig.putCopy('contexts', { from: region, to: NEAREST }, (copy) => copy.set('cluster', NEAREST));
  });
}

/** Makes a context the current one. */
export function useContext(places: KubeconfigPlaces, context: string): Promise<void> {
  return changeKubeconfig(places, (kubeconfig) => kubeconfig.setCurrentContext(context));
}

function refuseForeign(kubeconfig: Kubeconfig, names: readonly string[]): void {
  for (const name of names) {
    const isTaken =
      kubeconfig.entry('contexts', name) !== undefined || kubeconfig.entry('clusters', name) !== undefined;
    if (!isTaken || regionOf(kubeconfig, name) !== undefined) continue;
    throw new Failure(`the kubeconfig has a context or cluster ${JSON.stringify(name)} that is no region`, {
      exitCode: exitCode.conflict,
      hint: 'Rename it with kubectl config rename-context, or replace it with --overwrite.',
    });
  }
}
