import { describe, expect, it } from 'vitest';
import { type ConditionVerdict, withConditions } from './conditions.ts';

const EARLIER = '2026-01-01T00:00:00Z';
const NOW = '2026-02-02T00:00:00Z';

describe('conditions', () => {
  it('keep their time while they say the same, and are ordered by type behind Ready', () => {
    const before = withConditions(
      [],
      [
        { type: 'B', status: 'True' },
        { type: 'Ready', status: 'True' },
      ],
      EARLIER,
    );
    const after = withConditions(
      before,
      [
        { type: 'A', status: 'False', severity: 'Error', reason: 'Why', message: 'text' },
        { type: 'B', status: 'True' },
      ],
      NOW,
    );
    expect(after).toEqual([
      { type: 'Ready', status: 'True', lastTransitionTime: EARLIER },
      {
        type: 'A',
        status: 'False',
        severity: 'Error',
        reason: 'Why',
        message: 'text',
        lastTransitionTime: NOW,
      },
      { type: 'B', status: 'True', lastTransitionTime: EARLIER },
    ]);
  });

  it('change their time when only their message changes', () => {
    const verdict: ConditionVerdict = {
      type: 'A',
      status: 'False',
      severity: 'Info',
      reason: 'R',
      message: 'one',
    };
    const before = withConditions([], [verdict], EARLIER);
    expect(withConditions(before, [{ ...verdict, message: 'two' }], NOW)[0]).toMatchObject({
      lastTransitionTime: NOW,
    });
  });
});
