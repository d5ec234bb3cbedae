import { assert } from '../base/mod.ts';
import { ConvergentError } from './errors.ts';

/** The writer of registers: one life of one member. Yjs carries it as it is, since it fits in 53 bits. */
export type ClientId = number;

const MEMBERS_MAX = 1024;

/** The client id of a member from this start on: start time in ms × 1024 + member number (given at joining, 0–1023). */
export function clientIdOf({
  startMs,
  member,
}: {
  readonly startMs: number;
  readonly member: number;
}): ClientId {
  assert(Number.isInteger(member) && member >= 0 && member < MEMBERS_MAX, 'member numbers have ten bits');
  const client = Math.floor(startMs) * MEMBERS_MAX + member;
  assert(isClientId(client), 'client ids have 53 bits');
  return client;
}

/** The number of the member that a client id belongs to. */
export function memberOfClient(client: ClientId): number {
  return client % MEMBERS_MAX;
}

/** Zero is nobody's: documents are read under it. */
export function isClientId(value: unknown): value is ClientId {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/**
 * Refuses a client id that somebody has met before this writer has used it: of a member whose clock went back, or of a
 * directory that was copied. Two writers under one id would diverge for ever, and nobody could tell.
 *
 * @param known client ids in the state vectors of peers ({@link Vector}), also of some of their documents only
 * @throws {ConvergentError} `ClientIdTaken`
 */
export function refuseTakenClient(client: ClientId, known: Iterable<ClientId>): void {
  for (const other of known) {
    if (other !== client) continue;
    throw new ConvergentError(
      'ClientIdTaken',
      `client id ${client} has been used before: the clock of this machine has gone back, or its directory is a copy`,
    );
  }
}

/** How much of each client's writes somebody has. */
export type Vector = ReadonlyMap<ClientId, number>;
