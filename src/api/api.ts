import type { Access, Authenticator, ServiceAccountIssuer } from '../access/mod.ts';
import type { AdmissionChain, ClaimTable, QuotaLedger } from '../admission/mod.ts';

import type { Clock, Net, Random, RegionName, ShardName } from '../base/mod.ts';
import type { DefinitionRegistry } from '../definitions/mod.ts';
import type { ObjectStore } from '../store/mod.ts';
import type { ContinueTokens } from './continue-token.ts';
import type { Convergence } from './convergent/convergence.ts';
import type { Homes } from './homes.ts';
import type { KindHookTable } from './kind-hooks.ts';
import type { Paths } from './paths.ts';
import type { RevisionForms } from './revision-form.ts';
import type { Shards } from './shards.ts';
import type { ShownUrls } from './shown-urls.ts';

/** What the verbs work with: made once where a member is put together. */
export interface Api {
  readonly store: ObjectStore;
  readonly registry: DefinitionRegistry;
  readonly admission: AdmissionChain;
  /** Who may do what. */
  readonly access: Access;
  /** The books of all quotas: commits of single objects go through it. */
  readonly quotas: QuotaLedger;
  /** The permission claims that logical clusters have accepted. */
  readonly claims: ClaimTable;
  /** What higher rooms have to say about writes of single kinds. */
  readonly hooks: KindHookTable;
  /** Where the workspaces of a path are. */
  readonly paths: Paths;
  /** The homes of users. */
  readonly homes: Homes;
  /** The URLs of this server in what it shows. */
  readonly urls: ShownUrls;
  readonly random: Random;
  readonly clock: Clock;
  /** The way to webhooks. */
  readonly net: Net;
  readonly tokens: ContinueTokens;
  readonly revisions: RevisionForms;
  readonly region: RegionName;
  /** Its part in objects that are written in every region; absent where nobody else will ever merge them. */
  readonly convergence?: Convergence | undefined;
  /** All shards of its planet; absent where there is no other than this one. */
  readonly shards?: Shards | undefined;
  /** The shard that this member's store is of. */
  readonly shard: ShardName;
  /** The certificates by which clients trust this server, in PEM: every namespace shows them. */
  readonly caBundle: string;
  /** For reviews of tokens. */
  readonly authenticator: Authenticator;
  /** Issues the tokens of service accounts. */
  readonly serviceAccounts: ServiceAccountIssuer;
}

/** What one request brings along besides its target. */
export interface RequestContext {
  readonly signal: AbortSignal;
  readonly userAgent: string;
  /** Adds a text to the Warning headers of the response. */
  warn(text: string): void;
  /** Of a request that may come again, from another member: what makes the repeat harmless. */
  readonly commits?: RequestCommits | undefined;
}

/** How the commits of a request are known again when it comes again. */
export interface RequestCommits {
  /** Where it came in. */
  readonly originRegion: RegionName;
  /**
   * The id, 16 bytes, of the one commit that the request makes of an object: empty for the object that it is about, the uid for one of a
   * collection. The same whenever the request comes, and never that of another request.
   */
  idOf(object: string): Uint8Array;
}
