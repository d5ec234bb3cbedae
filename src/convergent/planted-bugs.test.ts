import { describe, expect, it } from 'vitest';
import type { Edit } from './edit.ts';
import { ConvergentError } from './errors.ts';
import { materialise } from './materialise.ts';
import { Dice } from './random-objects.suite.ts';
import { compareRegisters, decodeLife, type Register, type Seen } from './register.ts';
import { type Bugs, clockTrouble, type History, runHistory, type Step } from './world.suite.ts';

/** Histories like those that the product has to get right, from seeds that are the same every time. */
function historyOf(seed: number): History {
  const dice = new Dice(seed);
  const kinds = [
    'edit',
    'edit',
    'edit',
    'edit',
    'editOld',
    'send',
    'deliver',
    'deliver',
    'restart',
    'skew',
    'right',
    'wait',
    'delete',
  ] as const;
  const steps: Step[] = Array.from({ length: 12 }, () => ({
    kind: dice.pick(kinds),
    region: dice.below(3),
    seed: dice.below(2 ** 31),
  }));
  const trouble = seed % 2 === 0 ? [] : clockTrouble(() => dice.below(2 ** 31));
  return { seed, regions: 2 + dice.below(2), steps: [...trouble, ...steps] };
}

/** After how many histories a bug is noticed; undefined if it never is. */
function noticedAfter(bugs: () => Bugs): number | undefined {
  for (let seed = 0; seed < HISTORIES_MAX; seed++) {
    try {
      if (runHistory(historyOf(seed), bugs()).faults.length > 0) return seed;
    } catch (error) {
      // A client id that two have used is told by the product itself.
      if (error instanceof ConvergentError) return seed;
      throw error;
    }
  }
  return undefined;
}

const HISTORIES_MAX = 300;

/** A bug is planted in how the test uses the product; what it makes of an edit or of registers is what a bug would. */
const BUGS: Readonly<Record<string, () => Bugs>> = {
  'a register of each edit is dropped': () => ({
    write: (edit) => ({
      ...edit,
      registers: edit.registers.length > 1 ? edit.registers.slice(0, -1) : edit.registers,
    }),
  }),
  'times are compared the wrong way round': () => ({ registers: (registers) => mirrored(registers) }),
  'a region thinks less of one region than the others do': () => ({
    registers: (registers, region) => (region === 0 ? renamed(registers) : registers),
  }),
  'births are ignored': () => ({
    registers: (registers) => immortal([...registers]),
  }),
  'removals are ignored': () => ({
    registers: (registers) => [...registers].filter(({ value }) => value !== undefined),
  }),
  'a client id is used by two regions': () => ({ client: (_, startMs) => startMs * 1024 }),
  'merges are lost': () => {
    const first = new Map<number, Uint8Array>();
    return {
      merge: (bytes, region) => {
        const known = first.get(region);
        if (known === undefined) first.set(region, bytes);
        return known ?? bytes;
      },
    };
  },
  'the region that looks decides what to leave out': () => ({
    materialise: (view, check, region) => materialise(view, region === 0 ? () => true : check),
  }),
  'what is deleted can still be edited': () => ({
    registers: (registers, region) =>
      region === 0 ? [...registers].filter(({ path }) => path !== '@deleted') : registers,
  }),
  'a write forgets what it replaces': () => ({
    edit: (edit) => withSeen(edit, () => undefined),
  }),
  'a write replaces what is written only later': () => ({
    edit: (edit) => withSeen(edit, (seen) => new Map([...seen].map(([client]) => [client, 1_000_000]))),
  }),
  'nothing is parked': () => ({ horizon: () => Number.MAX_SAFE_INTEGER }),
  'stamps do not grow': () => ({
    write: (edit) => ({ ...edit, registers: edit.registers.map((register) => ({ ...register, stamp: 1 })) }),
  }),
};

function withSeen(edit: Edit, change: (seen: Seen) => Seen | undefined): Edit {
  const registers = edit.registers.map(({ seen, ...register }) => {
    const changed = seen === undefined ? undefined : change(seen);
    return changed === undefined ? register : { ...register, seen: changed };
  });
  return { ...edit, registers };
}

function mirrored(registers: Iterable<Register>): readonly Register[] {
  return [...registers].map(({ seen: _, ...register }) => ({ ...register, stamp: MIRROR - register.stamp }));
}

/** Above every stamp of a test. */
const MIRROR = 2 ** 48;

function renamed(registers: Iterable<Register>): readonly Register[] {
  return [...registers].map((register) => ({
    ...register,
    stamp: register.stamp - (register.region === 'ap' ? 1_000_000 : 0),
  }));
}

/** As if whatever was ever written inside of an item belonged to the item that is there now. */
function immortal(registers: readonly Register[]): readonly Register[] {
  const births = new Map<string, Register>();
  for (const register of registers) {
    if (!register.path.endsWith('!') || register.value === undefined) continue;
    const known = births.get(register.path);
    if (known === undefined || compareRegisters(register, known) < 0) births.set(register.path, register);
  }
  return registers.map((register) => {
    if (register.birth === undefined) return register;
    const items = [...births.keys()].filter((path) => isInside(register.path, path.slice(0, -1)));
    const life = births.get(items.sort((a, b) => b.length - a.length)[0] ?? '');
    const birth = decodeLife(life?.value)?.birth;
    return birth === undefined ? register : { ...register, birth };
  });
}

function isInside(path: string, item: string): boolean {
  return path.startsWith(item) && '/|['.includes(path[item.length] ?? ' ');
}

describe('the histories that test convergence notice', () => {
  it.each(Object.keys(BUGS))('when %s', (name) => {
    expect(noticedAfter(BUGS[name]!)).toBeLessThan(HISTORIES_MAX);
  });

  it('nothing where nothing is planted', () => {
    for (let seed = 0; seed < 50; seed++) expect(runHistory(historyOf(seed)).faults).toEqual([]);
  });
}, 300_000);
