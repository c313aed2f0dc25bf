import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxDrawdown } from './drawdown.js';
import { seriesRisk } from './series-risk.js';
import { annualizedVolatility, countPresent, mean } from './statistics.js';

const GAP = Number.NaN;
const SESSIONS = 40;
const value = fc.oneof({ weight: 12, arbitrary: fc.integer({ min: -5000, max: 5000 }).map((v) => v / 1e5) }, fc.constant(GAP));
const series = fc.array(value, { minLength: SESSIONS, maxLength: SESSIONS });

describe('seriesRisk', () => {
  it('has for each series what the single functions say', () => {
    fc.assert(
      fc.property(fc.array(series, { minLength: 1, maxLength: 4 }), series, (batch, benchmark) => {
        const risk = seriesRisk({
          returns: Float64Array.from(batch.flat()),
          sessions: SESSIONS,
          benchmark: Float64Array.from(benchmark),
        });
        batch.forEach((returns, i) => {
          expect(risk.observations[i]).toBe(countPresent(returns));
          expectNear(risk.mean[i], mean(returns));
          expectNear(risk.volatility[i], annualizedVolatility(returns));
          const drawdown = maxDrawdown(returns);
          expectNear(risk.maxDrawdown[i], drawdown?.depth ?? null);
          expect(risk.peakIndex[i]).toBe(drawdown?.peakIndex ?? -2);
          expect(risk.troughIndex[i]).toBe(drawdown?.troughIndex ?? -2);
          expect(risk.recoveryIndex[i]).toBe(drawdown?.recoveryIndex ?? -2);
        });
      }),
    );
  });

  it('has the beta of exact arithmetic on the pairs that both have', () => {
    fc.assert(
      fc.property(series, series, (returns, benchmark) => {
        const { beta, pairs } = seriesRisk({
          returns: Float64Array.from(returns),
          sessions: SESSIONS,
          benchmark: Float64Array.from(benchmark),
        });
        const paired = returns.flatMap((r, i) =>
          Number.isNaN(r + Number(benchmark[i])) ? [] : [[r, benchmark[i] as number] as const],
        );
        expect(pairs[0]).toBe(paired.length);
        const exact = exactBeta(paired);
        if (exact === null) return expect(beta[0]).toBeNaN();
        expect(Math.abs(Number(beta[0]) - exact)).toBeLessThanOrEqual(1e-11 * Math.max(1, Math.abs(exact)));
      }),
    );
  });

  it('has 1 for the benchmark itself, 2 for twice it, less a constant or not', () => {
    const benchmark = Float64Array.from({ length: 60 }, (_, i) => Math.sin(i * i) / 50);
    const returns = Float64Array.of(...benchmark, ...benchmark.map((v) => 2 * v - 0.01));
    const { beta } = seriesRisk({ returns, sessions: 60, benchmark });
    expect(beta[0]).toBeCloseTo(1, 13);
    expect(beta[1]).toBeCloseTo(2, 13);
  });

  it('says NaN where it does not know: no return, 19 pairs, a benchmark that stands still', () => {
    const some = Float64Array.from({ length: 40 }, (_, i) => (i % 7) / 100);
    const empty = seriesRisk({ returns: new Float64Array(40).fill(GAP), sessions: 40, benchmark: some });
    for (const figures of [empty.mean, empty.volatility, empty.maxDrawdown, empty.beta]) expect(figures[0]).toBeNaN();
    const short = seriesRisk({ returns: some, sessions: 40, benchmark: some.map((v, i) => (i < 19 ? v : GAP)) });
    expect([short.pairs[0], short.beta[0]]).toEqual([19, GAP]);
    expect(seriesRisk({ returns: some, sessions: 40, benchmark: new Float64Array(40).fill(0.1) }).beta[0]).toBeNaN();
  });

  it('takes no series for none, and refuses what is not whole series', () => {
    expect(seriesRisk({ returns: new Float64Array(0), sessions: 3, benchmark: new Float64Array(3) }).beta).toHaveLength(0);
    expect(() => seriesRisk({ returns: new Float64Array(7), sessions: 3, benchmark: new Float64Array(3) })).toThrow(RangeError);
    expect(() => seriesRisk({ returns: new Float64Array(6), sessions: 3, benchmark: new Float64Array(4) })).toThrow(RangeError);
  });

  it('works out 10,000 series of 252 in half a second of processor time, though coverage is counted', () => {
    const returns = Float64Array.from({ length: 10_000 * 252 }, (_, i) => Math.sin(i * 1.7) / 50);
    const benchmark = returns.slice(252, 504);
    const times = Array.from({ length: 3 }, () => {
      const start = process.cpuUsage();
      seriesRisk({ returns, sessions: 252, benchmark });
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1000;
    });
    expect(Math.min(...times)).toBeLessThan(500);
  });
});

/** The values are whole hundred-thousandths, so their sums of products are exact integers. Null below 20 pairs or without variation. */
function exactBeta(paired: readonly (readonly [number, number])[]): number | null {
  const n = BigInt(paired.length);
  const [x, y] = [0, 1].map((k) => paired.map((pair) => BigInt(Math.round((pair[k] as number) * 1e5)))) as [bigint[], bigint[]];
  const sum = (values: readonly bigint[]) => values.reduce((total, v) => total + v, 0n);
  const covariance = n * sum(x.map((v, i) => v * (y[i] as bigint))) - sum(x) * sum(y);
  const variance = n * sum(y.map((v) => v * v)) - sum(y) ** 2n;
  return n < 20n || variance === 0n ? null : Number(covariance) / Number(variance);
}

function expectNear(actual: number | undefined, expected: number | null): void {
  if (expected === null) return expect(actual).toBeNaN();
  expect(Math.abs(Number(actual) - expected)).toBeLessThanOrEqual(1e-13);
}
