/**
 * What the two nats-servers of a region are told. The smallest topology that leaves a cut-off region everything of
 * its own: JetStream with a domain for each region in a server that is a leaf node, and beside it a core server
 * without JetStream, which gateways join with the cores of other regions. Tried on 2.9.10 and on newer ones.
 */
export interface NatsPorts {
  /** Where the region's members connect. */
  readonly client: number;
  readonly monitor: number;
  readonly coreClient: number;
  readonly coreMonitor: number;
  readonly leaf: number;
  readonly gateway: number;
}

export interface NatsPlace {
  readonly region: string;
  readonly ports: NatsPorts;
  /** Where JetStream keeps its streams. */
  readonly storeDirectory: string;
  /** The port of the link to each other region. */
  readonly links: readonly { readonly region: string; readonly port: number }[];
  readonly secrets: NatsSecrets;
}

/** Other users of the machine reach its loopback ports too, so that nobody gets in without these. */
export interface NatsSecrets {
  /** Of members. */
  readonly member: string;
  /** Between the servers. */
  readonly server: string;
}

export const NATS_USER = 'antipode';
export const NATS_ACCOUNT = 'ANTIPODE';

/** Frames of commits have up to 4 MiB, and headers. */
const MAX_PAYLOAD = '8MB';
/** What replication keeps of a region on a machine where somebody tries a planet out. */
const MAX_FILE = '16GB';
const MAX_MEMORY = '256MB';

/**
 * Gateways tell each other where they listen, and would go there straight after the first lost connection, past
 * the links. Nothing listens here, so that they go on to the next address, the link. (`no_advertise` does not help.)
 */
const NOWHERE = '127.0.0.1:1';

/** The server with JetStream, which members connect to. */
export function dataServerConfig(place: NatsPlace): string {
  const { region, ports, secrets } = place;
  return lines([
    `server_name: ${quoted(`${region}-data`)}`,
    ...common(ports.client, ports.monitor),
    'accounts {',
    `  SYS { users: [ { user: sys, password: ${quoted(secrets.server)} } ] }`,
    `  ${NATS_ACCOUNT} {`,
    '    jetstream: enabled',
    `    users: [ { user: ${NATS_USER}, password: ${quoted(secrets.member)} } ]`,
    '  }',
    '}',
    'system_account: SYS',
    'jetstream {',
    `  store_dir: ${quoted(place.storeDirectory)}`,
    `  domain: ${quoted(region)}`,
    `  max_mem: ${MAX_MEMORY}`,
    `  max_file: ${MAX_FILE}`,
    '}',
    'leafnodes {',
    // A whole number of seconds: the parser of 2.9 dies of "1s".
    '  reconnect: 1',
    `  remotes: [ { url: ${quoted(`nats://${NATS_USER}:${secrets.server}@127.0.0.1:${ports.leaf}`)}, account: ${NATS_ACCOUNT} } ]`,
    '}',
  ]);
}

/** The server between the regions. */
export function coreServerConfig(place: NatsPlace): string {
  const { region, ports, secrets } = place;
  return lines([
    `server_name: ${quoted(`${region}-core`)}`,
    ...common(ports.coreClient, ports.coreMonitor),
    'accounts {',
    `  SYS { users: [ { user: sys, password: ${quoted(secrets.server)} } ] }`,
    `  ${NATS_ACCOUNT} { users: [ { user: ${NATS_USER}, password: ${quoted(secrets.server)} } ] }`,
    '}',
    // A server with gateways and leaf nodes has to name one.
    'system_account: SYS',
    'gateway {',
    `  name: ${quoted(region)}`,
    `  listen: "127.0.0.1:${ports.gateway}"`,
    `  advertise: "${NOWHERE}"`,
    `  authorization { user: gateway, password: ${quoted(secrets.server)} }`,
    '  gateways: [',
    ...place.links.map(
      (link) =>
        `    { name: ${quoted(link.region)}, url: ${quoted(`nats://gateway:${secrets.server}@127.0.0.1:${link.port}`)} }`,
    ),
    '  ]',
    '}',
    'leafnodes {',
    `  listen: "127.0.0.1:${ports.leaf}"`,
    `  advertise: "127.0.0.1:${ports.leaf}"`,
    '}',
  ]);
}

/** The URL that a member of the region connects to, and the name of its JetStream domain. */
export function memberNats(place: Pick<NatsPlace, 'region' | 'ports' | 'secrets'>): MemberNats {
  return {
    url: `nats://127.0.0.1:${place.ports.client}`,
    user: NATS_USER,
    password: place.secrets.member,
    domain: place.region,
  };
}

export interface MemberNats {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly domain: string;
}

function common(client: number, monitor: number): readonly string[] {
  return [
    `listen: "127.0.0.1:${client}"`,
    `http: "127.0.0.1:${monitor}"`,
    `max_payload: ${MAX_PAYLOAD}`,
    // A dead link is noticed after half a minute instead of four.
    'ping_interval: "10s"',
    'ping_max: 2',
  ];
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

function lines(list: readonly string[]): string {
  return `${list.join('\n')}\n`;
}
