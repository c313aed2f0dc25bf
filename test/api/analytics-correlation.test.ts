// Correlations of holdings, from series whose correlations are known: squares of one and of two sessions are unrelated.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertPortfolio, insertSnapshot } from './records.js';
import { insertCloses, insertValuedLot, sessionsUpTo } from './risk-records.js';

const DATE = '2025-03-12';

let api: DomainApi;
let user: Caller;
let portfolioId: string;

const quick = Array.from({ length: 120 }, (_, t) => (t % 2 === 0 ? 0.01 : -0.01));
const slow = Array.from({ length: 120 }, (_, t) => (t % 4 < 2 ? 0.02 : -0.02));

beforeAll(async () => {
  api = await startDomainApi('2025-03-12T22:00:00Z');
  user = await api.user();
  await insertCloses(api.db, 'QUICK', DATE, quick);
  await insertCloses(
    api.db,
    'LIKE',
    DATE,
    quick.map((value) => 2 * value),
  );
  await insertCloses(api.db, 'SLOW', DATE, slow);
  await insertCloses(api.db, 'NEW', DATE, quick.slice(-20));
  await insertCloses(api.db, 'ENDED', sessionsUpTo(DATE, 7)[0]!, quick);
});
afterAll(() => api.close());
beforeEach(async () => {
  portfolioId = await insertPortfolio(api.db, { userId: user.userId, accountName: randomUUID() });
  await insertSnapshot(api.db, { portfolioId, date: DATE });
});

const hold = (symbol: string, value: number) => insertValuedLot(api.db, { portfolioId, date: DATE, symbol, value });
const holdAll = async () => {
  await hold('QUICK', 30_000);
  await hold('LIKE', -20_000);
  await hold('SLOW', 40_000);
  await hold('NEW', 10_000);
};
const at = (path: string) => user.get(`/analytics/portfolio/${portfolioId}/${path}`);
const read = async <T = Record<string, unknown>>(path: string) => fieldsOf<T>(await at(path), 200);
type Matrix = Readonly<{
  data: Readonly<{ matrix: Record<string, Record<string, number | null>>; average_correlation: number }>;
  metadata: Readonly<{ observations: number; coverage: number }>;
}>;

describe('correlation-matrix', () => {
  it('orders by weight, has 1 on the diagonal and null where too few sessions are common', async () => {
    await holdAll();
    const { data, ...answer } = await read<Matrix>('correlation-matrix?lookback_days=100');
    expect(Object.keys(data.matrix)).toEqual(['SLOW', 'QUICK', 'LIKE', 'NEW']);
    expect(Object.keys(data.matrix['LIKE'] ?? {})).toEqual(['SLOW', 'QUICK', 'LIKE', 'NEW']);
    expect(data.matrix['QUICK']?.['QUICK']).toBe(1);
    expect(data.matrix['QUICK']?.['LIKE']).toBeCloseTo(1, 5);
    expect(data.matrix['SLOW']?.['QUICK']).toBeCloseTo(0, 5);
    expect(data.matrix['NEW']).toEqual({ SLOW: null, QUICK: null, LIKE: null, NEW: 1 });
    expect(data.average_correlation).toBeCloseTo(1 / 3, 5);
    expect(answer).toMatchObject({
      available: true,
      metadata: {
        calculation_date: DATE,
        lookback_days: 100,
        min_overlap: 30,
        positions_included: 4,
        positions_total: 4,
        observations: 100,
        coverage: 0.9,
        excluded: [{ symbol: 'NEW', reason: 'insufficient_overlap' }],
        repaired: false,
      },
    });
  });

  it('takes as few sessions in common as asked for', async () => {
    await holdAll();
    const { data, metadata } = await read<Matrix>('correlation-matrix?lookback_days=100&min_overlap=20');
    expect(data.matrix['NEW']?.['QUICK']).toBeCloseTo(1, 5);
    expect(metadata.observations).toBe(20);
  });

  it('shows the largest when there are more than asked for, and what share they are', async () => {
    await holdAll();
    const { data, metadata } = await read<Matrix>('correlation-matrix?max_symbols=2');
    expect(Object.keys(data.matrix)).toEqual(['SLOW', 'QUICK']);
    expect(metadata).toMatchObject({ positions_included: 2, positions_total: 4, coverage: 0.7 });
  });

  it('leaves out what stopped trading, also where its past would do: coverage says so, and metadata names it', async () => {
    await hold('QUICK', 30_000);
    await hold('SLOW', 40_000);
    await hold('ENDED', 30_000);
    const { data, metadata } = await read<Matrix>('correlation-matrix?lookback_days=100');
    expect(Object.keys(data.matrix)).toEqual(['SLOW', 'QUICK']);
    expect(metadata).toMatchObject({
      coverage: 0.7,
      positions_total: 3,
      excluded: [{ symbol: 'ENDED', reason: 'returns_ended', message: expect.stringMatching(/no longer traded/) as string }],
    });
    const score = await read<Matrix>('diversification-score?lookback_days=100');
    expect(score.metadata).toMatchObject({ coverage: 0.7, pairs: 1, excluded: [{ symbol: 'ENDED' }] });
  });

  it('counts an option as the shares it moves like, and leaves out private holdings and cash', async () => {
    await hold('QUICK', 10_000);
    await hold('CASH_USD', 50_000);
    const option = { underlying: 'SLOW', strike: 100, expires: '2025-06-20', type: 'CALL' as const };
    await insertValuedLot(api.db, { portfolioId, date: DATE, symbol: 'SLOW250620C00100000', value: 900, delta: 30_000, option });
    const { data, metadata } = await read<Matrix>('correlation-matrix');
    expect(Object.keys(data.matrix)).toEqual(['SLOW', 'QUICK']);
    expect(metadata.coverage).toBeCloseTo(40 / 90, 12);
  });

  it('a longer lookback than there are prices says how many sessions it has', async () => {
    await holdAll();
    const { metadata } = await read<Matrix>('correlation-matrix?lookback_days=365');
    expect(metadata.observations).toBe(120);
  });
});

describe('diversification-score', () => {
  it('is 1 less the average size of the correlations, by weight', async () => {
    await hold('QUICK', 50_000);
    await hold('LIKE', -30_000);
    await hold('SLOW', 20_000);
    const answer = await read<{ portfolio_correlation: number; diversification_score: number }>(
      'diversification-score?lookback_days=100',
    );
    const expected = (0.5 * 0.3) / (0.5 * 0.3 + 0.5 * 0.2 + 0.3 * 0.2);
    expect(answer.portfolio_correlation).toBeCloseTo(expected, 4);
    expect(answer.diversification_score).toBeCloseTo(1 - expected, 4);
    expect(answer).toMatchObject({
      duration_days: 100,
      calculation_date: DATE,
      symbols_included: 3,
      metadata: { observations: 100, coverage: 1, pairs: 3, pairs_possible: 3 },
    });
  });

  it('is over the pairs that have enough sessions in common', async () => {
    await holdAll();
    expect(await read('diversification-score')).toMatchObject({ metadata: { pairs: 3, pairs_possible: 6 } });
  });
});

describe.each(['correlation-matrix', 'diversification-score'])('%s', (name) => {
  it('needs two holdings with market prices', async () => {
    await hold('QUICK', 10_000);
    await hold('CASH_USD', 10_000);
    expect(await read(name)).toMatchObject({ available: false, reason: 'insufficient_symbols', portfolio_id: portfolioId });
  });

  it('needs two that are still traded, and names those that are not', async () => {
    await hold('QUICK', 10_000);
    await hold('ENDED', 10_000);
    const answer = await read(name);
    expect(answer).toMatchObject({ available: false, reason: 'insufficient_overlap' });
    expect(answer['message']).toMatch(/ENDED/);
  });

  it('needs one pair with enough sessions in common', async () => {
    await hold('QUICK', 10_000);
    await hold('NEW', 10_000);
    expect(await read(name)).toMatchObject({ available: false, reason: 'insufficient_overlap' });
  });

  it('refuses an overlap that the lookback cannot have as 400, and what is out of bounds as 422', async () => {
    expectError(await at(`${name}?lookback_days=40&min_overlap=41`), 400, 'ERR_ANALYTICS_001');
    for (const query of ['lookback_days=29', 'lookback_days=366', 'min_overlap=9', 'min_overlap=366', 'lookback_days=x']) {
      expectError(await at(`${name}?${query}`), 422, 'ERR_REQ_001');
    }
  });

  it('answers 304 while nothing changes, and under both spellings', async () => {
    await holdAll();
    const first = await at(name);
    const again = await user.get(`/analytics/portfolio/${portfolioId}/${name}`, {
      'If-None-Match': first.headers.get('etag') ?? '',
    });
    expect(again.status).toBe(304);
    expect((await user.get(`/analytics/portfolios/${portfolioId}/${name}`)).json).toEqual(first.json);
  });
});

it('max_symbols lies between 2 and 50', async () => {
  for (const query of ['max_symbols=1', 'max_symbols=51'])
    expectError(await at(`correlation-matrix?${query}`), 422, 'ERR_REQ_001');
});
