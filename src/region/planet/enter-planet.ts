import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type RegionName, systemClock, systemRandom } from '../../base/mod.ts';
import {
  connectNats,
  type MemberName,
  type NatsCredentials,
  type NatsTls,
  type SurvivalGoal,
  type Transport,
  TransportError,
} from '../../replication/mod.ts';
import type { MemberLog } from '../member.ts';
import { StartError } from '../start-error.ts';
import {
  assertCanJoin,
  assertHasNotBegun,
  assertRegion,
  ensureMemberKey,
  foundPlanet,
  type PlanetIdentity,
  readIdentity,
  storeGrant,
} from './identity-files.ts';
import { joinPlanet } from './join-planet.ts';
import { memberName } from './member-certificate.ts';
import { base64url, parseJoinToken } from './token-text.ts';

/** How a member is part of a planet, as its operator says. */
export interface PlanetOptions {
  /** `nats://host:port` or `tls://host:port`: the servers of its own region. */
  readonly servers: readonly string[];
  readonly credentials?: NatsCredentials;
  readonly tls?: NatsTls;
  /** Whether the JetStream of each region has a domain of the region's name; false where all share one server. */
  readonly hasDomains: boolean;
  /** Text of the token by which an empty directory joins. */
  readonly joinToken?: string;
  /** What acknowledged writes of the root shard survive; absent: `zone` where it is founded, and as it is elsewhere. */
  readonly survive?: SurvivalGoal;
}

/** A member that is one of a planet's, and its connection to the others. */
export interface Entered {
  readonly identity: PlanetIdentity;
  readonly transport: Transport;
}

interface Entrance {
  readonly directory: string;
  readonly region: string;
  readonly planet: PlanetOptions | undefined;
  readonly log: MemberLog;
}

/**
 * Makes a directory that of a member of a planet, before anything in it is opened: goes on as the member that it is,
 * joins by a token, or founds a planet with what is there. Undefined for a member by itself.
 *
 * @throws {StartError} for everything that an operator can mend.
 */
export async function enterPlanet(entrance: Entrance): Promise<Entered | undefined> {
  const { directory, region, planet, log } = entrance;
  const identity = await readIdentity(directory);
  if (planet === undefined) {
    if (identity === undefined) await assertHasNotBegun(directory);
    else throw needsNats(identity);
    return undefined;
  }
  if (identity !== undefined) {
    assertRegion(identity, region);
    if (planet.joinToken !== undefined) assertSamePlanet(identity, planet.joinToken);
    return connected(identity, planet);
  }
  if (planet.joinToken !== undefined) return connected(await joinByToken(entrance, planet), planet);
  await assertHasNotBegun(directory);
  // Nothing is founded before the servers are known to do what replication needs.
  const transport = await connect({ region: region as RegionName, member: memberName(0) }, planet);
  // Where this stands, a founding that was interrupted is one, and no joining.
  await mkdir(join(directory, 'data'), { recursive: true, mode: 0o700 });
  const founder = await foundPlanet({
    directory,
    region: region as RegionName,
    random: systemRandom,
    nowMs: systemClock.nowMs(),
  });
  log.info('this member founds a planet', { planet: base64url(founder.planet.publicKey), region });
  return { identity: founder, transport };
}

async function joinByToken(
  { directory, region, log }: Entrance,
  planet: PlanetOptions,
): Promise<PlanetIdentity> {
  const token = parseJoinToken(planet.joinToken ?? '');
  if (token === undefined) {
    throw new StartError('--join takes a whole token, as "antipode join-token create" prints it', {
      exitCode: 2,
    });
  }
  await assertCanJoin(directory);
  const member = await ensureMemberKey(directory, systemRandom);
  const name = region as RegionName;
  // It has no number yet, and others may be joining in the same region.
  const self = { region: name, member: `joining-${base64url(systemRandom.bytes(6))}` };
  const transport = await connect(self, planet);
  try {
    const grant = await joinPlanet({
      transport,
      token,
      region: name,
      member,
      clock: systemClock,
      random: systemRandom,
    });
    const identity = await storeGrant({ directory, region: name, member, grant });
    log.info('this member has joined a planet', { member: memberName(identity.number), region });
    return identity;
  } finally {
    await transport.close();
  }
}

async function connected(identity: PlanetIdentity, planet: PlanetOptions): Promise<Entered> {
  const self = { region: identity.region, member: memberName(identity.number) };
  return { identity, transport: await connect(self, planet) };
}

async function connect(self: MemberName, planet: PlanetOptions): Promise<Transport> {
  const { servers, credentials, tls, hasDomains } = planet;
  try {
    return await connectNats({
      servers,
      ...(credentials === undefined ? {} : { credentials }),
      ...(tls === undefined ? {} : { tls }),
      ...(hasDomains ? {} : { domainOf: () => undefined }),
      self,
      clock: systemClock,
      random: systemRandom,
    });
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    throw new StartError(error.message, { cause: error, exitCode: error.code === 'denied' ? 4 : 1 });
  }
}

function assertSamePlanet(identity: PlanetIdentity, text: string): void {
  const token = parseJoinToken(text);
  if (token === undefined || Buffer.compare(token.planetKey, identity.planet.publicKey) === 0) return;
  throw new StartError(
    `this directory is that of member ${memberName(identity.number)} of another planet than the token's: leave --join out, ` +
      'or choose an empty --root-directory',
    { exitCode: 5 },
  );
}

function needsNats(identity: PlanetIdentity): StartError {
  const who = `member ${memberName(identity.number)} of a planet, in region ${identity.region}`;
  return new StartError(
    `this directory is that of ${who}: start it with --nats and the URL of that region's NATS servers`,
    { exitCode: 2 },
  );
}
