import { type Api, decodeStored, logicalClusterKey } from '../api/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import { boundResourcesOf, identityOfBinding, systemDefinition } from '../definitions/mod.ts';
import {
  API_BINDINGS,
  acceptsAll,
  apisDefinition,
  apisKey,
  bindingsIn,
  defaultBindingSpec,
  exportReferenceOf,
  isBound,
  type WantedBinding,
  wantedAnswers,
  wantedBindings,
} from '../exports/mod.ts';
import {
  type ConditionVerdict,
  deepEqual,
  formatTime,
  type KubeObject,
  newObject,
  objectAt,
  objectOf,
  textAt,
  textsAt,
} from '../machinery/mod.ts';
import type { Row } from '../store/mod.ts';
import {
  BINDINGS_INITIALIZED,
  BINDINGS_INITIALIZER,
  BINDINGS_RECONCILED,
  DEFAULT_BINDINGS,
  isGoing,
  TypeProblem,
  waitsForBindings,
  withCondition,
} from '../workspaces/mod.ts';
import { ControllerClient } from './client.ts';
import type { Controller } from './runtime.ts';

const INITIALIZER_NAME = 'kcp-apibinder-initializer';

/**
 * Gives logical clusters the bindings that their types want and that they could not have from the beginning, and ends
 * their waiting once all are bound. Whatever changes such a binding owes another look, so nothing is kept for a logical
 * cluster whose exports are not there.
 */
export function defaultBindingController(api: Api): Controller {
  return {
    name: DEFAULT_BINDINGS,
    async reconcile({ key: { cluster } }, signal) {
      await settleDefaultBindings(api, cluster, signal);
      return 'settled';
    },
  };
}

/** Brings the default bindings of a logical cluster up to date, and says in it how far they are. */
export async function settleDefaultBindings(
  api: Api,
  cluster: LogicalCluster,
  signal: AbortSignal,
): Promise<void> {
  const row = api.store.get(logicalClusterKey(cluster));
  if (row === undefined || isGoing(row)) return;
  const client = new ControllerClient(api, { name: INITIALIZER_NAME, signal });
  const write = (change: StatusChange) => writeStatus(api, client, { cluster, row, change });
  let wanted: readonly WantedBinding[];
  try {
    wanted = wantedBindings(api, { cluster, row, read: (key) => api.store.get(key) });
  } catch (error) {
    if (!(error instanceof TypeProblem)) throw error;
    const message = `error resolving transitive set of workspace types: ${error.message}`;
    if (waitsForBindings(row)) await write({ initialized: problem('WorkspaceTypesInvalid', message) });
    return;
  }
  let known: Promise<readonly KubeObject[]> | undefined;
  // Only where something is missing, and then once: what is made here has names of its own.
  const others = () => (known ??= bindingObjects(api, cluster));
  for (const one of wanted) await provide(api, client, { cluster, wanted: one, others });
  const progress = await progressOf(api, cluster, wanted);
  const maintained = progress.filter((one) => one.isMaintained);
  await write({
    ...(waitsForBindings(row) ? { initialized: initializedCondition(progress) } : {}),
    ...(maintained.length === 0 ? {} : { reconciled: reconciledCondition(maintained) }),
  });
}

/** Creates a binding, or has it accept what it is to accept. */
async function provide(
  api: Api,
  client: ControllerClient,
  step: {
    readonly cluster: LogicalCluster;
    readonly wanted: WantedBinding;
    /** The bindings that were there at the beginning. */
    readonly others: () => Promise<readonly KubeObject[]>;
  },
): Promise<void> {
  const { cluster, wanted, others } = step;
  const definition = apisDefinition(API_BINDINGS);
  const { name, reference, claims = [] } = wanted;
  const row = api.store.get(apisKey(cluster, API_BINDINGS, name));
  const place = { definition, cluster, namespace: '', name };
  if (wanted.isLost) return;
  if (row === undefined) {
    // Who has bound the export under another name has what the type wants.
    if ((await others()).some((other) => refersTo(other, reference))) return;
    const binding = objectOf({
      apiVersion: `${definition.group}/${definition.storageVersion}`,
      kind: definition.names.kind,
      metadata: objectOf({ name }),
      spec: defaultBindingSpec(reference, claims),
    });
    return client.create(place, binding as KubeObject);
  }
  const binding = decodeStored(definition, definition.storageVersion, row);
  if (binding.metadata.deletionTimestamp !== undefined) return;
  // It waits for what is gone, and its type means something else by now: it is made anew once it is away.
  if (isForAnother(binding, wanted) || isMadeWithAnother(row, wanted)) {
    if (isInUse(binding)) return;
    return client.remove(place, { uid: row.uid, resourceVersion: String(row.revision) });
  }
  if (acceptsAll(binding, wanted)) return;
  binding['spec'] = defaultBindingSpec(reference, wantedAnswers(binding, wanted));
  binding.metadata.resourceVersion = String(row.revision);
  await client.update(place, binding);
}

/** Whether a binding belongs to an export in another logical cluster than its type means now. */
function isForAnother(binding: KubeObject, { reference: { meant } }: WantedBinding): boolean {
  const settled = textAt(objectAt(binding, 'status'), 'apiExportClusterName');
  return settled !== '' && meant !== undefined && settled !== meant;
}

/** Whether the export has gone that a binding was made with, and another one has its name. */
function isMadeWithAnother(row: Row, { identity }: WantedBinding): boolean {
  const known = identityOfBinding(row);
  return known !== undefined && identity !== '' && known !== identity;
}

/** Whether there may be objects that would go with a binding, also where it is not bound as a whole. */
function isInUse(binding: KubeObject): boolean {
  return isBound(binding) || boundResourcesOf(binding).length > 0;
}

function refersTo(binding: KubeObject, { path, name }: WantedBinding['reference']): boolean {
  const reference = exportReferenceOf(binding);
  return reference.path === path && reference.name === name;
}

async function bindingObjects(api: Api, cluster: LogicalCluster): Promise<readonly KubeObject[]> {
  const definition = apisDefinition(API_BINDINGS);
  const bindings = await bindingsIn(api, cluster);
  return bindings.map(({ row }) => decodeStored(definition, definition.storageVersion, row));
}

/** How far a wanted binding is. */
interface Progress {
  /** Its name, or what there is no binding for. */
  readonly text: string;
  readonly isBound: boolean;
  readonly hasExport: boolean;
  readonly isMaintained: boolean;
}

async function progressOf(
  api: Api,
  cluster: LogicalCluster,
  wanted: readonly WantedBinding[],
): Promise<readonly Progress[]> {
  if (wanted.length === 0) return [];
  const bindings = await bindingObjects(api, cluster);
  return wanted.map(({ name, reference, claims, isMaintained }): Progress => {
    const binding =
      bindings.find(({ metadata }) => metadata.name === name) ??
      bindings.find((other) => refersTo(other, reference));
    return {
      text: binding?.metadata.name ?? `for APIExport ${reference.path}|${reference.name}`,
      isBound: isBound(binding),
      hasExport: claims !== undefined,
      isMaintained,
    };
  });
}

function initializedCondition(progress: readonly Progress[]): ConditionVerdict {
  if (progress.some(({ hasExport }) => !hasExport)) {
    const detail = 'unable to complete initialization: unable to find at least 1 APIExport';
    return problem('APIBindingErrors', `encountered errors: ${detail}`);
  }
  return conditionOf(BINDINGS_INITIALIZED, progress, 'bound');
}

function reconciledCondition(progress: readonly Progress[]): ConditionVerdict {
  return conditionOf(BINDINGS_RECONCILED, progress, 'reconciled');
}

function conditionOf(type: string, progress: readonly Progress[], how: string): ConditionVerdict {
  const missing = progress.filter((one) => !one.isBound).map(({ text }) => text);
  if (missing.length === 0) return { type, status: 'True' };
  const message = `APIBinding(s) not yet fully ${how}: ${missing.sort().join(', ')}`;
  return { type, status: 'False', severity: 'Info', reason: 'WaitingOnAPIBindings', message };
}

function problem(reason: string, message: string): ConditionVerdict {
  return { type: BINDINGS_INITIALIZED, status: 'False', severity: 'Error', reason, message };
}

/** What there is to say in a LogicalCluster; that it is initialized takes the initializer away. */
interface StatusChange {
  readonly initialized?: ConditionVerdict;
  readonly reconciled?: ConditionVerdict;
}

async function writeStatus(
  api: Api,
  client: ControllerClient,
  step: { readonly cluster: LogicalCluster; readonly row: Row; readonly change: StatusChange },
): Promise<void> {
  const { cluster, row, change } = step;
  const definition = systemDefinition('core.kcp.io', 'logicalclusters')!;
  const old = decodeStored(definition, definition.storageVersion, row);
  const object = decodeStored(definition, definition.storageVersion, row);
  const status = objectAt(object, 'status') ?? newObject();
  object['status'] = status;
  const now = formatTime(api.store.nowMs());
  for (const condition of [change.initialized, change.reconciled]) {
    if (condition !== undefined) status['conditions'] = withCondition(object, condition, now);
  }
  if (change.initialized?.status === 'True') {
    const left = textsAt(status, 'initializers').filter((name) => name !== BINDINGS_INITIALIZER);
    if (left.length > 0) status['initializers'] = left;
    else delete status['initializers'];
  }
  if (deepEqual(object, old)) return;
  object.metadata.resourceVersion = String(row.revision);
  const { name } = logicalClusterKey(cluster);
  await client.update({ definition, cluster, namespace: '', name, subresource: 'status' }, object);
}
