import { deepEqual } from '../machinery/mod.ts';
import type { ClientId } from './client-id.ts';
import { ConvergentError } from './errors.ts';
import { IDENTITY_PATH, uidIn } from './identity.ts';
import { isSameBirth, type Register } from './register.ts';
import type { ScannedRegister, ScannedUpdate } from './update-scan.ts';

/** What a member knows about clients, besides what the document says. */
export interface MergeOptions {
  /** The client id under which this member writes: nobody else can have news of it. */
  readonly own?: ClientId;
  /** The region that a client belongs to; undefined where this is not known. */
  readonly regionOf?: (client: ClientId) => string | undefined;
}

interface Held extends MergeOptions {
  /** The registers of the document, by their keys. */
  readonly held: ReadonlyMap<string, ScannedRegister>;
  /** How many writes of a client the document has. */
  readonly stateOf: (client: ClientId) => number;
}

/**
 * Refuses a state that contradicts what is known already. Two writers under one client id cannot always be told from one,
 * but whoever has both of their writes under the same clock can.
 *
 * @throws {ConvergentError} `ClientForged`, `RegionForged`, `ClientIdReused`; `DocumentCorrupt` for another object's state
 */
export function refuseForged(
  { registers, vector }: ScannedUpdate,
  { held, stateOf, own, regionOf }: Held,
): void {
  if (own !== undefined && (vector.get(own) ?? 0) > stateOf(own)) {
    throw new ConvergentError(
      'ClientForged',
      `somebody else has written as client ${own}, which is this member`,
    );
  }
  const unknown = registers.filter((register) => held.get(register.key) !== register);
  if (unknown.length === 0) return;
  refuseOther(unknown, held.values());
  const known = new KnownWrites(held.values());
  for (const register of unknown) {
    const { client, region } = register;
    const right = regionOf?.(client) ?? known.regionOf(client);
    if (right !== undefined && right !== region) {
      throw new ConvergentError('RegionForged', `client ${client} belongs to ${right}, not to ${region}`);
    }
    const same = known.sameAs(register);
    if (same !== undefined && !isSameWrite(same, register)) {
      throw new ConvergentError('ClientIdReused', `two writers have written as client ${client}`);
    }
  }
}

/** Two objects never merge: a document is that of one uid. */
function refuseOther(registers: readonly Register[], held: Iterable<Register>): void {
  const uids = new Set([...held, ...registers].filter(({ path }) => path === IDENTITY_PATH).map(uidIn));
  if (uids.size < 2) return;
  throw new ConvergentError(
    'DocumentCorrupt',
    `documents of several objects do not merge: ${[...uids].sort().join(', ')}`,
  );
}

/** What is known of the writers of some registers. */
class KnownWrites {
  readonly #regions = new Map<ClientId, string>();
  readonly #byId = new Map<string, ScannedRegister>();

  constructor(registers: Iterable<ScannedRegister>) {
    for (const register of registers) {
      this.#regions.set(register.client, register.region);
      this.#byId.set(idOf(register), register);
    }
  }

  regionOf(client: ClientId): string | undefined {
    return this.#regions.get(client);
  }

  /** The register of that id, which must say the same. */
  sameAs(register: ScannedRegister): ScannedRegister | undefined {
    return this.#byId.get(idOf(register));
  }
}

function idOf({ client, clock }: ScannedRegister): string {
  return `${client}/${clock}`;
}

function isSameWrite(a: Register, b: Register): boolean {
  return (
    a.path === b.path && a.stamp === b.stamp && isSameBirth(a.birth, b.birth) && deepEqual(a.value, b.value)
  );
}
