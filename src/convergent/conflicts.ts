import { deepEqual, type JsonValue } from '../machinery/mod.ts';
import { joinItem, pickRegister } from './join.ts';
import { type Birth, compareNames, decodeLife, hasSeen, isSameBirth, type Register } from './register.ts';
import { describeRegister, lifePath, type RegisterPath } from './register-path.ts';
import { DELETION_PATHS, type RegisterView, type ViewNode } from './register-view.ts';
import { stampTimeMs } from './stamps.ts';

/** A field that regions have written without knowing of each other. It goes away with the next write that has seen all. */
export interface FieldConflict {
  readonly path: RegisterPath;
  /** The path as people read it. */
  readonly field: string;
  readonly winner: ConflictingValue;
  /** Newest first. */
  readonly losers: readonly ConflictingValue[];
}

export interface ConflictingValue {
  readonly region: string;
  /** When it was written, in milliseconds since 1970. */
  readonly timeMs: number;
  /** Absent where the region has removed the field. */
  readonly value?: JsonValue;
}

/** The most that are told: enough for people to see what has happened. */
const CONFLICTS_MAX = 100;

/**
 * Which values did not win though their writers knew as little of the winner as it of them. Values that say the same are
 * no conflict. Items of a list that two regions have added under the same keys are told with all of their fields.
 */
export function conflictsOf(view: RegisterView): readonly FieldConflict[] {
  const conflicts: FieldConflict[] = [];
  visit(view, { node: view.root, birth: undefined }, conflicts);
  return conflicts.sort((a, b) => compareNames(a.path, b.path)).slice(0, CONFLICTS_MAX);
}

// Recurses as deep as paths are, which is bounded where they are parsed.
function visit(
  view: RegisterView,
  { node, birth }: { readonly node: ViewNode; readonly birth: Birth | undefined },
  out: FieldConflict[],
): void {
  const compare = (path: RegisterPath, registers: readonly Register[], tell = plainValue): void => {
    if (registers.length < 2 || DELETION_PATHS.has(path)) return;
    const conflict = conflictAt(path, { registers, birth, tell });
    if (conflict !== undefined) out.push(conflict);
  };
  compare(node.path, node.whole);
  for (const [names, registers] of node.unions) compare(`${node.path}${names}`, registers);
  for (const child of node.fields.values()) visit(view, { node: child, birth }, out);
  for (const child of node.items.values()) {
    compare(lifePath(child.path), child.life, (register) => joinItem(view, child, register));
    const life = decodeLife(pickRegister(child.life, { birth })?.value);
    if (life === undefined) compare(child.path, child.whole);
    else visit(view, { node: child, birth: life.birth }, out);
  }
}

interface Place {
  readonly registers: readonly Register[];
  readonly birth: Birth | undefined;
  readonly tell: (register: Register) => JsonValue | undefined;
}

function conflictAt(path: RegisterPath, { registers, birth, tell }: Place): FieldConflict | undefined {
  const [winner, ...others] = registers.filter((register) => isSameBirth(register.birth, birth));
  if (winner === undefined) return undefined;
  const value = tell(winner);
  const losers = others
    .filter((loser) => !hasSeen(winner, loser))
    .map((loser) => conflicting(loser, tell(loser)))
    .filter((loser) => !deepEqual(loser.value, value));
  if (losers.length === 0) return undefined;
  return { path, field: describeRegister(path), winner: conflicting(winner, value), losers };
}

function conflicting({ region, stamp }: Register, value: JsonValue | undefined): ConflictingValue {
  const timeMs = stampTimeMs(stamp);
  return value === undefined ? { region, timeMs } : { region, timeMs, value };
}

function plainValue({ value }: Register): JsonValue | undefined {
  return value;
}
