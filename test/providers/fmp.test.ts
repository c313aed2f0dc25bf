import { fmpProvider } from '@closebell/worker/market-data/fmp';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { describeProviderConformance } from './conformance.js';
import { describeFaults, json } from './faults.js';
import { FMP_KEY, startFmp } from './fmp-stand-in.js';
import { RANGE } from './invented-market.js';
import type { StandIn } from './stand-in.js';

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startFmp();
});
afterEach(() => standIn.failWith(null));
afterAll(() => standIn.close());

describeProviderConformance({
  name: 'fmp',
  create: () => Promise.resolve(create()),
  symbol: 'ACME',
  range: RANGE,
  unknownSymbol: 'NOBODY',
});

describeFaults({
  standIn: () => standIn,
  create: (timeoutMs) => create({ timeoutMs }),
  apiKey: FMP_KEY,
  questions: {
    dailyBars: (provider, signal) => provider.dailyBars('ACME', RANGE, signal),
    profile: (provider, signal) => provider.profile?.('ACME', signal),
    quotes: (provider, signal) => provider.quotes?.(['ACME'], signal),
    search: (provider, signal) => provider.search?.('acme', signal),
  },
});

describe('bars of FMP', () => {
  test('closes are as traded on either side of a split, which counts before the dividend of its day', async () => {
    const answer = await bars('ACME');
    const closeOn = (date: string) => answer.bars.find(({ sessionDate }) => sessionDate === date)?.close ?? 0;
    expect(closeOn('2025-02-07') / closeOn('2025-02-10')).toBeGreaterThan(3.5);
    expect(answer.actions).toEqual([
      { type: 'split', symbol: 'ACME', exDate: '2025-02-10', numerator: 4, denominator: 1 },
      { type: 'dividend', symbol: 'ACME', exDate: '2025-02-10', amount: 0.8 },
    ]);
  });

  test('one answer takes three requests, and asks for all splits and dividends outright', async () => {
    const before = standIn.asked.length;
    await bars('ACME');
    const asked = standIn.asked.slice(before).map((path) => path.replace(/apikey=[^&]*&/, ''));
    expect(asked).toEqual([
      '/stable/historical-price-eod/non-split-adjusted?symbol=ACME&from=2025-01-02&to=2025-03-31',
      '/stable/splits?symbol=ACME&limit=1000',
      '/stable/dividends?symbol=ACME&limit=1000',
    ]);
  });

  test.each(['/stable/splits', '/stable/dividends'])('without an answer of %s there are no bars either', async (path) => {
    standIn.failWith(json(402, {}), path);
    expect(await create().dailyBars('ACME', RANGE, new AbortController().signal)).toMatchObject({ status: 'unauthorized' });
  });

  test('a symbol that left the exchange is known, and has no data', async () => {
    expect(await create().dailyBars('GONE', RANGE, new AbortController().signal)).toMatchObject({
      status: 'no_data',
      symbol: 'GONE',
    });
  });

  test('a key that is not theirs is unauthorized', async () => {
    const answer = await create({ apiKey: 'another' }).dailyBars('ACME', RANGE, new AbortController().signal);
    expect(answer).toMatchObject({ status: 'unauthorized', reason: 'FMP answered 401: Invalid API KEY.' });
  });
});

describe('what FMP refuses with 200 and a message', () => {
  test.each([
    ['Invalid API KEY. Feel free to create one.', 'unauthorized'],
    ['Special Endpoint : not available under your current subscription', 'unauthorized'],
    ['Limit Reach . Please upgrade your plan', 'rate_limited'],
    ['Something went sideways', 'garbage'],
  ])('"%s" is %s', async (message, status) => {
    standIn.failWith(json(200, { 'Error Message': message }));
    const answer = await create().dailyBars('ACME', RANGE, new AbortController().signal);
    expect(answer).toMatchObject({ status, reason: `FMP refused: ${message}` });
  });
});

describe('spelling at FMP', () => {
  test.each([
    ['BRK.B', 'BRK-B'],
    ['BF.B', 'BF-B'],
    ['VOD.L', 'VOD.L'],
    ['^GSPC', '%5EGSPC'],
  ])('%s is asked for as %s and answered as it was asked', async (symbol, spelled) => {
    const before = standIn.asked.length;
    expect(await create().dailyBars(symbol, RANGE, new AbortController().signal)).toMatchObject({ symbol });
    expect(standIn.asked[before]).toContain(`symbol=${spelled}&`);
  });

  test('quotes and matches come back in our spelling', async () => {
    const { signal } = new AbortController();
    const quotes = await create().quotes?.(['ACME', 'BRK.B'], signal);
    expect(quotes).toMatchObject({ status: 'ok', value: [{ symbol: 'ACME' }, { symbol: 'BRK.B' }] });
    expect(await create().search?.('brk', signal)).toMatchObject({ status: 'ok', value: [{ symbol: 'BRK.B' }] });
  });

  test.each(['AAPL250620C00150000', 'MY HOUSE', 'FUND/PRIVATE'])('%s is no ticker and goes to nobody', async (symbol) => {
    const before = standIn.asked.length;
    const { signal } = new AbortController();
    expect(await create().dailyBars(symbol, RANGE, signal)).toMatchObject({ status: 'unknown_symbol', symbol });
    expect(await create().profile?.(symbol, signal)).toMatchObject({ status: 'unknown_symbol' });
    expect(await create().quotes?.([symbol], signal)).toEqual({ status: 'ok', value: [] });
    expect(standIn.asked).toHaveLength(before);
  });
});

test('a profile has what FMP says', async () => {
  expect(await create().profile?.('BRK.B', new AbortController().signal)).toEqual({
    status: 'ok',
    value: {
      symbol: 'BRK.B',
      name: 'Brook & Co',
      securityType: 'EQUITY',
      sector: 'Industrials',
      industry: 'Heavy Things',
      exchange: 'NYSE',
      country: 'US',
      currency: 'USD',
      marketCap: 1_234_567_890,
      beta: 1.1,
    },
  });
});

test('a quote bears the time of the trade; one symbol alone is asked for as small plans may', async () => {
  const quote = { symbol: 'BRK.B', price: 101.25, previousClose: 99.5, currency: null, quotedAt: '2025-03-31T20:00:01.000Z' };
  expect(await create().quotes?.(['BRK.B'], new AbortController().signal)).toEqual({ status: 'ok', value: [quote] });
  expect(standIn.asked.at(-1)).toMatch(/^\/stable\/quote\?/);
});

test('a text that is like no symbol is looked for in the names', async () => {
  const found = await create().search?.('anvils', new AbortController().signal);
  expect(found).toEqual({
    status: 'ok',
    value: [{ symbol: 'ACME', name: 'Acme Anvils', securityType: null, exchange: 'NYSE' }],
  });
});

function create(change: Partial<Parameters<typeof fmpProvider>[0]> = {}) {
  return fmpProvider({ baseUrl: standIn.url, apiKey: FMP_KEY, budget: { perMinute: 300, perDay: 250 }, ...change });
}

async function bars(symbol: string) {
  const answer = await create().dailyBars(symbol, RANGE, new AbortController().signal);
  if (answer.status !== 'ok') throw new Error(answer.reason);
  return answer;
}
