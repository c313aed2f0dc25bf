import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concentration, sectorWeights, type Holding } from './concentration.js';
import { diversification } from './diversification.js';

const holding = (symbol: string, marketValue: number, sector: string | null = null): Holding => ({ symbol, sector, marketValue });
const book = [holding('A', 50, 'Energy'), holding('B', -30, 'Energy'), holding('C', 15, null), holding('D', 5, 'Health')];
const arbitraryBook = fc.array(
  fc.record({
    symbol: fc.integer({ min: 1, max: 15 }).map((n) => `S${n}`),
    sector: fc.constantFrom('Energy', 'Health', null),
    marketValue: fc.double({ min: -1e9, max: 1e9, noNaN: true }),
  }),
);

describe('concentration', () => {
  it('of n equal positions is that of n positions', () => {
    const equal = Array.from({ length: 8 }, (_, i) => holding(`S${i}`, i % 2 ? 10 : -10));
    expect(concentration(equal)).toEqual({
      herfindahlIndex: 0.125,
      effectivePositions: 8,
      top3Share: 0.375,
      top10Share: 1,
      positions: 8,
    });
  });

  it('counts shares of gross market value, shorts by their size', () => {
    const answer = concentration(book);
    expect(answer?.herfindahlIndex).toBeCloseTo(0.25 + 0.09 + 0.0225 + 0.0025, 14);
    expect(answer?.top3Share).toBeCloseTo(0.95, 14);
  });

  it('counts lots of one symbol as one position', () => {
    expect(concentration([holding('A', 25), holding('A', 25), holding('B', 50)])).toMatchObject({
      effectivePositions: 2,
      positions: 2,
    });
  });

  it('is null without any value', () => {
    expect(concentration([])).toBeNull();
    expect(concentration([holding('A', 0)])).toBeNull();
  });

  it('lies between one position and as many as there are', () => {
    fc.assert(
      fc.property(arbitraryBook, (holdings) => {
        const answer = concentration(holdings);
        if (answer === null) return;
        expect(answer.effectivePositions).toBeGreaterThanOrEqual(1 - 1e-12);
        expect(answer.effectivePositions).toBeLessThanOrEqual(answer.positions * (1 + 1e-12));
        expect(answer.top10Share).toBeGreaterThanOrEqual(answer.top3Share);
        expect(answer.top10Share).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('sectorWeights', () => {
  it('are of gross market value, largest first, with a row of its own for what has no sector', () => {
    expect(sectorWeights(book)).toEqual([
      { sector: 'Energy', weight: 0.8, netWeight: 0.2, grossMarketValue: 80 },
      { sector: null, weight: 0.15, netWeight: 0.15, grossMarketValue: 15 },
      { sector: 'Health', weight: 0.05, netWeight: 0.05, grossMarketValue: 5 },
    ]);
    expect(sectorWeights([])).toEqual([]);
  });

  it('sum to 1', () => {
    fc.assert(
      fc.property(arbitraryBook, (holdings) => {
        const rows = sectorWeights(holdings);
        if (rows.length > 0) expect(rows.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
      }),
    );
  });
});

describe('diversification', () => {
  const correlations = new Map([
    ['0,1', 0.5],
    ['0,2', -0.8],
    ['1,2', Number.NaN],
  ]);
  const correlation = (i: number, j: number) => correlations.get(`${i},${j}`) as number;

  it('weighs the size of each correlation by both shares, over the pairs that have one', () => {
    const answer = diversification({ marketValues: [50, -30, 20], correlation });
    const expected = (0.5 * 0.3 * 0.5 + 0.5 * 0.2 * 0.8) / (0.5 * 0.3 + 0.5 * 0.2);
    expect(answer).toEqual({
      ok: true,
      portfolioCorrelation: expect.closeTo(expected, 14),
      diversificationScore: expect.closeTo(1 - expected, 14),
      pairs: 2,
      pairsPossible: 3,
    });
  });

  it('is not given for fewer than two symbols, nor without a pair that has a correlation', () => {
    const refused = { ok: false, reason: 'insufficient_symbols' };
    expect(diversification({ marketValues: [], correlation })).toEqual(refused);
    expect(diversification({ marketValues: [1, 0, 0], correlation })).toEqual(refused);
    expect(diversification({ marketValues: [0, 1, 1], correlation })).toEqual(refused);
  });

  it('is 0 for holdings that move as one, and does not depend on the unit of their values', () => {
    const values = fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(values, (marketValues) => {
        expect(diversification({ marketValues, correlation: () => -1 })).toMatchObject({
          diversificationScore: expect.closeTo(0, 12),
        });
        const answer = diversification({ marketValues, correlation: (i, j) => 1 / (1 + i + j) });
        const scaled = diversification({
          marketValues: marketValues.map((v) => v * 2 ** -300),
          correlation: (i, j) => 1 / (1 + i + j),
        });
        expect(scaled).toEqual(answer);
      }),
    );
  });
});
