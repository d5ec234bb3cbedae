import type { ClientId } from './client-id.ts';
import { compareRegisters, type Register } from './register.ts';
import type { Stamp } from './stamps.ts';

/**
 * Sorts the registers at one path, those that count first. This is the one rule about stamps, and it asks for nothing but
 * the registers and a clock, so that regions with the same document and the same time say the same:
 *
 * 1. A register is *parked* while its stamp is beyond the horizon. It comes after all that are not, and replaces none of
 *    them, so that a clock that is ahead decides nothing before its time has come.
 * 2. A register is *replaced* when the writer of another one had it in its document, whatever the two stamps are. It comes
 *    after those that are not.
 * 3. Of what is alike so far the newest stamp comes first, and of the same stamp the region whose name sorts last.
 *
 * A stamp exceeds every stamp in its document that is not parked there (`nextStamp`), so that where clocks are right what is
 * replaced is older anyway, and 3 alone decides. 2 is for what was parked when it was replaced: its writer's clock does not
 * follow, and without 2 it would come back in its time. Only that one write is replaced and not what its region writes
 * afterwards, with a clock that is right. Who writes in a document beats all that is in it, parked or not, at once and
 * for good: its stamp is not parked for itself.
 *
 * @param horizon the newest stamp that is not too far in the future (`stampHorizon`)
 */
export function rankRegisters(registers: readonly Register[], horizon: Stamp): readonly Register[] {
  if (registers.length === 1) return registers;
  const replacements = new Replacements(registers, horizon);
  return registers
    .map((register) => ({ register, isReplaced: Number(replacements.have(register)) }))
    .sort(
      (a, b) =>
        compareParked(a.register, b.register, horizon) ||
        a.isReplaced - b.isReplaced ||
        compareRegisters(a.register, b.register),
    )
    .map(({ register }) => register);
}

/** The order between registers of several paths, where nobody replaces another: what is not parked first, newest first. */
export function compareAcrossPaths(a: Register, b: Register, horizon: Stamp): number {
  return compareParked(a, b, horizon) || compareRegisters(a, b);
}

function compareParked(a: Register, b: Register, horizon: Stamp): number {
  return Number(a.stamp > horizon) - Number(b.stamp > horizon);
}

/** Which of the registers at one path are replaced. */
export class Replacements {
  /** By client, the newest of its writes that some other register has replaced. */
  readonly #byAll = new Map<ClientId, number>();
  readonly #byUnparked = new Map<ClientId, number>();
  readonly #horizon: Stamp;

  constructor(registers: readonly Register[], horizon: Stamp) {
    this.#horizon = horizon;
    for (const { stamp, seen } of registers) {
      for (const [client, clock] of seen ?? []) {
        raise(this.#byAll, client, clock);
        if (stamp <= horizon) raise(this.#byUnparked, client, clock);
      }
    }
  }

  have({ stamp, client, clock }: Register): boolean {
    const replaced = stamp > this.#horizon ? this.#byAll : this.#byUnparked;
    return (replaced.get(client) ?? -1) >= clock;
  }
}

function raise(clocks: Map<ClientId, number>, client: ClientId, clock: number): void {
  if ((clocks.get(client) ?? -1) < clock) clocks.set(client, clock);
}
