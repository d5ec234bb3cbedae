import type { ContextChoice } from '../client/connection.ts';
import { Failure } from '../failure.ts';
import { changeKubeconfig } from './change.ts';
import type { Kubeconfig, KubeconfigPlaces } from './kubeconfig.ts';
import type { EntryCopy } from './kubeconfig-file.ts';

/** The context, and its cluster, that point to the current workspace; kcp's plugins use the same names. */
export const CURRENT = 'workspace.kcp.io/current';
/** Where `kubectl ws -` goes. */
export const PREVIOUS = 'workspace.kcp.io/previous';

/**
 * Makes a server the current one, with the user of the context in use, or of `source`, and keeps the context in use
 * as the previous one.
 */
export function enterServer(
  places: KubeconfigPlaces,
  {
    context,
    source = context,
    server,
  }: { readonly context: ContextChoice; readonly source?: ContextChoice; readonly server: string },
): Promise<void> {
  return changeKubeconfig(places, (kubeconfig) => {
    assertCluster(kubeconfig, context.cluster);
    assertCluster(kubeconfig, source.cluster);
    // The previous one first: it is a copy of what the next lines replace.
    keepAsPrevious(kubeconfig, context);
    kubeconfig.putCopy('clusters', { from: source.cluster, to: CURRENT }, (copy) =>
      copy.set('server', server),
    );
    kubeconfig.putCopy('contexts', { from: source.context, to: CURRENT }, (copy) => {
      copy.set('cluster', CURRENT);
      if (source.user !== undefined) copy.set('user', source.user);
    });
    kubeconfig.setCurrentContext(CURRENT);
  });
}

function keepAsPrevious(kubeconfig: Kubeconfig, context: ContextChoice): void {
  const isOurs = context.cluster === CURRENT;
  if (isOurs) kubeconfig.putCopy('clusters', { from: CURRENT, to: PREVIOUS }, () => undefined);
  kubeconfig.putCopy('contexts', { from: context.context, to: PREVIOUS }, (copy) => {
    copy.set('cluster', isOurs ? PREVIOUS : context.cluster);
    if (context.user !== undefined) copy.set('user', context.user);
  });
}

/** Exchanges the current and the previous context. */
export function swapContexts(places: KubeconfigPlaces, context: ContextChoice): Promise<void> {
  return changeKubeconfig(places, (kubeconfig) => {
    const previous = kubeconfig.entry('contexts', PREVIOUS)?.fields;
    if (previous === undefined) throw new Failure('no previous workspace found in kubeconfig');
    const previousCluster = typeof previous['cluster'] === 'string' ? previous['cluster'] : '';
    assertCluster(kubeconfig, context.cluster);
    assertCluster(kubeconfig, previousCluster);
    const swapped: Record<'clusters' | 'contexts', [string, string, (copy: EntryCopy) => void][]> = {
      clusters: [],
      contexts: [
        [
          PREVIOUS,
          CURRENT,
          (copy) => copy.set('cluster', previousCluster === PREVIOUS ? CURRENT : previousCluster),
        ],
        [
          context.context,
          PREVIOUS,
          (copy) => copy.set('cluster', context.cluster === CURRENT ? PREVIOUS : context.cluster),
        ],
      ],
    };
    if (previousCluster === PREVIOUS) swapped.clusters.push([PREVIOUS, CURRENT, () => undefined]);
    if (context.cluster === CURRENT) swapped.clusters.push([CURRENT, PREVIOUS, () => undefined]);
    kubeconfig.putCopies('clusters', swapped.clusters);
    kubeconfig.putCopies('contexts', swapped.contexts);
    kubeconfig.setCurrentContext(CURRENT);
  });
}

function assertCluster(kubeconfig: Kubeconfig, name: string): void {
  if (kubeconfig.entry('clusters', name) === undefined) {
    throw new Failure(`cluster ${JSON.stringify(name)} not found in kubeconfig`);
  }
}

/** Makes a context of a name that its user chose, with a cluster of the same name. */
export function createContext(
  places: KubeconfigPlaces,
  wanted: {
    readonly context: ContextChoice;
    readonly name: string;
    readonly server: string;
    readonly overwrites: boolean;
    readonly enters: boolean;
  },
): Promise<'created' | 'updated'> {
  const { context, name, server } = wanted;
  return changeKubeconfig(places, (kubeconfig) => {
    const existed = kubeconfig.entry('contexts', name) !== undefined;
    if (existed && !wanted.overwrites) {
      throw new Failure(
        `context ${JSON.stringify(name)} already exists in kubeconfig, use --overwrite to update it`,
        {
          exitCode: 5,
        },
      );
    }
    assertCluster(kubeconfig, context.cluster);
    kubeconfig.putCopy('clusters', { from: context.cluster, to: name }, (copy) => copy.set('server', server));
    kubeconfig.putCopy('contexts', { from: context.context, to: name }, (copy) => {
      copy.set('cluster', name);
      if (context.user !== undefined) copy.set('user', context.user);
    });
    if (wanted.enters) kubeconfig.setCurrentContext(name);
    return existed ? 'updated' : 'created';
  });
}
