import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { MarketDataProvider, OhlcvBar } from '@closebell/shared/market-data/provider';
import { describe, expect, test } from 'vitest';
import { DEFAULT_SIMULATION_SEED, simulatedProvider } from './simulated.js';
import { SIMULATED_UNIVERSE } from './simulated-universe.js';

const PROVIDER = simulatedProvider({ seed: DEFAULT_SIMULATION_SEED });
const TEN_YEARS = { from: '2016-01-04', to: '2025-12-31' };

describe('the same for everybody', () => {
  test('a bar does not depend on the range it was asked in, nor on who asked before', async () => {
    const wide = await bars('AAPL', { from: '2019-06-03', to: '2027-06-01' });
    const fresh = simulatedProvider({ seed: DEFAULT_SIMULATION_SEED });
    for (const range of [
      { from: '2020-02-03', to: '2020-03-31' },
      { from: '2024-12-31', to: '2024-12-31' },
      { from: '2026-01-02', to: '2026-06-30' },
    ]) {
      expect(await bars('AAPL', range, fresh)).toEqual(
        wide.filter(({ sessionDate }) => sessionDate >= range.from && sessionDate <= range.to),
      );
    }
  });

  test('another seed is another market', async () => {
    const range = { from: '2025-06-02', to: '2025-06-30' };
    expect(await bars('SPY', range, simulatedProvider({ seed: 1 }))).not.toEqual(await bars('SPY', range));
  });

  test('the reference session has the prices of the table', async () => {
    for (const symbol of ['AAPL', 'SPY', 'TLT', 'VFIAX']) {
      const [bar] = await bars(symbol, { from: '2024-12-31', to: '2024-12-31' });
      expect(bar?.close).toBe(SIMULATED_UNIVERSE.get(symbol)?.referencePrice);
    }
  });

  test('every spelling of a share class is one security', async () => {
    const range = { from: '2025-06-02', to: '2025-06-30' };
    const closes = await Promise.all(
      ['BRK.B', 'BRK-B', 'BRK/B'].map(async (symbol) => (await bars(symbol, range)).map(({ close }) => close)),
    );
    expect(closes[1]).toEqual(closes[0]);
    expect(closes[2]).toEqual(closes[0]);
  });
});

describe('plausible', () => {
  test('prices are whole cents above zero, highs and lows hold open and close, every session has a bar', async () => {
    for (const symbol of [...SIMULATED_UNIVERSE.keys(), 'NOTINTABLE']) {
      const found = await bars(symbol, { from: '2023-01-03', to: '2026-12-31' });
      expect(found).toHaveLength(xnysCalendar().sessionsBetween('2023-01-03', '2026-12-31').length);
      for (const bar of found) expectConsistent(bar);
    }
  });

  test.each([
    ['SPY', 0.13, 0.2],
    ['IWM', 0.16, 0.26],
    ['TLT', 0.11, 0.18],
    ['AGG', 0.03, 0.08],
    ['AAPL', 0.22, 0.34],
    ['KO', 0.12, 0.22],
    ['TSLA', 0.45, 0.7],
  ])('%s has an annual volatility between %d and %d', async (symbol, low, high) => {
    const volatility = Math.sqrt(variance(returns(await bars(symbol, TEN_YEARS))) * 252);
    expect(volatility).toBeGreaterThan(low);
    expect(volatility).toBeLessThan(high);
  });

  test('volatility clusters: large moves follow large moves', async () => {
    const squares = returns(await bars('SPY', TEN_YEARS)).map((value) => value ** 2);
    expect(correlation(squares.slice(1), squares.slice(0, -1))).toBeGreaterThan(0.05);
  });

  test('funds on one index move as one, growth moves against value, bonds on their own', async () => {
    const of = async (symbol: string) => returns(await bars(symbol, TEN_YEARS));
    const [spy, ivv, vtv, vug, tlt] = await Promise.all(['SPY', 'IVV', 'VTV', 'VUG', 'TLT'].map(of));
    expect(correlation(spy!, ivv!)).toBeGreaterThan(0.99);
    expect(correlation(excess(vtv!, spy!), excess(vug!, spy!))).toBeLessThan(-0.8);
    expect(Math.abs(correlation(spy!, tlt!))).toBeLessThan(0.1);
  });

  test('dividends go ex once a quarter at about the stated yield, and the price falls by them', async () => {
    const result = await PROVIDER.dailyBars('KO', { from: '2025-01-02', to: '2025-12-31' }, new AbortController().signal);
    if (result.status !== 'ok') throw new Error(result.reason);
    const amounts = result.actions.map((action) => (action.type === 'dividend' ? action.amount : 0));
    expect(amounts).toHaveLength(4);
    const yieldPaid = amounts.reduce((sum, amount) => sum + amount, 0) / result.bars[0]!.close;
    expect(yieldPaid).toBeGreaterThan(0.02);
    expect(yieldPaid).toBeLessThan(0.045);
    expect(await meanMoveOnExDates('VZ')).toBeLessThan(-0.008);
  });

  test('mutual funds have one price a day', async () => {
    const [bar] = await bars('VFIAX', { from: '2025-06-02', to: '2025-06-02' });
    expect(bar).toMatchObject({ open: null, high: null, low: null, volume: null });
  });
});

describe('what it refuses', () => {
  test.each([
    ['NODATA1', 'no_data'],
    ['UNKNOWNCO', 'unknown_symbol'],
    ['SPY250919C00460000', 'no_data'],
    ['SPY   250919C00460000', 'no_data'],
  ])('%s is answered %s', async (symbol, status) => {
    const result = await PROVIDER.dailyBars(symbol, TEN_YEARS, new AbortController().signal);
    expect(result).toMatchObject({ status, reason: expect.any(String) });
    expect(await PROVIDER.profile?.(symbol, new AbortController().signal)).toMatchObject({ status });
  });

  test('a range without sessions, or outside the calendar, has no data', async () => {
    for (const range of [
      { from: '2025-01-04', to: '2025-01-05' },
      { from: '1980-01-01', to: '1985-01-01' },
      { from: '2024-02-01', to: '2024-01-01' },
    ]) {
      expect((await PROVIDER.dailyBars('SPY', range, new AbortController().signal)).status).toBe('no_data');
    }
  });
});

test('a profile has name, sector and industry', async () => {
  const named = { symbol: 'NVDA', name: 'NVIDIA', sector: 'Information Technology', industry: 'Semiconductors' };
  expect(await PROVIDER.profile?.('NVDA', new AbortController().signal)).toMatchObject({ status: 'ok', value: named });
});

test('300 symbols of 504 sessions take little time', async () => {
  const fresh = simulatedProvider({ seed: 5 });
  const startMs = performance.now();
  for (let i = 0; i < 300; i += 1) await bars(`SYM${i}`, { from: '2024-06-03', to: '2026-06-08' }, fresh);
  // Generous for slow machines that run other tests beside.
  expect(performance.now() - startMs).toBeLessThan(5_000);
});

async function bars(symbol: string, range: Readonly<{ from: string; to: string }>, provider: MarketDataProvider = PROVIDER) {
  const result = await provider.dailyBars(symbol, range, new AbortController().signal);
  if (result.status !== 'ok') throw new Error(result.reason);
  return result.bars;
}

function expectConsistent({ symbol, sessionDate, open, high, low, close, volume }: OhlcvBar): void {
  const prices = [open, high, low, close].filter((price) => price !== null);
  const wholeCents = prices.every((price) => price > 0 && Math.abs(price * 100 - Math.round(price * 100)) < 1e-6);
  const holds = (high ?? close) >= Math.max(close, open ?? close) && (low ?? close) <= Math.min(close, open ?? close);
  if (!wholeCents || !holds || (volume ?? 1n) <= 0n) expect.fail(`${symbol} ${sessionDate}: ${prices.join(' ')} ${volume}`);
}

async function meanMoveOnExDates(symbol: string): Promise<number> {
  const result = await PROVIDER.dailyBars(symbol, { from: '1991-01-02', to: '2028-12-29' }, new AbortController().signal);
  if (result.status !== 'ok') throw new Error(result.reason);
  const exDates = new Set(result.actions.map(({ exDate }) => exDate));
  const moves = returns(result.bars).filter((_, i) => exDates.has(result.bars[i + 1]!.sessionDate));
  return moves.reduce((sum, move) => sum + move, 0) / moves.length;
}

function returns(found: readonly OhlcvBar[]): readonly number[] {
  return found.slice(1).map(({ close }, i) => close / found[i]!.close - 1);
}

function excess(values: readonly number[], market: readonly number[]): readonly number[] {
  return values.map((value, i) => value - market[i]!);
}

function variance(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const sums = a.map((value, i) => value + b[i]!);
  return (variance(sums) - variance(a) - variance(b)) / (2 * Math.sqrt(variance(a) * variance(b)));
}
