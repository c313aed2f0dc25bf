import { describe, expect, it } from 'vitest';
import type { SessionFigures } from './client.js';
import { renderSummary, totalReturn } from './summary.js';

const FIGURES: SessionFigures = {
  snapshot_date: '2026-03-06',
  equity: 1_010,
  cash: 10,
  long: 1_500,
  short: -500,
  gross: 2_000,
  net: 1_000,
  daily_pnl: 10,
  daily_return: 0.01,
  capital_flow: 0,
};

describe('the total return', () => {
  it('is that of all the money together, not the average of the returns', () => {
    // 10 on 1,000 and 900 on 9,000: 910 on 10,000, where the average would be 5.5 %.
    const large = { ...FIGURES, equity: 9_900, daily_pnl: 900, daily_return: 0.1 };
    expect(totalReturn([FIGURES, large])).toBeCloseTo(0.091, 12);
  });

  it('counts a contribution among the money at stake and a withdrawal not less', () => {
    expect(totalReturn([{ ...FIGURES, equity: 1_510, capital_flow: 500 }])).toBeCloseTo(10 / 1_500, 12);
    expect(totalReturn([{ ...FIGURES, equity: 510, capital_flow: -500 }])).toBeCloseTo(10 / 1_000, 12);
  });

  it('leaves out portfolios without a return, and is null when there is none', () => {
    const first = { ...FIGURES, daily_pnl: 0, daily_return: null };
    expect(totalReturn([FIGURES, first])).toBeCloseTo(0.01, 12);
    expect(totalReturn([first])).toBeNull();
  });

  it('is null over different sessions', () => {
    expect(totalReturn([FIGURES, { ...FIGURES, snapshot_date: '2026-03-05' }])).toBeNull();
  });
});

describe('the table', () => {
  it('has a row per portfolio and their sums', () => {
    const lines = renderSummary([
      { name: 'one', figures: FIGURES },
      { name: 'two', figures: { ...FIGURES, equity: 990, daily_pnl: -10, daily_return: -0.01 } },
    ]).split('\n');
    const cells = lines.map((line) => line.trim().split(/ {2,}/));
    expect(cells[0]).toEqual(['portfolio', 'equity', 'long', 'short', 'gross', 'net', 'cash', "day's P&L", 'return', 'session']);
    expect(cells.at(-3)).toEqual(['one', '1,010', '1,500', '-500', '2,000', '1,000', '10', '10', '1.00%', '2026-03-06']);
    expect(cells.at(-1)).toEqual(['TOTAL', '2,000', '3,000', '-1,000', '4,000', '2,000', '20', '0', '0.00%', '2026-03-06']);
  });
});
