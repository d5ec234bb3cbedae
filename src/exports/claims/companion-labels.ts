import type { Api, Reads } from '../../api/mod.ts';
import type { LogicalCluster } from '../../base/mod.ts';
import { claimLabelsFor, type Definition } from '../../definitions/mod.ts';
import { type KubeObject, objectOf } from '../../machinery/mod.ts';

/**
 * Gives an object that the server makes beside another one the labels of the claims that its logical cluster has
 * accepted: admission sees only what a request is about, and no controller looks again. The commit relies on them.
 */
export async function labelForClaims(
  api: Api,
  reads: Pick<Reads, 'relyOn'>,
  made: { readonly definition: Definition; readonly cluster: LogicalCluster; readonly object: KubeObject },
): Promise<void> {
  const { definition, cluster, object } = made;
  const { claims, at } = await api.claims.of(cluster);
  reads.relyOn([at]);
  if (claims.length === 0) return;
  const { group, names, identity = '' } = definition;
  const kind = { group, resource: names.plural, identity };
  const wanted = claimLabelsFor(claims, { kind, labels: object.metadata.labels });
  if (Object.keys(wanted).length === 0) return;
  object.metadata.labels = objectOf({ ...object.metadata.labels, ...wanted }) as { [key: string]: string };
}
