import type { Clock, Random, RegionName } from '../../../base/mod.ts';
import type { MemberName } from '../names.ts';
import type { Subjects } from '../subjects.ts';

/** Who a member is to its NATS server. Files are read at every connection, so that renewed ones are used. */
export type NatsCredentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string }
  /** A user's nkey seed, in a file of its own. */
  | { readonly kind: 'nkey'; readonly seedFile: string }
  /** A user's JWT and seed, as `nsc generate creds` writes them. */
  | { readonly kind: 'creds'; readonly file: string };

/** Files in PEM. With a certificate and key the member shows who it is by TLS. */
export interface NatsTls {
  readonly caFile?: string;
  readonly certificateFile?: string;
  readonly keyFile?: string;
}

export interface NatsOptions {
  /** `nats://host:port` or `tls://host:port`; the servers of this member's own region. */
  readonly servers: readonly string[];
  readonly credentials?: NatsCredentials;
  readonly tls?: NatsTls;
  readonly self: MemberName;
  readonly clock: Clock;
  readonly random: Random;
  readonly subjects?: Subjects;
  /**
   * The JetStream domain of a region; undefined for a server without domains, where there is only one region.
   * Without this every region's domain has the region's name.
   */
  readonly domainOf?: (region: RegionName) => string | undefined;
  /** How long one attempt to connect may take. */
  readonly connectTimeoutMs?: number;
}
