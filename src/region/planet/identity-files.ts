import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random, RegionName } from '../../base/mod.ts';
import {
  PRIVATE_FILE_MODE,
  PUBLIC_FILE_MODE,
  readFileIfPresent,
  writeFileAtomically,
} from '../atomic-file.ts';
import { StartError } from '../start-error.ts';
import type { JoinGrant, PlanetFile } from './join-messages.ts';
import { KEY_BYTES, SigningKey } from './keys.ts';
import { certify, isCertified, type MemberStatement, memberName } from './member-certificate.ts';
import { base64url } from './token-text.ts';

/** Who a member is among all members of its planet. */
export interface PlanetIdentity extends MemberStatement {
  readonly planet: SigningKey;
  readonly member: SigningKey;
  readonly certificate: Uint8Array;
  /** Whether the planet's first log is there: if this member's directory is without it then, it was lost. */
  readonly isFounded: boolean;
}

/** Says whose directory it is. It is written last: without it, nothing of a planet counts. */
export const PLANET_FILE = 'planet.json';
/** Seeds of keys, base64url. */
const PLANET_KEY_FILE = '.planet-key';
const MEMBER_KEY_FILE = '.member-key';
/** What all members have alike. Names that a grant may have, and no others. */
const SHARED_FILES: ReadonlyMap<string, number> = new Map([
  ['ca.crt', PUBLIC_FILE_MODE],
  ['ca.key', PRIVATE_FILE_MODE],
  ['sa.key', PRIVATE_FILE_MODE],
  ['.continue-token-key', PRIVATE_FILE_MODE],
  ['.admin-token-store', PRIVATE_FILE_MODE],
  ['admin.kubeconfig', PRIVATE_FILE_MODE],
]);
/** Beside these, what a member that has not begun to join may find. */
const LOCK_FILE = /^antipode\.\d+\.lock$/;
const DATA_DIRECTORY = 'data';

interface PlanetFileContent {
  readonly version: number;
  readonly planet: string;
  readonly number: number;
  readonly region: string;
  readonly joinedMs: number;
  readonly certificate: string;
  /** Absent until the log of the root shard is there, and in directories of earlier versions. */
  readonly founded?: boolean;
}

const VERSION = 1;

/** Who the member of a directory is; undefined for one that is of no planet. Throws `StartError` for damaged files. */
export async function readIdentity(directory: string): Promise<PlanetIdentity | undefined> {
  const path = join(directory, PLANET_FILE);
  const text = await readFileIfPresent(path);
  if (text === undefined) return undefined;
  const content = parseContent(text);
  const planet = await readKey(join(directory, PLANET_KEY_FILE));
  const member = await readKey(join(directory, MEMBER_KEY_FILE));
  if (content !== undefined && content.version > VERSION) {
    throw new StartError(`${path} is of a newer version of this program: upgrade it`);
  }
  if (content !== undefined && planet !== undefined && member !== undefined) {
    const { number, joinedMs } = content;
    const region = content.region as RegionName;
    const statement = { number, region, publicKey: member.publicKey, joinedMs };
    const certificate = Buffer.from(content.certificate, 'base64url');
    const isPlanet = base64url(planet.publicKey) === content.planet;
    if (isPlanet && isCertified({ planetKey: planet.publicKey, statement, signature: certificate })) {
      return { ...statement, planet, member, certificate, isFounded: content.founded === true };
    }
  }
  throw new StartError(
    `${path}, ${PLANET_KEY_FILE} and ${MEMBER_KEY_FILE} do not say who this member is; restore them from a copy, or ` +
      'remove this member from the planet and join with an empty directory',
  );
}

/** Makes a planet whose first member this directory is. */
export async function foundPlanet(options: {
  readonly directory: string;
  readonly region: RegionName;
  readonly random: Random;
  readonly nowMs: number;
}): Promise<PlanetIdentity> {
  const { directory, region, random, nowMs } = options;
  // What a founding that was interrupted has left is taken up, though nobody can know it yet.
  const planet = await ensureKey(join(directory, PLANET_KEY_FILE), random);
  const member = await ensureMemberKey(directory, random);
  const statement = { number: 0, region, publicKey: member.publicKey, joinedMs: nowMs };
  const certificate = certify(planet, statement);
  const identity = { ...statement, planet, member, certificate, isFounded: false };
  await writeIdentity(directory, identity);
  return identity;
}

/** Writes down that the planet's first log is there. */
export function noteFounded(directory: string, identity: PlanetIdentity): Promise<void> {
  return writeIdentity(directory, { ...identity, isFounded: true });
}

/** The key of this directory's member, made at the first call and kept. */
export function ensureMemberKey(directory: string, random: Random): Promise<SigningKey> {
  return ensureKey(join(directory, MEMBER_KEY_FILE), random);
}

/** Refuses a directory with anything of its own, since a joining member takes over the planet's. */
export async function assertCanJoin(directory: string): Promise<void> {
  const names = await readdir(directory);
  const hasBegun = names.includes(MEMBER_KEY_FILE);
  const own = names.filter((name) => {
    if (LOCK_FILE.test(name) || name === MEMBER_KEY_FILE || name.endsWith('.tmp')) return false;
    const isOfJoining = name === PLANET_KEY_FILE || SHARED_FILES.has(name);
    return !(hasBegun && isOfJoining && !names.includes(DATA_DIRECTORY));
  });
  if (own.length === 0) return;
  const what = own.includes(DATA_DIRECTORY)
    ? 'a workspace tree of its own'
    : `files of its own (${own.slice(0, 3).join(', ')})`;
  throw new StartError(
    `${directory} has ${what}, and a member joins a planet with an empty directory: choose another --root-directory, or ` +
      'move this one away; without --join it founds a planet of its own',
    { exitCode: 5 },
  );
}

/** Refuses a directory that has begun to join and is no member: it would make a tree with the planet's keys. */
export async function assertHasNotBegun(directory: string): Promise<void> {
  const names = await readdir(directory);
  if (!names.includes(MEMBER_KEY_FILE) || names.includes(PLANET_FILE) || names.includes(DATA_DIRECTORY))
    return;
  throw new StartError(
    `${directory} has begun to join a planet, and was not admitted yet: start with --join again, or choose another --root-directory`,
    { exitCode: 5 },
  );
}

/** Stores what a planet has granted. After a crash at any point joining again ends it. */
export async function storeGrant(options: {
  readonly directory: string;
  readonly region: RegionName;
  readonly member: SigningKey;
  readonly grant: JoinGrant;
}): Promise<PlanetIdentity> {
  const { directory, region, member, grant } = options;
  for (const { name, content } of grant.files) {
    const mode = SHARED_FILES.get(name);
    // What a newer planet gives besides is not for this program.
    if (mode === undefined) continue;
    await writeFileAtomically({
      path: join(directory, name),
      content: Buffer.from(content).toString(),
      mode,
    });
  }
  const planet = new SigningKey(grant.planetSeed);
  const { number, joinedMs, certificate } = grant;
  const { publicKey } = member;
  const identity = { number, region, joinedMs, certificate, publicKey, planet, member, isFounded: true };
  await writeKey(join(directory, PLANET_KEY_FILE), planet);
  await writeIdentity(directory, identity);
  return identity;
}

/** What a new member is given of this one's directory. */
export async function sharedFiles(directory: string): Promise<readonly PlanetFile[]> {
  const files: PlanetFile[] = [];
  for (const name of SHARED_FILES.keys()) {
    const content = await readFileIfPresent(join(directory, name));
    if (content !== undefined) files.push({ name, content: Buffer.from(content) });
  }
  return files;
}

/** Says that a member was started as something that it is not. */
export function assertRegion(identity: PlanetIdentity, region: string): void {
  if (identity.region === region) return;
  throw new StartError(
    `this directory is that of member ${memberName(identity.number)} of region ${identity.region}: start it with --region ` +
      `${identity.region}, or join as a new member with an empty directory`,
    { exitCode: 2 },
  );
}

async function writeIdentity(directory: string, identity: PlanetIdentity): Promise<void> {
  const content: PlanetFileContent = {
    version: VERSION,
    planet: base64url(identity.planet.publicKey),
    number: identity.number,
    region: identity.region,
    joinedMs: identity.joinedMs,
    certificate: base64url(identity.certificate),
    ...(identity.isFounded && { founded: true }),
  };
  const text = `${JSON.stringify(content, undefined, 2)}\n`;
  await writeFileAtomically({ path: join(directory, PLANET_FILE), content: text, mode: PUBLIC_FILE_MODE });
}

async function ensureKey(path: string, random: Random): Promise<SigningKey> {
  const stored = await readKey(path);
  if (stored !== undefined) return stored;
  const key = SigningKey.create(random);
  await writeKey(path, key);
  return key;
}

function writeKey(path: string, key: SigningKey): Promise<void> {
  return writeFileAtomically({ path, content: `${base64url(key.seed)}\n`, mode: PRIVATE_FILE_MODE });
}

async function readKey(path: string): Promise<SigningKey | undefined> {
  const text = await readFileIfPresent(path);
  const seed = Buffer.from(text ?? '', 'base64url');
  return seed.length === KEY_BYTES ? new SigningKey(seed) : undefined;
}

function parseContent(text: string): PlanetFileContent | undefined {
  try {
    const content = JSON.parse(text) as Partial<PlanetFileContent> | null;
    const isWhole =
      typeof content?.version === 'number' &&
      typeof content.planet === 'string' &&
      Number.isInteger(content.number) &&
      typeof content.region === 'string' &&
      Number.isSafeInteger(content.joinedMs) &&
      typeof content.certificate === 'string';
    return isWhole ? (content as PlanetFileContent) : undefined;
  } catch {
    return undefined;
  }
}
