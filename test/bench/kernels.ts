// The numeric kernels at the sizes of a night, beside the same figures written naively, in one process.
import { pairwiseCorrelations } from '@closebell/shared/calc/correlation';
import { lotHistory, type Lot } from '@closebell/shared/calc/lot-history';
import { carryForward, type SessionAxis } from '@closebell/shared/calc/price-series';
import { factorRegressions } from '@closebell/shared/calc/factor-model';
import type { ModelFactor } from '@closebell/shared/calc/factors';
import { seriesRisk } from '@closebell/shared/calc/series-risk';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { stressPortfolios } from '@closebell/shared/stress/portfolio-batch';
import { scenarioMoves } from '@closebell/shared/stress/scenario-moves';
import { STRESS_SCENARIOS } from '@closebell/shared/stress/scenarios';
import { seededRandom } from '../support/seeded-random.js';
import { measure, ms, tableOf, type Duration } from './measure.js';
import {
  naiveCorrelations,
  naiveRegression,
  naiveRollForward,
  naiveSeriesRisk,
  naiveStress,
  type DatedReturn,
} from './naive-baselines.js';

const SESSIONS = 252;
const SYMBOLS = 500;
const FACTORS: readonly ModelFactor[] = ['MKT', 'VMG', 'MOM', 'QUA', 'SIZ', 'LOV', 'RAT'];
const RUNS = 15;

type Kernel = Readonly<{
  what: string;
  limitMs: number;
  kernel: Duration;
  /** Of the same size, by measuring a part where the whole would take minutes. */
  naiveMs: number;
  /** Instead of milliseconds for the whole. */
  each?: Readonly<{ unit: string; count: number }>;
}>;

export function benchKernels(): string {
  const kernels = [correlations(false), correlations(true), regressions(), rollForward(), manySeries(), stress()];
  const rows = kernels.map(({ what, limitMs, kernel, naiveMs, each }) => {
    const shown = (value: number): string =>
      each === undefined ? ms(value) : `${((value * 1e6) / each.count).toFixed(1)} ns a ${each.unit}`;
    const ratio = Math.round(naiveMs / kernel.medianMs).toLocaleString('en-US');
    return [what, shown(kernel.leastMs), shown(kernel.medianMs), `≤ ${shown(limitMs)}`, shown(naiveMs), `${ratio} ×`];
  });
  return tableOf([['kernel', 'fastest', 'median', 'must be', 'naive', 'naive by median'], ...rows]);
}

function correlations(hasGaps: boolean): Kernel {
  const series = returnsOf(SYMBOLS, hasGaps);
  const part = 50;
  const rows = series.slice(0, part).map(dated);
  const naive = measure(() => naiveCorrelations(rows), 3);
  return {
    what: `${SYMBOLS} symbols × ${SESSIONS} correlations${hasGaps ? ', each with gaps of its own' : ''}`,
    limitMs: 60,
    kernel: measure(() => pairwiseCorrelations(series), RUNS),
    naiveMs: (naive.medianMs * (SYMBOLS * (SYMBOLS - 1))) / (part * (part - 1)),
  };
}

function regressions(): Kernel {
  const series = returnsOf(SYMBOLS, true);
  const factors = { names: FACTORS, returns: returnsOf(FACTORS.length, false) };
  const columns = factors.returns.map((values) => [...values]);
  const lists = series.map((values) => [...values]);
  return {
    what: `${FACTORS.length}-factor regressions of ${SYMBOLS} symbols, with gaps`,
    limitMs: 40,
    kernel: measure(() => factorRegressions(series, factors), RUNS),
    naiveMs: measure(() => lists.map((list) => naiveRegression(list, columns)), 3).medianMs,
  };
}

function rollForward(): Kernel {
  const [symbols, lots, length] = [100, 1_000, 504];
  const calendar = xnysCalendar();
  const last = '2025-06-20';
  const sessions = calendar.sessionsBetween(calendar.addSessions(last, 1 - length), last);
  const firstIndex = calendar.sessionIndex(sessions[0]!);
  const axis: SessionAxis = { sessions, firstIndex, dateOf: (index) => calendar.addSessions(last, index) };
  const random = seededRandom(7);
  const closes = Array.from({ length: symbols }, () => sessions.map(() => Math.round((20 + 200 * random()) * 100) * 1e4));
  const series = closes.map((own) => carryForward(axis, { before: null, firstIndex, closeE6: Float64Array.from(own) }));
  const held = Array.from({ length: lots }, (_, i): Lot => ({
    // One in ten in parts of a share.
    size: { quantityE8: BigInt(Math.ceil(random() * 1e3)) * 10n ** 8n + (i % 10 === 0 ? 12_345_678n : 0n), multiplier: 1 },
    entryDate: sessions[0]!,
    entryIndex: -1,
    entryValueE4: 0,
    exitIndex: Infinity,
    exitValueE4: 0,
    pricing: { by: 'close', series: series[i % symbols]! },
  }));
  const named = held.map(({ size }, i) => ({ symbol: `S${i % symbols}`, quantity: Number(size.quantityE8) / 1e8 }));
  const prices = new Map(closes.flatMap((own, i) => own.map((closeE6, t) => [`S${i} ${sessions[t]!}`, closeE6 / 1e6])));
  return {
    what: `exact roll-forward of ${lots} lots over ${length} sessions`,
    limitMs: (20 * lots * length) / 1e6,
    kernel: measure(() => held.map((lot) => lotHistory(axis, lot)), RUNS),
    naiveMs: measure(() => naiveRollForward(named, sessions, prices), 3).medianMs,
    each: { unit: 'position-day', count: lots * length },
  };
}

function manySeries(): Kernel {
  const count = 10_000;
  const series = returnsOf(count, false);
  const returns = new Float64Array(count * SESSIONS);
  for (const [i, values] of series.entries()) returns.set(values, i * SESSIONS);
  const benchmark = series[0]!;
  const part = 200;
  const lists = series.slice(0, part).map((values) => [...values]);
  const naive = measure(() => lists.map((list) => naiveSeriesRisk(list, lists[0]!)), 3);
  return {
    what: `drawdown, volatility and beta of ${count.toLocaleString('en-US')} series of ${SESSIONS}`,
    limitMs: 30,
    kernel: measure(() => seriesRisk({ returns, sessions: SESSIONS, benchmark }), RUNS),
    naiveMs: (naive.medianMs * count) / part,
  };
}

function stress(): Kernel {
  const [portfolios, lots, count] = [10_000, 30, FACTORS.length];
  const random = seededRandom(11);
  const covariance = Float64Array.from({ length: count * count }, (_, i) => (i % (count + 1) === 0 ? 1e-4 : 1e-5));
  const scenarios = STRESS_SCENARIOS.filter(({ category }) => category !== 'base_cases').map((scenario) =>
    scenarioMoves(scenario, { factors: FACTORS, covariance })!,
  );
  const values = Float64Array.from({ length: SYMBOLS * count }, (_, i) => (i % count === 0 ? 1 : 0) + random() - 0.5);
  const packed = {
    firstLot: Int32Array.from({ length: portfolios + 1 }, (_, p) => p * lots),
    symbolIndex: Int32Array.from({ length: portfolios * lots }, () => Math.floor(random() * SYMBOLS)),
    marketValue: Float64Array.from({ length: portfolios * lots }, () => 20_000 * (random() - 0.3)),
    options: [],
  };
  const part = 200;
  const books = Array.from({ length: part }, (_, p) =>
    Array.from({ length: lots }, (__, i) => ({
      symbol: `S${packed.symbolIndex[p * lots + i]}`,
      marketValue: packed.marketValue[p * lots + i]!,
    })),
  );
  const byFactor = (moves: Float64Array): Record<string, number> =>
    Object.fromEntries(FACTORS.map((factor, k) => [factor, moves[k]!]));
  const betas = new Map(
    Array.from({ length: SYMBOLS }, (_, s) => [`S${s}`, byFactor(values.subarray(s * count, (s + 1) * count))]),
  );
  // Both of what a scenario is: direct and correlated.
  const moves = scenarios.flatMap(({ direct, correlated }) => [byFactor(direct), byFactor(correlated!)]);
  return {
    what: `${scenarios.length} scenarios × ${portfolios.toLocaleString('en-US')} portfolios × ${lots} lots`,
    limitMs: 15,
    kernel: measure(() => stressPortfolios(packed, { values, factorCount: count }, scenarios), RUNS),
    naiveMs: (measure(() => naiveStress(books, betas, moves), 3).medianMs * portfolios) / part,
  };
}

function returnsOf(count: number, hasGaps: boolean): readonly Float64Array[] {
  const random = seededRandom(count);
  const market = Float64Array.from({ length: SESSIONS }, () => 0.02 * (random() - 0.5));
  return Array.from({ length: count }, (_, i) =>
    market.map((value, t) => {
      const isGap = hasGaps && (t === (7 * i) % SESSIONS || t === (13 * i + 5) % SESSIONS);
      return isGap ? Number.NaN : value + 0.03 * (random() - 0.5);
    }),
  );
}

function dated(values: Float64Array): readonly DatedReturn[] {
  return Array.from(values, (value, t) => ({ date: `session ${t}`, value })).filter(({ value }) => !Number.isNaN(value));
}
