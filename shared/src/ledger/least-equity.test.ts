import { describe, expect, it } from 'vitest';
import { leastEquityFrom, type EquityKnown } from './least-equity.js';

const known = (terms: Partial<EquityKnown> = {}): EquityKnown => ({
  snapshots: [],
  anchor: { date: '2025-06-02', equityE4: 1000 },
  flows: [],
  ...terms,
});
const level = (date: string, equityE4: number) => ({ date, equityE4 });

describe('the equity that can be withdrawn', () => {
  it('of a portfolio never calculated is the stated balance with the flows since', () => {
    expect(leastEquityFrom(known(), '2025-06-03', null)).toBe(1000);
    const flows = [
      { date: '2025-06-02', amount: '0.5000' },
      { date: '2025-06-03', amount: '0.0200' },
      { date: '2025-06-04', amount: '-0.0300' },
    ];
    expect(leastEquityFrom(known({ flows }), '2025-06-03', null)).toBe(900);
    expect(leastEquityFrom(known({ flows: flows.slice(0, 2) }), '2025-06-03', null)).toBe(1200);
    expect(leastEquityFrom(known({ flows }), '2025-06-05', null)).toBe(900);
  });

  it('is the smallest of the calculated sessions from the date on', () => {
    const snapshots = [level('2025-06-03', 300), level('2025-06-04', 700), level('2025-06-05', 500), level('2025-06-06', 900)];
    expect(leastEquityFrom(known({ snapshots }), '2025-06-04', null)).toBe(500);
    expect(leastEquityFrom(known({ snapshots }), '2025-06-06', null)).toBe(900);
    expect(leastEquityFrom(known({ snapshots }), '2025-06-07', null)).toBe(900);
  });

  it('goes on from the last calculated session by flows, those of one day together', () => {
    const snapshots = [level('2025-06-03', 300)];
    const flows = [
      { date: '2025-06-03', amount: '-9.0000' },
      { date: '2025-06-04', amount: '-0.0200' },
      { date: '2025-06-04', amount: '0.0700' },
    ];
    expect(leastEquityFrom(known({ snapshots, flows }), '2025-06-04', null)).toBe(800);
    expect(leastEquityFrom(known({ snapshots, flows }), '2025-06-03', null)).toBe(300);
  });

  it('leaves out the flow that is being replaced, from its date on', () => {
    const snapshots = [level('2025-06-03', 300), level('2025-06-04', 200)];
    const without = { date: '2025-06-04', amount: '-0.0100' };
    expect(leastEquityFrom(known({ snapshots }), '2025-06-03', without)).toBe(300);
    expect(leastEquityFrom(known({ snapshots }), '2025-06-04', without)).toBe(300);
    const flows = [{ date: '2025-06-05', amount: '-0.0150' }];
    expect(leastEquityFrom(known({ snapshots, flows }), '2025-06-05', flows[0]!)).toBe(200);
  });
});
