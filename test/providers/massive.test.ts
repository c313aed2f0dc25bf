import { massiveProvider } from '@closebell/worker/market-data/massive';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { describeProviderConformance } from './conformance.js';
import { describeFaults, json } from './faults.js';
import { RANGE } from './invented-market.js';
import { MASSIVE_KEY, startMassive } from './massive-stand-in.js';
import type { StandIn } from './stand-in.js';

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startMassive();
});
afterEach(() => standIn.failWith(null));
afterAll(() => standIn.close());

describeProviderConformance({
  name: 'massive',
  create: () => Promise.resolve(create()),
  symbol: 'ACME',
  range: RANGE,
  unknownSymbol: 'NOBODY',
});

describeFaults({
  standIn: () => standIn,
  create: (timeoutMs) => create({ timeoutMs }),
  apiKey: MASSIVE_KEY,
  questions: {
    dailyBars: (provider, signal) => provider.dailyBars('ACME', RANGE, signal),
    profile: (provider, signal) => provider.profile?.('ACME', signal),
    quotes: (provider, signal) => provider.quotes?.(['ACME'], signal),
    search: (provider, signal) => provider.search?.('acme', signal),
  },
});

describe('bars of Massive', () => {
  test('closes are as traded on either side of a split, which counts before the dividend of its day', async () => {
    const answer = await bars('ACME');
    const closeOn = (date: string) => answer.bars.find(({ sessionDate }) => sessionDate === date)?.close ?? 0;
    expect(closeOn('2025-02-07') / closeOn('2025-02-10')).toBeGreaterThan(3.5);
    expect(answer.actions).toEqual([
      { type: 'split', symbol: 'ACME', exDate: '2025-02-10', numerator: 4, denominator: 1 },
      { type: 'dividend', symbol: 'ACME', exDate: '2025-02-10', amount: 0.8 },
    ]);
  });

  test('a dividend in another currency is left out with a warning', async () => {
    expect((await bars('ACME')).warnings).toEqual(['ACME 2025-02-10: a dividend in CAD was left out']);
  });

  test('one answer takes three requests, all with the key in the header and none in the address', async () => {
    const before = standIn.asked.length;
    await bars('ACME');
    const asked = standIn.asked.slice(before);
    expect(asked.map((path) => path.split('?')[0])).toEqual([
      '/v2/aggs/ticker/ACME/range/1/day/2025-01-02/2025-03-31',
      '/stocks/v1/splits',
      '/stocks/v1/dividends',
    ]);
    expect(asked.join()).not.toContain('key');
  });

  test('further pages come from the address configured, whatever address they bear', async () => {
    const paged = await startMassive({ pageRows: 25 });
    const answer = await create({ baseUrl: paged.url }).dailyBars('ACME', RANGE, new AbortController().signal);
    expect(answer).toEqual(await bars('ACME'));
    expect(paged.asked.filter((path) => path.includes('cursor=')).map((path) => path.split('cursor=')[1])).toEqual(['25', '50']);
    await paged.close();
  });

  test('pages without end are garbage', async () => {
    const paged = await startMassive({ pageRows: 1 });
    const answer = await create({ baseUrl: paged.url }).dailyBars('ACME', RANGE, new AbortController().signal);
    expect(answer).toMatchObject({ status: 'garbage', symbol: 'ACME' });
    await paged.close();
  });

  test.each(['/stocks/v1/splits', '/stocks/v1/dividends'])('without an answer of %s there are no bars either', async (path) => {
    standIn.failWith(json(429, {}), path);
    expect(await create().dailyBars('ACME', RANGE, new AbortController().signal)).toMatchObject({ status: 'rate_limited' });
  });

  test('a symbol that left the exchange is known, and has no data', async () => {
    expect(await create().dailyBars('GONE', RANGE, new AbortController().signal)).toMatchObject({
      status: 'no_data',
      symbol: 'GONE',
    });
  });

  test('a key that is not theirs is unauthorized', async () => {
    const answer = await create({ apiKey: 'another' }).dailyBars('ACME', RANGE, new AbortController().signal);
    expect(answer).toMatchObject({ status: 'unauthorized', reason: 'Massive answered 401: Unknown API Key' });
  });
});

describe('spelling at Massive', () => {
  test.each([
    ['BRK.B', 'BRK.B'],
    ['BF.B', 'BF.B'],
    ['^GSPC', 'I%3ASPX'],
    ['^VIX', 'I%3AVIX'],
  ])('%s is asked for as %s and answered as it was asked', async (symbol, spelled) => {
    const before = standIn.asked.length;
    expect(await create().dailyBars(symbol, RANGE, new AbortController().signal)).toMatchObject({ symbol });
    expect(standIn.asked[before]).toContain(`/v2/aggs/ticker/${spelled}/`);
  });

  test.each(['AAPL250620C00150000', 'BRK-B', 'MY HOUSE', 'FUND/PRIVATE'])(
    '%s is no ticker and goes to nobody',
    async (symbol) => {
      const before = standIn.asked.length;
      const { signal } = new AbortController();
      expect(await create().dailyBars(symbol, RANGE, signal)).toMatchObject({ status: 'unknown_symbol', symbol });
      expect(await create().profile?.(symbol, signal)).toMatchObject({ status: 'unknown_symbol' });
      expect(await create().quotes?.([symbol], signal)).toEqual({ status: 'ok', value: [] });
      expect(standIn.asked).toHaveLength(before);
    },
  );
});

test('a profile has what Massive says, null for what it does not', async () => {
  expect(await create().profile?.('BRK.B', new AbortController().signal)).toEqual({
    status: 'ok',
    value: {
      symbol: 'BRK.B',
      name: 'Brook & Co',
      securityType: 'EQUITY',
      sector: null,
      industry: 'HEAVY THINGS',
      exchange: 'XNYS',
      country: null,
      currency: 'USD',
      marketCap: 1_234_567_890.5,
      beta: null,
    },
  });
});

test('a quote is the last trade, or on plans without it the last minute', async () => {
  expect(await create().quotes?.(['ACME', 'BRK.B'], new AbortController().signal)).toEqual({
    status: 'ok',
    value: [
      { symbol: 'ACME', price: 101.25, previousClose: 99.5, currency: 'USD', quotedAt: '2025-03-31T19:59:00.000Z' },
      { symbol: 'BRK.B', price: 101, previousClose: 99.5, currency: 'USD', quotedAt: '2025-03-31T19:58:00.000Z' },
    ],
  });
});

test('before the first trade of the day there is no quote', async () => {
  const still = {
    ticker: 'ACME',
    lastTrade: { p: 0, t: 0 },
    min: { c: 0, t: 0 },
    day: { c: 0 },
    prevDay: { c: 99.5 },
    updated: 0,
  };
  standIn.failWith(json(200, { status: 'OK', tickers: [still] }));
  expect(await create().quotes?.(['ACME'], new AbortController().signal)).toEqual({ status: 'ok', value: [] });
});

function create(change: Partial<Parameters<typeof massiveProvider>[0]> = {}) {
  return massiveProvider({ baseUrl: standIn.url, apiKey: MASSIVE_KEY, requestsPerMinute: 5, ...change });
}

async function bars(symbol: string) {
  const answer = await create().dailyBars(symbol, RANGE, new AbortController().signal);
  if (answer.status !== 'ok') throw new Error(answer.reason);
  return answer;
}
