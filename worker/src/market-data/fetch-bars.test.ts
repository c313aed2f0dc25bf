import type { CorporateAction, DailyBarsResult, MarketDataProvider, OhlcvBar } from '@closebell/shared/market-data/provider';
import { describe, expect, test } from 'vitest';
import { fetchDailyBars } from './fetch-bars.js';

const RANGE = { from: '2024-01-02', to: '2024-01-12' };

describe('the order of providers', () => {
  test('the first ok wins, those after it are not asked, and every attempt keeps its reason', async () => {
    const never = provider('never', () => Promise.reject(new Error('must not be asked')));
    const result = await fetch([refusing('a', 'unavailable', 'down'), answering('b', [bar('2024-01-02')]), never]);
    expect(result).toMatchObject({
      status: 'ok',
      provider: 'b',
      attempts: [
        { provider: 'a', status: 'unavailable', reason: 'down' },
        { provider: 'b', status: 'ok', reason: null },
      ],
    });
  });

  test('a provider whose every bar is rejected sent garbage, and the next is asked', async () => {
    const result = await fetch([answering('a', [bar('2024-01-02', { close: 0 })]), answering('b', [bar('2024-01-03')])]);
    expect(result).toMatchObject({ status: 'ok', provider: 'b', rejected: [{ bar: { sessionDate: '2024-01-02' } }] });
    expect(result.attempts[0]?.status).toBe('garbage');
  });

  test.each([
    [['unknown_symbol', 'unavailable', 'no_data'], 'unavailable'],
    [['unknown_symbol', 'no_data'], 'no_data'],
    [['unknown_symbol'], 'unknown_symbol'],
    [['rate_limited', 'unknown_symbol'], 'unavailable'],
    [['garbage', 'no_data'], 'unavailable'],
    [['unauthorized', 'unknown_symbol'], 'unknown_symbol'],
    [['unauthorized'], 'unavailable'],
  ] as const)('of %j the most hopeful is %s', async (statuses, expected) => {
    const result = await fetch(statuses.map((status, i) => refusing(`p${i}`, status, 'why')));
    expect(result.status).toBe(expected);
    expect(result.attempts).toHaveLength(statuses.length);
  });

  test('an aborted signal ends the asking with its reason', async () => {
    const controller = new AbortController();
    const first = provider('a', (symbol) => {
      controller.abort(new Error('stopped'));
      return Promise.resolve({ status: 'unavailable', symbol, reason: 'down' });
    });
    const asked = fetchDailyBars(over([first, answering('b', [bar('2024-01-02')])]), 'AAA', RANGE, controller.signal);
    await expect(asked).rejects.toThrow('stopped');
  });
});

describe('bars that cannot be', () => {
  test.each<readonly [string, OhlcvBar]>([
    ['a close of zero', bar('2024-01-03', { close: 0 })],
    ['a close that is no number', bar('2024-01-03', { close: Number.NaN })],
    ['an infinite close', bar('2024-01-03', { close: Infinity })],
    ['high below low', bar('2024-01-03', { high: 9, low: 11 })],
    ['a negative low', bar('2024-01-03', { low: -1 })],
    ['a negative volume', bar('2024-01-03', { volume: -1n })],
    ['a Saturday', bar('2024-01-06')],
    ['a session after the range', bar('2024-01-16')],
    ['a session before the range', bar('2023-12-29')],
    ['a second bar of one session', bar('2024-01-02', { close: 12 })],
  ])('%s is dropped, listed and warned of; the others stay', async (_, wrong) => {
    const result = await fetch([answering('a', [bar('2024-01-02'), wrong, bar('2024-01-04')])]);
    if (result.status !== 'ok') throw new Error(result.status);
    expect(result.bars.map(({ sessionDate, close }) => [sessionDate, close])).toEqual([
      ['2024-01-02', 10],
      ['2024-01-04', 10],
    ]);
    expect(result.rejected).toEqual([{ bar: wrong, reason: expect.any(String) }]);
    expect(result.warnings).toHaveLength(1);
  });

  test('bars come oldest first even when the provider gives them otherwise', async () => {
    const result = await fetch([answering('a', [bar('2024-01-04'), bar('2024-01-02')])]);
    expect(result.status === 'ok' && result.bars.map(({ sessionDate }) => sessionDate)).toEqual(['2024-01-02', '2024-01-04']);
  });

  test('actions outside the range or without a positive amount are left out with a warning', async () => {
    const paid = { type: 'dividend', symbol: 'AAA', exDate: '2024-01-03', amount: 0.2 } as const;
    const actions: readonly CorporateAction[] = [paid, { ...paid, amount: -1 }, { ...paid, exDate: '2025-01-03' }];
    const result = await fetch([answering('a', [bar('2024-01-02')], actions)]);
    expect(result).toMatchObject({ actions: [paid], warnings: [expect.stringContaining('2 impossible')] });
  });
});

function fetch(providers: readonly MarketDataProvider[]) {
  return fetchDailyBars(over(providers), 'AAA', RANGE, new AbortController().signal);
}

function over(providers: readonly MarketDataProvider[]) {
  return { providers, metrics: { count: () => {}, gauge: () => {}, observe: () => {} } };
}

function bar(sessionDate: string, change: Partial<OhlcvBar> = {}): OhlcvBar {
  return { symbol: 'AAA', sessionDate, open: 10, high: 10.5, low: 9.5, close: 10, volume: 100n, ...change };
}

function answering(name: string, bars: readonly OhlcvBar[], actions: readonly CorporateAction[] = []): MarketDataProvider {
  return provider(name, (symbol) => Promise.resolve({ status: 'ok', symbol, bars, actions, warnings: [] }));
}

function refusing(name: string, status: Exclude<DailyBarsResult['status'], 'ok'>, reason: string): MarketDataProvider {
  return provider(name, (symbol) => Promise.resolve({ status, symbol, reason, retryAfterMs: null }));
}

function provider(name: string, dailyBars: MarketDataProvider['dailyBars']): MarketDataProvider {
  return { name, dailyBars };
}
