import { describe, expect, it } from 'vitest';
import { timeWeightedReturn } from './time-weighted-return.js';

const GAP = Number.NaN;

describe('timeWeightedReturn', () => {
  it('compounds', () => {
    expect(timeWeightedReturn([0.5, -0.5, 1])).toEqual({ value: 0.5, observations: 3, gaps: 0 });
  });

  it('jumps over a missing day and says how many there were, those at the ends not counted', () => {
    expect(timeWeightedReturn([GAP, 0.5, GAP, GAP, 0.5, GAP])).toEqual({ value: 1.25, observations: 2, gaps: 2 });
  });

  it('stays lost after a loss of everything or more', () => {
    expect(timeWeightedReturn([-1, 9])).toMatchObject({ value: -1 });
    expect(timeWeightedReturn([-3, -3])).toMatchObject({ value: -3 });
  });

  it('is null without a return', () => {
    expect(timeWeightedReturn([])).toBeNull();
    expect(timeWeightedReturn([GAP])).toBeNull();
  });
});
