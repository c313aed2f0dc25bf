import type { ServerResponse } from 'node:http';
import type { MarketDataProvider } from '@closebell/shared/market-data/provider';
import { yahooProvider } from '@closebell/worker/market-data/yahoo';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../support/until.js';
import { json } from './faults.js';
import type { Failure } from './stand-in.js';
import { calm, fault, NOW, SECURITIES } from './yahoo-market.js';
import { CRUMB, startYahooStandIn, type YahooStandIn } from './yahoo-stand-in.js';

let standIn: YahooStandIn;
beforeAll(async () => {
  standIn = await startYahooStandIn(SECURITIES);
});
afterEach(() => standIn.failWith(null));
afterAll(() => standIn.close());

describe('quotes, profiles and search', () => {
  test('quotes come in one request, without those that Yahoo does not know, pence as GBX', async () => {
    const provider = await primed();
    const before = standIn.countOf('/v7/finance/quote');
    expect(await provider.quotes?.(['BRK.B', 'NOBODY', 'VOD.L'], calm())).toEqual({
      status: 'ok',
      value: [
        { symbol: 'BRK.B', price: 458.59, previousClose: 457.46, currency: 'USD', quotedAt: '2025-03-31T14:30:00.000Z' },
        { symbol: 'VOD.L', price: 74.89, previousClose: 73.76, currency: 'GBX', quotedAt: '2025-03-31T14:30:00.000Z' },
      ],
    });
    expect(standIn.countOf('/v7/finance/quote')).toBe(before + 1);
  });

  test('a profile is put together of the summary', async () => {
    expect(await yahoo().profile?.('ACME', calm())).toEqual({
      status: 'ok',
      value: {
        symbol: 'ACME',
        name: 'Acme Tools Inc.',
        securityType: 'EQUITY',
        sector: 'Industrials',
        industry: 'Tools & Accessories',
        exchange: 'NasdaqGS',
        country: 'United States',
        currency: 'USD',
        marketCap: 1_250_000_000,
        beta: 1.13,
      },
    });
  });

  test('search finds what is traded, in our spelling', async () => {
    expect(await yahoo().search?.('berk', calm())).toEqual({
      status: 'ok',
      value: [{ symbol: 'BRK.B', name: 'Berkshire', securityType: 'EQUITY', exchange: 'NASDAQ' }],
    });
    expect(await yahoo().search?.('no such thing', calm())).toEqual({ status: 'ok', value: [] });
  });
});

describe('cookie and crumb', () => {
  test('are got once for many and brought back with every request', async () => {
    const provider = await primed();
    const before = standIn.countOf('/v1/test/getcrumb');
    for (const answer of await Promise.all([1, 2, 3].map(() => provider.quotes!(['ACME'], calm()))))
      expect(answer).toMatchObject({ status: 'ok', value: [{ symbol: 'ACME' }] });
    expect(standIn.countOf('/v1/test/getcrumb')).toBe(before);
  });

  test('no longer taken, they are got anew once, and nobody notices', async () => {
    const provider = await primed();
    standIn.endSessions();
    const before = standIn.countOf('/v1/test/getcrumb');
    for (const answer of await Promise.all([1, 2, 3].map(() => provider.profile!('ACME', calm()))))
      expect(answer).toMatchObject({ status: 'ok' });
    expect(standIn.countOf('/v1/test/getcrumb')).toBe(before + 1);
  });

  test('refused a second time, the request is unauthorized', async () => {
    const provider = await primed();
    const before = standIn.countOf('/v7/finance/quote');
    standIn.failWith(json(401, fault('Unauthorized', 'Invalid Crumb')), '/v7/finance/quote');
    expect(await provider.quotes!(['ACME'], calm())).toMatchObject({ status: 'unauthorized' });
    expect(standIn.countOf('/v7/finance/quote')).toBe(before + 2);
  });

  test.each<readonly [string, string, Failure, object]>([
    [
      '429',
      '/getcrumb',
      (response) => response.writeHead(429, { 'retry-after': '2' }).end(),
      { status: 'rate_limited', retryAfterMs: 2_000 },
    ],
    ['a page for a crumb', '/getcrumb', (response) => response.end('<html>'), { status: 'garbage' }],
    ['503 for a cookie', '/quote/', json(503, {}), { status: 'unavailable' }],
    ['no cookie', '/quote/', json(200, {}), { status: 'garbage' }],
  ])('%s when they are got is told as what it is', async (_, path, failure, expected) => {
    const provider = await primed({ timeoutMs: 150 });
    standIn.endSessions();
    standIn.failWith(failure, path);
    expect(await provider.quotes!(['ACME'], calm())).toMatchObject(expected);
  });

  test('one who stops waiting for them does not stop them for the others', async () => {
    const provider = await primed();
    standIn.endSessions();
    const held: ServerResponse[] = [];
    standIn.failWith((response) => held.push(response), '/getcrumb');
    const abort = new AbortController();
    const stopped = expect(provider.quotes?.(['ACME'], abort.signal)).rejects.toThrow('no longer wanted');
    await until('the crumb is asked for', () => held.length === 1);
    const other = provider.quotes?.(['BRK.B'], calm());
    abort.abort(new Error('no longer wanted'));
    await stopped;
    held[0]?.end(CRUMB);
    expect(await other).toMatchObject({ status: 'ok', value: [{ symbol: 'BRK.B' }] });
  });
});

function yahoo(options: Readonly<{ timeoutMs?: number }> = {}): MarketDataProvider {
  return yahooProvider({ baseUrl: standIn.url, now: () => NOW, ...options });
}

/** A provider that has its cookie and crumb. */
async function primed(options: Readonly<{ timeoutMs?: number }> = {}): Promise<MarketDataProvider> {
  const provider = yahoo(options);
  await until('cookie and crumb are there', async () => (await provider.quotes!(['ACME'], calm()))?.status === 'ok');
  return provider;
}
