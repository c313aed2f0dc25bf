import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Quote } from '@closebell/shared/market-data/provider';
import { describe, expect, test } from 'vitest';
import { DEFAULT_SIMULATION_SEED, simulatedProvider } from './simulated.js';

const calendar = xnysCalendar();
const SESSION = '2025-06-20';

type QuotesAt = (now: string | Date, symbols?: readonly string[]) => Promise<readonly Quote[]>;

function quoting(seed = DEFAULT_SIMULATION_SEED): QuotesAt {
  let clock = new Date(0);
  const provider = simulatedProvider({ seed, clock: () => clock });
  return async (now, symbols = ['AAPL']) => {
    clock = new Date(now);
    const answer = await provider.quotes!(symbols, new AbortController().signal);
    if (answer.status !== 'ok') throw new Error(answer.reason);
    return answer.value;
  };
}

const quotesAt = quoting();

async function closesOf(symbol: string): Promise<ReadonlyMap<string, number>> {
  const provider = simulatedProvider({ seed: DEFAULT_SIMULATION_SEED });
  const bars = await provider.dailyBars(symbol, { from: '2025-06-02', to: SESSION }, new AbortController().signal);
  return new Map(bars.status === 'ok' ? bars.bars.map(({ sessionDate, close }) => [sessionDate, close]) : []);
}

describe('a simulated quote', () => {
  test('leads from the close before to the close of the session', async () => {
    const closes = await closesOf('AAPL');
    const [first] = await quotesAt(calendar.openInstant(SESSION));
    const [last] = await quotesAt(calendar.closeInstant(SESSION));
    expect(first).toMatchObject({ price: closes.get('2025-06-18'), previousClose: closes.get('2025-06-18') });
    expect(last).toMatchObject({ price: closes.get(SESSION), previousClose: closes.get('2025-06-18') });
  });

  test('wanders in between, by steps of a session, and is the same whenever one looks', async () => {
    const minutes = Array.from(
      { length: 380 },
      (_, minute) => new Date(calendar.openInstant(SESSION).getTime() + minute * 60_000),
    );
    const prices: number[] = [];
    for (const minute of minutes) prices.push((await quotesAt(minute))[0]!.price);
    const moves = prices.slice(1).map((price, i) => Math.abs(price / prices[i]! - 1));
    expect(Math.max(...moves)).toBeLessThan(0.01);
    expect(new Set(prices).size).toBeGreaterThan(100);
    expect((await quoting()(minutes[200]!))[0]!.price).toBe(prices[200]);
    expect((await quoting(7)(minutes[200]!))[0]!.price).not.toBe(prices[200]);
  });

  test.each([
    ['in the session to the second', '2025-06-20T15:00:00.900Z', '2025-06-20T15:00:00.000Z'],
    ['in the evening at the close', '2025-06-20T23:00:00Z', '2025-06-20T20:00:00.000Z'],
    ['on a weekend at the last close', '2025-06-22T15:00:00Z', '2025-06-20T20:00:00.000Z'],
    ['before the open at the close before', '2025-06-20T13:00:00Z', '2025-06-18T20:00:00.000Z'],
    ['after an early close at that', '2024-11-29T20:00:00Z', '2024-11-29T18:00:00.000Z'],
  ])('is quoted %s, never later than now', async (_, now, quotedAt) => {
    expect((await quotesAt(now))[0]!.quotedAt).toBe(quotedAt);
  });

  test('exists of every symbol that has bars, in the order asked', async () => {
    const quotes = await quotesAt('2025-06-20T15:00:00Z', ['MSFT', 'UNKNOWN1', 'NODATA', 'AAPL250919C00200000', 'VFIAX', 'AAPL']);
    expect(quotes.map(({ symbol }) => symbol)).toEqual(['MSFT', 'VFIAX', 'AAPL']);
  });
});
