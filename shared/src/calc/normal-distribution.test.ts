import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { complementaryErrorFunction, normalCdf, normalPdf } from './normal-distribution.js';

type Golden = Readonly<{ rows: readonly Readonly<{ x: number; cdf: string }>[] }>;
const golden = JSON.parse(readFileSync(new URL('./golden/normal-distribution.json', import.meta.url), 'utf8')) as Golden;

describe('normalCdf', () => {
  it.each(golden.rows)('at $x is right to 1e-15, and to 12 digits however far in the tail', ({ x, cdf }) => {
    const expected = Number(cdf);
    expect(Math.abs(normalCdf(x) - expected)).toBeLessThanOrEqual(1e-15);
    expect(Math.abs(normalCdf(x) / expected - 1)).toBeLessThanOrEqual(2e-13);
  });

  it('of x and of −x add up to one', () => {
    fc.assert(
      fc.property(fc.double({ min: -40, max: 40, noNaN: true }), (x) => {
        expect(Math.abs(normalCdf(x) + normalCdf(-x) - 1)).toBeLessThanOrEqual(4e-16);
      }),
    );
  });

  it('never falls', () => {
    fc.assert(
      fc.property(fc.double({ min: -30, max: 30, noNaN: true }), fc.double({ min: 1e-6, max: 5, noNaN: true }), (x, step) => {
        expect(normalCdf(x + step)).toBeGreaterThanOrEqual(normalCdf(x));
      }),
    );
  });

  it('reaches 0 and 1 at the infinities and passes NaN on', () => {
    expect([normalCdf(-Infinity), normalCdf(Infinity), normalCdf(-60), normalCdf(60)]).toEqual([0, 1, 0, 1]);
    expect(normalCdf(Number.NaN)).toBeNaN();
    expect(complementaryErrorFunction(0)).toBeCloseTo(1, 15);
  });
});

it('normalPdf is the slope of normalCdf', () => {
  for (const x of [-3, -1, 0, 0.5, 2]) {
    expect((normalCdf(x + 1e-5) - normalCdf(x - 1e-5)) / 2e-5).toBeCloseTo(normalPdf(x), 9);
  }
});
