import { APIS_GROUP, bindQuestion, type User } from '../../access/mod.ts';
import type { Api, Attempt } from '../../api/mod.ts';
import { type LogicalCluster, ROOT_CLUSTER } from '../../base/mod.ts';
import { type KubeObject, newForbidden, objectAt, textAt } from '../../machinery/mod.ts';
import { API_BINDINGS } from '../kcp-objects.ts';

/** The export that an APIBinding names. */
export interface ExportReference {
  /** Empty: in the logical cluster of the binding. */
  readonly path: string;
  readonly name: string;
  /** The logical cluster that was meant by the path, where that is known: an export in another one is another one. */
  readonly meant?: LogicalCluster | undefined;
}

export function exportReferenceOf(binding: KubeObject): ExportReference {
  const found = objectAt(objectAt(objectAt(binding, 'spec'), 'reference'), 'export');
  return { path: textAt(found, 'path'), name: textAt(found, 'name') };
}

/** Where an export lies; undefined when its path leads nowhere, or not where it was meant to lead. */
export function exportCluster(
  api: Pick<Api, 'paths'>,
  own: LogicalCluster,
  { path, meant }: ExportReference,
): LogicalCluster | undefined {
  if (path === '') return own;
  // Also while the root is being founded.
  const cluster = path === ROOT_CLUSTER ? ROOT_CLUSTER : api.paths.resolve(path)?.cluster;
  return meant === undefined || meant === cluster ? cluster : undefined;
}

/** Whether the path of an export leads nowhere, or elsewhere, that led to somebody when it was written. */
export function isLost(api: Pick<Api, 'paths'>, own: LogicalCluster, reference: ExportReference): boolean {
  return reference.meant !== undefined && exportCluster(api, own, reference) === undefined;
}

/**
 * Throws 403 unless the user may bind the export: the verb `bind` on it, in the logical cluster where it lies. The
 * words are the same when the path leads nowhere. What was found out has to stand at the commit.
 */
export async function assertMayBind(
  api: Api,
  attempt: Attempt,
  options: {
    readonly user: User;
    readonly binding: KubeObject;
    readonly action: 'create' | 'update';
    readonly provider: LogicalCluster | undefined;
  },
): Promise<void> {
  const { user, binding, action, provider } = options;
  const { path, name } = exportReferenceOf(binding);
  if (provider !== undefined && (await mayBind(api, attempt.reads, { user, provider, name }))) return;
  throw newForbidden(
    { group: APIS_GROUP, resource: API_BINDINGS },
    binding.metadata.name ?? '',
    `unable to ${action} APIBinding: no permission to bind to export ${path === '' ? '' : `${path}:`}${name}`,
  );
}

/** Whether a user may bind an export; that they may is relied on. */
export async function mayBind(
  api: Pick<Api, 'access'>,
  reads: Pick<Attempt['reads'], 'relyOn'>,
  question: Parameters<typeof bindQuestion>[0],
): Promise<boolean> {
  const decision = await api.access.decide(bindQuestion(question));
  if (decision.verdict !== 'allow') return false;
  reads.relyOn(decision.reliesOn);
  return true;
}
