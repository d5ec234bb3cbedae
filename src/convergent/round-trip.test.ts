import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeJson } from '../machinery/mod.ts';
import { ConvergentDocument } from './document.ts';
import { createEdit } from './edit.ts';
import { materialise } from './materialise.ts';
import { Dice, randomKind, randomObject, typeOfSchema } from './random-objects.suite.ts';
import { viewRegisters } from './register-view.ts';
import { stampHorizon } from './stamps.ts';

const NOW_MS = Date.UTC(2026, 5, 1);

describe('cutting an object into registers', () => {
  it('loses nothing: put together again, in another member, it is the same object', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const dice = new Dice(seed);
        const kind = randomKind(dice);
        const object = randomObject(dice, kind, 'uid');
        const document = ConvergentDocument.create();
        document.write(
          createEdit({
            object,
            type: typeOfSchema(kind),
            place: { logicalCluster: 'root', group: 'example.io', resource: 'things' },
            writer: { client: 1024, region: 'eu' },
            nowMs: NOW_MS,
          }),
        );
        const there = ConvergentDocument.open(document.encode());
        const view = viewRegisters(there.registers(), { horizon: stampHorizon(NOW_MS) });
        expect(encodeJson(materialise(view)!.object)).toBe(encodeJson(object));
      }),
      { numRuns: 500 },
    );
  }, 120_000);
});
