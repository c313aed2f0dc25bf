import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { xirr, type CashFlow } from './xirr.js';

type Case = Readonly<{ name: string; roots: readonly number[]; flows: readonly (readonly [string, number])[] }>;
const golden = JSON.parse(readFileSync(new URL('./golden/xirr.json', import.meta.url), 'utf8')) as { cases: readonly Case[] };

describe('xirr', () => {
  it.each(golden.cases)(
    '$name: of the roots $roots the one nearest to none, or the word that there is none',
    ({ roots, flows }) => {
      const answer = xirr(flowsOf(flows));
      if (roots.length === 0) return expect(answer).toEqual({ ok: false, reason: expect.stringMatching('no_root|one_sign') });
      const nearest = roots.toSorted((a, b) => Math.abs(Math.log1p(a)) - Math.abs(Math.log1p(b)))[0] as number;
      expect(answer).toMatchObject({ ok: true, multipleRoots: roots.length > 1 });
      // Excel prints nine digits.
      expect(Math.abs((answer.ok ? answer.rate : NaN) - nearest)).toBeLessThanOrEqual(1e-8 * Math.max(1, nearest));
    },
  );

  it('finds both rates of a project that costs at both ends', () => {
    const flows = flowsOf([
      ['2021-01-01', -100],
      ['2022-01-01', 230],
      ['2023-01-01', -132],
    ]);
    expect(xirr(flows)).toEqual({ ok: true, rate: expect.closeTo(0.1, 12), multipleRoots: true });
  });

  it('finds a rate at which the worth touches nothing without crossing it', () => {
    const flows = flowsOf([
      ['2021-01-01', -100],
      ['2022-01-01', 240],
      ['2023-01-01', -144],
    ]);
    expect(xirr(flows)).toMatchObject({ ok: true, rate: expect.closeTo(0.2, 6) });
  });

  it('is 0 when exactly what went in comes out', () => {
    const flows = flowsOf([
      ['2021-01-01', -0.1],
      ['2021-06-01', -0.2],
      ['2022-01-01', 0.1 + 0.2],
    ]);
    expect(xirr(flows)).toEqual({ ok: true, rate: 0, multipleRoots: false });
  });

  it('tells money that went one way, money without time, and flows that no rate fits', () => {
    expect(xirr([])).toEqual({ ok: false, reason: 'one_sign' });
    expect(xirr([{ date: '2021-01-01', amount: -1 }])).toEqual({ ok: false, reason: 'one_sign' });
    const sameDay = { date: '2021-01-01', amount: 2 };
    expect(xirr([{ ...sameDay, amount: -1 }, sameDay])).toEqual({ ok: false, reason: 'one_date' });
    expect(
      xirr(
        flowsOf([
          ['2021-01-01', -100],
          ['2022-01-01', 100],
          ['2023-01-01', -100],
        ]),
      ),
    ).toEqual({
      ok: false,
      reason: 'no_root',
    });
  });

  it('refuses an amount that is no figure', () => {
    expect(() => xirr([{ date: '2021-01-01', amount: Number.NaN }])).toThrow(RangeError);
  });

  it('gives back the rate money grew at, in whatever order and unit the flows come', () => {
    const deposits = fc.array(fc.record({ day: fc.integer({ min: 0, max: 3000 }), amount: fc.integer({ min: 1, max: 1e6 }) }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(deposits, fc.double({ min: -0.9, max: 3, noNaN: true }), fc.constantFrom(1e-9, 1, 1e9), (paid, rate, unit) => {
        const worth = paid.reduce((sum, { day, amount }) => sum + amount * (1 + rate) ** ((3001 - day) / 365), 0);
        const flows = [{ date: dateOf(3001), amount: worth * unit }];
        flows.push(...paid.map(({ day, amount }) => ({ date: dateOf(day), amount: -amount * unit })));
        const answer = xirr(flows);
        if (!answer.ok) return expect.fail(answer.reason);
        expect(answer.multipleRoots).toBe(false);
        expect(Math.abs(Math.log1p(answer.rate) - Math.log1p(rate)) * Math.min(1, worth)).toBeLessThanOrEqual(1e-8);
      }),
    );
  });
});

function flowsOf(rows: Case['flows']): readonly CashFlow[] {
  return rows.map(([date, amount]) => ({ date, amount }));
}

function dateOf(day: number): string {
  return new Date(Date.UTC(2010, 0, 1) + day * 86_400_000).toISOString().slice(0, 10);
}
