import type { RegionName } from '../../base/mod.ts';
import { Subjects, tokenOf } from './subjects.ts';

/** As NATS configurations have them, which read JSON: `permissions: ${JSON.stringify(permissions)}`. */
export interface NatsPermissions {
  readonly publish: { readonly allow: readonly string[] };
  readonly subscribe: { readonly allow: readonly string[] };
}

export interface RegionPermissions {
  /** For the user that the region's members have on the region's own servers. */
  readonly member: NatsPermissions;
  /** For the user that the region's servers have as leaf nodes on a core server; of the same account as the members. */
  readonly leaf: NatsPermissions;
}

export interface PermissionsOptions {
  readonly region: RegionName;
  /** All regions of the planet with their JetStream domains; undefined for the only server of a planet without domains. */
  readonly domains: ReadonlyMap<RegionName, string | undefined>;
  readonly subjects?: Subjects;
}

/**
 * What the credentials of one region may do, and no more: publish logs and heartbeats as this region alone, manage
 * streams in its own JetStream alone, hear answers and questions meant for it alone; read all regions' logs, hear
 * their heartbeats and ask their members. A region that joins needs a place in all others' permissions: core servers
 * show a leaf node what another one serves only where its domain is named, not for `$JS.*`.
 */
export function permissionsOf(options: PermissionsOptions): RegionPermissions {
  const { region, domains, subjects = new Subjects() } = options;
  const { prefix } = subjects;
  const place = tokenOf(region);
  const ownApi = apiOf(domains.get(region));
  const otherApis = [...domains.keys()]
    .filter((name) => name !== region)
    .map((name) => apiOf(domains.get(name)));
  // A server turns its own domain's API into `$JS.API` before it looks at permissions, so that members need both.
  const memberApis = [...new Set(['$JS.API', ownApi, ...otherApis])];
  const manageApis = [...new Set(['$JS.API', ownApi])];
  const asRegion = [
    `${prefix}.beat.${place}.>`,
    `${prefix}.ask.>`,
    `${prefix}.any.>`,
    `${prefix}.reply.>`,
    // Servers put this before the subject of an answer to what came through a gateway.
    `_GR_.*.*.${prefix}.reply.>`,
    `_GR_.*.*.${FLOW_CONTROL}`,
  ];
  const forRegion = [
    `${prefix}.beat.>`,
    `${prefix}.ask.${place}.>`,
    `${prefix}.any.${place}.>`,
    `${prefix}.reply.${place}.>`,
  ];
  return {
    member: {
      publish: {
        allow: [
          `${prefix}.log.${place}.>`,
          ...asRegion,
          '$JS.API.INFO',
          ...manageApis.flatMap(managingApi),
          ...memberApis.flatMap(followingApi),
          FLOW_CONTROL,
        ],
      },
      subscribe: { allow: forRegion },
    },
    leaf: {
      publish: { allow: [...asRegion, ...otherApis.flatMap(followingApi), FLOW_CONTROL] },
      subscribe: { allow: [...forRegion, ...followingApi(ownApi), FLOW_CONTROL] },
    },
  };
}

function apiOf(domain: string | undefined): string {
  return domain === undefined ? '$JS.API' : `$JS.${domain}.API`;
}

/** What a home does with its streams. */
function managingApi(api: string): readonly string[] {
  return ['CREATE', 'UPDATE', 'DELETE'].map((verb) => `${api}.STREAM.${verb}.*`);
}

/** Followers tell a stream's server on it that they have room for more. */
const FLOW_CONTROL = '$JS.FC.>';

/** What whoever follows a log asks the JetStream that has its stream. */
function followingApi(api: string): readonly string[] {
  return [
    `${api}.STREAM.INFO.*`,
    `${api}.STREAM.MSG.GET.*`,
    `${api}.CONSUMER.CREATE.*`,
    `${api}.CONSUMER.DELETE.*.*`,
  ];
}
