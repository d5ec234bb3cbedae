import type { ClientId } from './client-id.ts';
import { DELETION_FIELDS } from './field-classes.ts';
import { Replacements, rankRegisters } from './ranking.ts';
import { compareRegisters, type Register } from './register.ts';
import {
  describeRegister,
  fieldPath,
  isSystemPath,
  itemPath,
  type PathSegment,
  parseRegisterPath,
  type RegisterPath,
  ROOT_PATH,
} from './register-path.ts';
import { RESTAMP_PREFIX, restampsOf } from './restamp.ts';
import { countsAtMs, type Stamp } from './stamps.ts';

/** What a document says, seen at a moment: registers by their place, those that count first (`rankRegisters`). */
export interface RegisterView {
  readonly root: ViewNode;
  /** The registers at `@…`. */
  readonly system: ReadonlyMap<RegisterPath, readonly Register[]>;
  /** The registers of the object itself. */
  readonly byPath: ReadonlyMap<RegisterPath, readonly Register[]>;
  /** The newest stamp that is not parked: a write needs a newer one. Parked registers move nobody's clock. */
  readonly newest: Stamp;
  /** What lies too far in the future to win over anything yet, and was not replaced. */
  readonly parked: readonly ParkedRegister[];
  /** What lies beyond is parked. */
  readonly horizon: Stamp;
}

/** A register that wins over no other before the clock has come near its stamp. */
export interface ParkedRegister {
  readonly path: RegisterPath;
  /** The path as people read it. */
  readonly field: string;
  readonly region: string;
  readonly client: ClientId;
  readonly stamp: Stamp;
  /** When it will count as all others, on this clock: look again then. */
  readonly countsAtMs: number;
}

/** One place in the object, with the registers that name it. */
export interface ViewNode {
  readonly path: RegisterPath;
  readonly fields: Map<string, ViewNode>;
  /** By the text of the item's element. */
  readonly items: Map<string, ViewNode>;
  readonly unions: Map<string, readonly Register[]>;
  whole: readonly Register[];
  life: readonly Register[];
  order: readonly Register[];
}

/**
 * Sorts the registers of a document by their place, and at each path by what counts (`rankRegisters`).
 *
 * @param horizon the newest stamp that is not too far in the future (`stampHorizon`)
 */
export function viewRegisters(
  registers: Iterable<Register>,
  { horizon }: { readonly horizon: Stamp },
): RegisterView {
  const system = new Map<RegisterPath, readonly Register[]>();
  const byPath = new Map<RegisterPath, readonly Register[]>();
  const parked: ParkedRegister[] = [];
  const root = newNode(ROOT_PATH);
  let newest = 0;
  for (const [path, found] of groupByPath(restamped(registers, horizon))) {
    const ahead = found.filter(({ stamp }) => stamp > horizon);
    for (const { stamp } of found) if (stamp <= horizon) newest = Math.max(newest, stamp);
    if (ahead.length > 0) {
      const replacements = new Replacements(found, horizon);
      for (const register of ahead) if (!replacements.have(register)) parked.push(parkedRegister(register));
    }
    const ranked = rankRegisters(found, horizon);
    if (isSystemPath(path)) {
      system.set(path, ranked);
      continue;
    }
    const segments = parseRegisterPath(path);
    if (segments === undefined) continue;
    const sorted = DELETION_PATHS.has(path) ? earliest(ranked) : ranked;
    byPath.set(path, sorted);
    put(root, { segments, registers: sorted });
  }
  return { root, system, byPath, newest, parked, horizon };
}

/** The fields of a deletion: of these the earliest value counts, and none is taken back. */
export const DELETION_PATHS: ReadonlySet<RegisterPath> = new Set(
  DELETION_FIELDS.map((name) => fieldPath(fieldPath(ROOT_PATH, 'metadata'), name)),
);

function restamped(registers: Iterable<Register>, horizon: Stamp): readonly Register[] {
  const all = [...registers];
  const words = groupByPath(all.filter(({ path }) => path.startsWith(RESTAMP_PREFIX)));
  const restamps = restampsOf([...words.values()].map((said) => rankRegisters(said, horizon)));
  return all.map((register) => {
    const stamp = restamps.stampOf(register);
    return stamp === register.stamp ? register : { ...register, stamp };
  });
}

function parkedRegister({ path, region, client, stamp }: Register): ParkedRegister {
  return { path, field: describeRegister(path), region, client, stamp, countsAtMs: countsAtMs(stamp) };
}

function groupByPath(registers: readonly Register[]): ReadonlyMap<RegisterPath, Register[]> {
  const groups = new Map<RegisterPath, Register[]>();
  for (const register of registers) {
    const group = groups.get(register.path);
    if (group === undefined) groups.set(register.path, [register]);
    else group.push(register);
  }
  return groups;
}

function earliest(registers: readonly Register[]): readonly Register[] {
  return registers.filter(({ value }) => value !== undefined).sort((a, b) => compareRegisters(b, a));
}

interface Placed {
  readonly segments: readonly PathSegment[];
  readonly registers: readonly Register[];
}

function put(root: ViewNode, { segments, registers }: Placed): void {
  let node = root;
  for (const { kind, text } of segments) {
    switch (kind) {
      case 'field':
        node = nodeAt(node.fields, text, () => fieldPath(node.path, text));
        break;
      case 'item':
        node = nodeAt(node.items, text, () => itemPath(node.path, text));
        break;
      case 'union':
        node.unions.set(text, registers);
        return;
      case 'life':
        node.life = registers;
        return;
      case 'order':
        node.order = registers;
        return;
    }
  }
  node.whole = registers;
}

function nodeAt(children: Map<string, ViewNode>, text: string, path: () => RegisterPath): ViewNode {
  let child = children.get(text);
  if (child === undefined) {
    child = newNode(path());
    children.set(text, child);
  }
  return child;
}

function newNode(path: RegisterPath): ViewNode {
  return { path, fields: new Map(), items: new Map(), unions: new Map(), whole: [], life: [], order: [] };
}
