// Closes along the sessions: as traded, null where there is none, and cut by value where the answer would be too large.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makePortfolio, type LotRecord } from '../support/ledger.js';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertClose } from './records.js';

// Wednesday, before its session is complete: the last is Tuesday's.
const LAST = '2025-03-11';

let api: DomainApi;
let user: Caller;
let other: Caller;
beforeAll(async () => {
  api = await startDomainApi('2025-03-12T15:00:00Z');
  user = await api.user();
  other = await api.user();
});
afterAll(() => api.close());
beforeEach(() => api.db.pool.query(`TRUNCATE portfolios, price_bars, corporate_actions, securities CASCADE`));

type Series = Readonly<{ symbol: string; closes: readonly (number | null)[] }>;
type Answer = Readonly<{
  dates: readonly (string | number)[];
  symbols: readonly Series[];
  factors: readonly Series[];
  truncated: boolean;
}>;
const ENTERED = { entryDate: '2025-03-03', entryPrice: '1' } as const;
const hold = (...lots: readonly LotRecord[]) => makePortfolio(api.db, { userId: user.userId, asOf: LAST, lots });
const read = async (portfolioId: string, query = '') =>
  fieldsOf<Answer>(await user.get(`/data/prices/historical/${portfolioId}${query}`), 200);
const readFactors = async (query = '') => fieldsOf<Answer>(await user.get(`/data/factors/etf-prices${query}`), 200);
const storeClose = (symbol: string, date: string, close: number, revision = 0) =>
  insertClose(api.db, { symbol, date, close, revision });

describe('GET /data/prices/historical/{id}', () => {
  it('has a place for every session, null without a close, with splits and dividends of the window beside', async () => {
    const portfolioId = await hold(
      { ...ENTERED, symbol: 'NOVA', quantity: '3' },
      { ...ENTERED, symbol: 'GONE', quantity: '-1' },
      { ...ENTERED, symbol: 'FUND', quantity: '9', investmentClass: 'PRIVATE' },
      { ...ENTERED, symbol: 'SPAXX', quantity: '9' },
      { ...ENTERED, symbol: 'SOLD', quantity: '9', exitPrice: '1', exitDate: '2025-03-10' },
    );
    await storeClose('NOVA', '2025-03-05', 90);
    await storeClose('NOVA', '2025-03-07', 100);
    await storeClose('NOVA', LAST, 49);
    await storeClose('NOVA', LAST, 50.25, 1);
    await storeClose('NOVA', '2025-03-12', 1);
    await api.db.pool.query(
      `INSERT INTO corporate_actions (symbol, ex_date, action_type, amount, numerator, denominator, provider) VALUES
         ('NOVA', '2025-03-10', 'split', NULL, 2, 1, 'files'), ('NOVA', '2025-03-11', 'dividend', 0.25, NULL, NULL, 'files'),
         ('NOVA', '2025-03-06', 'dividend', 9, NULL, NULL, 'files')`,
    );
    expect(await read(portfolioId, '?lookback_days=3')).toEqual({
      available: true,
      portfolio_id: portfolioId,
      dates: ['2025-03-07', '2025-03-10', LAST],
      symbols: [
        {
          symbol: 'NOVA',
          closes: [100, null, 50.25],
          closes_count: 2,
          splits: [{ ex: '2025-03-10', numerator: 2, denominator: 1 }],
          dividends: [{ ex: LAST, amount: 0.25 }],
          market_value: 3,
          is_held: true,
          factor: null,
        },
        {
          symbol: 'GONE',
          closes: [null, null, null],
          closes_count: 0,
          splits: [],
          dividends: [],
          market_value: 1,
          is_held: true,
          factor: null,
        },
      ],
      truncated: false,
      left_out: [],
      symbols_total: 2,
      without_closes: ['GONE'],
      metadata: { lookback_days: 3, from_date: '2025-03-07', to_date: LAST, adjusted: false },
    });
    expect((await read(portfolioId)).dates).toHaveLength(150);
  });

  it('gives dates as seconds where they are asked for', async () => {
    const portfolioId = await hold({ ...ENTERED, symbol: 'NOVA', quantity: '1' });
    await api.db.pool.query(
      `INSERT INTO corporate_actions (symbol, ex_date, action_type, amount, provider) VALUES ('NOVA', '2025-03-11', 'dividend', 1, 'files')`,
    );
    const { dates, symbols } = await read(portfolioId, '?lookback_days=2&date_format=unix');
    // 2025-03-10 and 2025-03-11, 00:00 UTC.
    expect(dates).toEqual([1_741_564_800, 1_741_651_200]);
    expect(symbols).toMatchObject([{ dividends: [{ ex: 1_741_651_200, amount: 1 }] }]);
  });

  it('keeps the largest by value, options with their underlying, and names what is left out', async () => {
    const portfolioId = await hold(
      { ...ENTERED, symbol: 'SMALL', quantity: '10' },
      { ...ENTERED, symbol: 'LARGE', quantity: '-1000' },
      { ...ENTERED, symbol: 'UNDR', quantity: '1' },
      {
        ...ENTERED,
        symbol: 'UNDR250620C00100000',
        quantity: '2',
        investmentClass: 'OPTIONS',
        underlyingSymbol: 'UNDR',
        strikePrice: '100',
        expirationDate: '2025-06-20',
        optionType: 'CALL',
      },
    );
    expect(await read(portfolioId, '?max_symbols=2')).toMatchObject({
      symbols: [
        { symbol: 'LARGE', market_value: 1_000 },
        { symbol: 'UNDR', market_value: 201 },
      ],
      truncated: true,
      left_out: ['SMALL'],
      symbols_total: 3,
    });
  });

  it('adds the ETFs of the factors beyond max_symbols, each once', async () => {
    const portfolioId = await hold({ ...ENTERED, symbol: 'SPY', quantity: '1' }, { ...ENTERED, symbol: 'AAA', quantity: '0.5' });
    const { symbols, truncated } = await read(portfolioId, '?max_symbols=1&include_factor_etfs=true');
    expect(symbols.map(({ symbol }) => symbol)).toEqual(['SPY', 'VTV', 'VUG', 'MTUM', 'QUAL', 'IWM', 'USMV', 'TLT']);
    expect(symbols).toMatchObject([
      { is_held: true, factor: 'Market Beta' },
      { is_held: false, factor: 'Value', market_value: null },
      {},
      {},
      {},
      {},
      {},
      {},
    ]);
    expect(truncated).toBe(true);
  });

  it('has nothing to show of a portfolio without holdings that have prices', async () => {
    const portfolioId = await hold({ ...ENTERED, symbol: 'FUND', quantity: '9', investmentClass: 'PRIVATE' });
    expect(await read(portfolioId)).toMatchObject({
      available: false,
      reason: 'insufficient_symbols',
      portfolio_id: portfolioId,
    });
  });

  it('is for the owner alone, and looks back no further than prices are kept', async () => {
    const path = `/data/prices/historical/${await hold({ ...ENTERED, symbol: 'NOVA', quantity: '1' })}`;
    expectError(await other.get(path), 404, 'ERR_PORT_404');
    expectError(await user.get(`/data/prices/historical/${randomUUID()}`), 404, 'ERR_PORT_404');
    expectError(await api.nobody.get(path), 401, 'ERR_AUTH_001');
    for (const query of [
      'lookback_days=0',
      'lookback_days=505',
      'lookback_days=1.5',
      'max_symbols=0',
      'max_symbols=501',
      'date_format=epoch',
    ]) {
      expectError(await user.get(`${path}?${query}`), 422, 'ERR_REQ_001');
    }
    expect(fieldsOf<Answer>(await user.get(`${path}?lookback_days=504`), 200).dates).toHaveLength(504);
  });
});

describe('GET /data/factors/etf-prices', () => {
  it('shows the ETF of each factor, a fallback where that has no closes', async () => {
    await storeClose('VOO', LAST, 500.5);
    await storeClose('TLT', '2025-03-10', 90);
    const { dates, factors } = await readFactors('?lookback_days=2');
    expect(dates).toEqual(['2025-03-10', LAST]);
    expect(factors).toHaveLength(8);
    expect(factors).toMatchObject([
      { id: 'market_beta', name: 'Market Beta', proxy: 'SPY', symbol: 'VOO', closes: [null, 500.5] },
      { name: 'Value', symbol: 'VTV', closes: [null, null] },
      {},
      {},
      {},
      { name: 'Size', proxy: 'IWM', symbol: 'IWM' },
      {},
      { name: 'Interest Rate', closes: [90, null] },
    ]);
  });

  it('shows those named, by factor or by ETF, however they are spelt', async () => {
    await storeClose('SPY', LAST, 560);
    const query = `?lookback_days=1&factors=${encodeURIComponent('Interest Rate, market-beta,ivv')}&date_format=unix`;
    const { dates, factors } = await readFactors(query);
    expect(dates).toEqual([1_741_651_200]);
    expect(factors.map(({ symbol }) => symbol)).toEqual(['TLT', 'SPY', 'IVV']);
  });

  it('refuses what is no factor, with the list of those there are', async () => {
    const reply = await user.get('/data/factors/etf-prices?factors=value,luck');
    expectError(reply, 422, 'ERR_REQ_001');
    expect(reply.text).toContain('Low Volatility');
    expect(reply.text).toContain('MTUM');
    for (const query of ['factors=', 'lookback_days=1321', 'lookback_days=x', 'date_format=']) {
      expectError(await user.get(`/data/factors/etf-prices?${query}`), 422, 'ERR_REQ_001');
    }
    expectError(await api.nobody.get('/data/factors/etf-prices'), 401, 'ERR_AUTH_001');
  });

  it('says so where no close is stored', async () => {
    expect(await readFactors()).toMatchObject({ available: false, reason: 'no_benchmark_data' });
  });
});
