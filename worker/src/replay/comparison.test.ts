import { describe, expect, it } from 'vitest';
import { compareFigures, renderComparison } from './comparison.js';

const figures = (equity: string) => ({ equity, daily_pnl: '1.5000', coverage: null, input_hash: '\\x0123456789abcdef0123' });
const image = (sessions: Readonly<Record<string, ReturnType<typeof figures>>>, lotValues: string | null = 'a') => ({
  sessions: new Map(Object.entries(sessions)),
  lotValues,
});

describe('figures before and after', () => {
  it('that are equal differ nowhere', () => {
    const one = image({ '2025-06-18': figures('100.0000') });
    expect(compareFigures(one, image({ '2025-06-18': figures('100.0000') }))).toEqual({ sessions: [], lotValuesDiffer: false });
  });

  it('differ in a digit that a number would not show', () => {
    const { sessions } = compareFigures(
      image({ '2025-06-18': figures('9007199254740993.0000') }),
      image({ '2025-06-18': figures('9007199254740992.0000') }),
    );
    expect(sessions).toEqual([
      {
        date: '2025-06-18',
        change: 'changed',
        columns: [{ column: 'equity', before: '9007199254740993.0000', after: '9007199254740992.0000' }],
      },
    ]);
  });

  it('name sessions that came and went, oldest first', () => {
    const before = image({ '2025-06-18': figures('1'), '2025-06-17': figures('1') });
    const after = image({ '2025-06-18': figures('1'), '2025-06-16': figures('1') }, 'b');
    expect(compareFigures(before, after)).toEqual({
      sessions: [
        { date: '2025-06-16', change: 'added' },
        { date: '2025-06-17', change: 'removed' },
      ],
      lotValuesDiffer: true,
    });
  });

  it('are shown with their sums, and ten differences at most', () => {
    const dates = Array.from({ length: 12 }, (_, day) => `2025-06-${String(day + 1).padStart(2, '0')}`);
    const of = (equity: string) => image(Object.fromEntries(dates.map((date) => [date, figures(equity)])));
    const lines = renderComparison(of('1.0000'), of('2.0000'));
    expect(lines[0]).toBe('  before  12 session(s), equity 1.0000, pnl 18.0000, input_hash 0123456789abcdef');
    expect(lines[2]).toBe('  12 session(s) differ, the first 10:');
    expect(lines[3]).toBe('    2025-06-01 equity 1.0000 → 2.0000');
    expect(lines).toHaveLength(13);
  });
});
