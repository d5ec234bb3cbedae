import type { Decision, Eventual, ResourceAttributes } from '../../access/mod.ts';
import type { ViewedKind } from '../../api/mod.ts';
import type { ClusterScope } from '../../base/mod.ts';
import type { Definition } from '../../definitions/mod.ts';
import type { ExportOffer } from './export-offer.ts';

/** What an export's claims add to its view. */
export interface ViewClaims {
  /** The kinds that the export claims, whoever has accepted that, as discovery is to show them. */
  kinds(offer: ExportOffer): Promise<readonly Definition[]>;
  /** A claimed kind in one logical cluster, or in all; undefined when it is not claimed, or not accepted there. */
  find(
    offer: ExportOffer,
    cluster: ClusterScope,
    kind: { readonly group: string; readonly resource: string },
  ): ViewedKind | undefined;
  /**
   * Whether a claim that was accepted covers a request for one logical cluster, which is known to be a consumer; and
   * whether whoever has exported what is claimed allows it, also for all of them.
   */
  admit(offer: ExportOffer, request: ResourceAttributes<ClusterScope>): Eventual<Decision>;
}
