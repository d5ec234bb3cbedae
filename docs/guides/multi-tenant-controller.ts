/**
 * A controller that serves all consumers of an API: whoever binds it, wherever they are. It watches the objects of all
 * of them in one stream, and writes each of them back in the workspace that it came from.
 *
 * See multi-tenant-controller.md beside this file.
 */
import {
  CustomObjectsApi,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  Watch,
} from '@kubernetes/client-node';

export interface Widget {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly size?: number };
  readonly status?: { readonly phase?: string };
}

const WIDGETS = { group: 'example.com', version: 'v1', plural: 'widgets' };
const SLICES = { group: 'apis.kcp.io', version: 'v1alpha1', plural: 'apiexportendpointslices' };
/** Says in which logical cluster an object lies: names are unique in there, and nowhere else. */
const CLUSTER = 'kcp.io/cluster';
const RETRY_MS = 500;

/**
 * Serves the consumers of an export until `signal` says stop. `provider` leads to the workspace of the export.
 */
export async function serveConsumers(options: {
  readonly provider: KubeConfig;
  readonly exportName: string;
  readonly signal: AbortSignal;
  log(text: string): void;
}): Promise<void> {
  const { provider, exportName, signal, log } = options;
  while (!signal.aborted) {
    try {
      const url = await endpointOf(provider, exportName);
      if (url === undefined) log('nobody has bound the export yet');
      else await followWidgets(provider, { url, signal, log });
    } catch (error) {
      // Nothing is lost: what is listed next has everything that was missed.
      log(`looking again: ${String(error)}`);
    }
    await pause(RETRY_MS, signal);
  }
}

/** Where the consumers are: there as long as there are some. */
async function endpointOf(provider: KubeConfig, name: string): Promise<string | undefined> {
  const slice = (await provider
    .makeApiClient(CustomObjectsApi)
    .getClusterCustomObject({ ...SLICES, name })) as {
    readonly status?: { readonly endpoints?: readonly { readonly url: string }[] };
  };
  return slice.status?.endpoints?.[0]?.url;
}

/** Lists what is there, then watches what happens; returns when the watch has ended, as all do after a while. */
async function followWidgets(
  provider: KubeConfig,
  options: { readonly url: string; readonly signal: AbortSignal; log(text: string): void },
): Promise<void> {
  const { url, signal, log } = options;
  const everywhere = configFor(provider, `${url}/clusters/*`);
  const list = (await everywhere.makeApiClient(CustomObjectsApi).listClusterCustomObject(WIDGETS)) as {
    readonly metadata: { readonly resourceVersion: string };
    readonly items: readonly Widget[];
  };
  const reconcile = async (widget: Widget): Promise<void> => {
    try {
      await settle(provider, url, widget);
    } catch (error) {
      log(`${keyOf(widget)}: ${String(error)}`);
    }
  };
  for (const widget of list.items) await reconcile(widget);
  await new Promise<void>((resolve, reject) => {
    const path = `/apis/${WIDGETS.group}/${WIDGETS.version}/${WIDGETS.plural}`;
    const onEvent = (phase: string, widget: Widget): void => {
      if (phase === 'ADDED' || phase === 'MODIFIED') void reconcile(widget);
    };
    const onEnd = (error: unknown): void => {
      if (error && !signal.aborted) reject(error);
      else resolve();
    };
    new Watch(everywhere)
      .watch(path, { resourceVersion: list.metadata.resourceVersion }, onEvent, onEnd)
      .then((watch) => {
        if (signal.aborted) watch.abort();
        else signal.addEventListener('abort', () => watch.abort(), { once: true });
      }, reject);
  });
}

/** What the controller is for: here it says that a widget is ready. Asked twice, it writes once. */
async function settle(provider: KubeConfig, url: string, widget: Widget): Promise<void> {
  const phase = (widget.spec?.size ?? 0) > 0 ? 'Ready' : 'Empty';
  if (widget.status?.phase === phase) return;
  const { name, namespace } = widget.metadata;
  const here = configFor(provider, `${url}/clusters/${clusterOf(widget)}`);
  await here
    .makeApiClient(CustomObjectsApi)
    .patchNamespacedCustomObjectStatus(
      { ...WIDGETS, namespace, name, body: { status: { phase } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
}

function clusterOf({ metadata }: Widget): string {
  return metadata.annotations?.[CLUSTER] ?? '';
}

/** Two consumers may have widgets of the same name. */
function keyOf(widget: Widget): string {
  return `${clusterOf(widget)}/${widget.metadata.namespace}/${widget.metadata.name}`;
}

/** The same credentials for another URL of the server. */
function configFor(config: KubeConfig, server: string): KubeConfig {
  const other = new KubeConfig();
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (cluster === null || user === null) throw new Error('the kubeconfig has no current context');
  other.loadFromClusterAndUser({ ...cluster, server }, user);
  return other;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
