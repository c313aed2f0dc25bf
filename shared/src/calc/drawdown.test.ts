import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawdownSeries, maxDrawdown } from './drawdown.js';

const GAP = Number.NaN;
const arbitraryReturns = fc.array(
  fc.oneof({ weight: 9, arbitrary: fc.integer({ min: -50, max: 60 }).map((v) => v / 100) }, fc.constant(GAP)),
);

describe('maxDrawdown', () => {
  it('counts the start as a peak', () => {
    expect(maxDrawdown([-0.5, 0.5])).toEqual({ depth: -0.5, peakIndex: -1, troughIndex: 0, recoveryIndex: null });
  });

  it('dates the start to the place before the first return', () => {
    expect(maxDrawdown([GAP, -0.5])).toMatchObject({ peakIndex: 0, troughIndex: 1 });
    expect(maxDrawdown([GAP, GAP, -0.5])).toMatchObject({ peakIndex: 1, troughIndex: 2 });
  });

  it('dates peak, trough and recovery', () => {
    expect(maxDrawdown([0.5, -0.5, 0.5, 0.5, -0.25])).toEqual({ depth: -0.5, peakIndex: 0, troughIndex: 1, recoveryIndex: 3 });
  });

  it('keeps the recovery of the deepest drawdown, not of a later shallow one', () => {
    expect(maxDrawdown([-0.5, 1, 1, -0.25, 1])).toEqual({ depth: -0.5, peakIndex: -1, troughIndex: 0, recoveryIndex: 1 });
  });

  it('forgets the recovery of a shallow drawdown when a deeper one follows', () => {
    expect(maxDrawdown([-0.25, 1, -0.5])).toEqual({ depth: -0.5, peakIndex: 1, troughIndex: 2, recoveryIndex: null });
  });

  it('takes the last place at the peak and the earliest of equal drawdowns', () => {
    expect(maxDrawdown([0.5, 0, -0.5, 1, -0.5])).toEqual({ depth: -0.5, peakIndex: 1, troughIndex: 2, recoveryIndex: 3 });
  });

  it('has no places when nothing fell and is null without a return', () => {
    expect(maxDrawdown([0, 0.1, GAP])).toEqual({ depth: 0, peakIndex: null, troughIndex: null, recoveryIndex: null });
    expect(maxDrawdown([])).toBeNull();
    expect(maxDrawdown([GAP, GAP])).toBeNull();
  });

  it('does not take a gap for a return of 0 or for a loss', () => {
    expect(maxDrawdown([0.5, GAP, -0.5, GAP, GAP, 1])).toEqual({ depth: -0.5, peakIndex: 0, troughIndex: 2, recoveryIndex: 5 });
  });

  it('ends at a total loss, from which nothing recovers', () => {
    expect(maxDrawdown([-1, 5, 5])).toEqual({ depth: -1, peakIndex: -1, troughIndex: 0, recoveryIndex: null });
    expect(maxDrawdown([-1.5, -3, 5])).toMatchObject({ depth: -1.5, troughIndex: 0, recoveryIndex: null });
  });

  it('is the lowest of the series, and the series is 0 or below', () => {
    fc.assert(
      fc.property(arbitraryReturns, (returns) => {
        const present = drawdownSeries(returns).filter((value) => !Number.isNaN(value));
        expect(present.every((value) => value <= 0)).toBe(true);
        expect(maxDrawdown(returns)?.depth ?? null).toBe(present.length === 0 ? null : Math.min(0, ...present));
      }),
    );
  });

  it('has the places where the definition, tried on every pair, puts them', () => {
    fc.assert(
      fc.property(arbitraryReturns, (returns) => {
        const drawdown = maxDrawdown(returns);
        if (!drawdown?.depth) return;
        const levels = [1];
        for (const value of returns) levels.push((levels.at(-1) as number) * (Number.isNaN(value) ? 1 : 1 + value));
        const at = (index: number | null) => levels[Number(index) + 1] as number;
        expect(at(drawdown.troughIndex) / at(drawdown.peakIndex) - 1).toBe(drawdown.depth);
        expect(Math.max(...levels.slice(0, Number(drawdown.troughIndex) + 2))).toBe(at(drawdown.peakIndex));
        const after = levels.findIndex((level, i) => i > Number(drawdown.troughIndex) + 1 && level >= at(drawdown.peakIndex));
        expect(drawdown.recoveryIndex).toBe(after < 0 ? null : after - 1);
      }),
    );
  });
});

it('drawdownSeries is NaN where there is no return, and nowhere else', () => {
  expect([...drawdownSeries([0.5, GAP, -0.5, 0.5])]).toEqual([0, GAP, -0.5, -0.25]);
  expect(drawdownSeries([])).toHaveLength(0);
});
