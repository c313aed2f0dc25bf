// One session with what it was computed from, and whether that still gives its hash.
import { randomUUID } from 'node:crypto';
import { submitJob } from '@closebell/prisma/jobs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LotRecord, makePortfolio, MSFT_PUT } from '../support/ledger.js';
import { createWorld, ended, testConfig, withWorker, type TestWorld } from '../support/worker.js';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';

const ANCHOR = '2025-03-03';
const LATEST = '2025-06-20';
const LOTS: readonly LotRecord[] = [
  { symbol: 'AAPL', quantity: '100', entryPrice: '180.5', entryDate: '2024-03-15' },
  { symbol: 'KO', quantity: '-40', entryPrice: '60.01', entryDate: '2024-11-30', exitPrice: '70', exitDate: '2025-03-22' },
  { symbol: 'SPAXX', quantity: '5000', entryPrice: '1', entryDate: '2025-01-02', investmentSubtype: 'MUTUAL_FUND' },
  MSFT_PUT,
];

type Answer = Readonly<{
  available: boolean;
  verified: boolean;
  input_hash: string;
  figures: Readonly<{ equity: number; daily_pnl: number; net: number }>;
  computed_from: Readonly<{
    previous: Readonly<{ equity: number; input_hash: string }> | null;
    lots: readonly Readonly<Record<string, unknown> & { symbol: string; market_value: number | null; daily_pnl: number }>[];
  }>;
}>;

let world: TestWorld;
let api: DomainApi;
let owner: Caller;
let portfolioId: string;

beforeAll(async () => {
  world = await createWorld({ now: '2025-06-21T15:00:00Z' });
  api = await startDomainApi('2025-06-21T15:00:00Z');
  owner = await api.user();
  portfolioId = await calculated();
});
afterAll(async () => {
  await api.close();
  await world.close();
});

async function calculated(): Promise<string> {
  const made = await makePortfolio(api.db, { userId: owner.userId, asOf: ANCHOR, lots: LOTS });
  await api.db.pool.query(
    `INSERT INTO equity_changes (portfolio_id, change_type, amount, change_date) VALUES ($1, 'CONTRIBUTION', 5000, '2025-06-14')`,
    [made],
  );
  const context = { ...world.context, db: api.db, config: testConfig({ DATABASE_URL: api.db.url }) };
  await withWorker({ context }, async () => {
    const { jobId } = await submitJob(
      api.db.pool,
      'calculate-portfolio',
      { portfolioId: made, sessionDate: LATEST },
      { trigger: 'user' },
    );
    expect(await ended(api.db, jobId)).toMatchObject({ status: 'completed' });
  });
  return made;
}

const get = async (date: string, id = portfolioId) =>
  fieldsOf<Answer>(await owner.get(`/portfolio/${id}/snapshots/${date}`), 200);

describe('a snapshot', () => {
  it.each(['2024-06-20', ANCHOR, '2025-05-16', LATEST])(
    'of %s adds up from its lots, and its inputs give its hash',
    async (date) => {
      const { figures, verified, input_hash: hash, computed_from: inputs } = await get(date);
      expect(verified).toBe(true);
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
      const sum = (values: readonly (number | null)[]) => values.reduce<number>((total, value) => total + (value ?? 0), 0);
      expect(sum(inputs.lots.map(({ market_value: value }) => value))).toBeCloseTo(figures.net, 4);
      expect(sum(inputs.lots.map(({ daily_pnl: pnl }) => pnl))).toBeCloseTo(figures.daily_pnl, 4);
    },
  );

  it('shows of every lot its price, where that is from, and what an option was marked with', async () => {
    const { computed_from: inputs } = await get(LATEST);
    expect(inputs.lots).toMatchObject([
      {
        symbol: 'AAPL',
        state: 'open',
        quantity_entered: 100,
        quantity: 100,
        price_source: 'close',
        price_date: LATEST,
        age_sessions: 0,
        bar: { symbol: 'AAPL', revision: 0, provider: 'simulated' },
        mark: null,
      },
      { symbol: 'KO', state: 'closed', quantity: null, price: null, market_value: null, daily_pnl: 0 },
      {
        symbol: 'MSFT260116P00400000',
        price_source: 'model',
        bar: { symbol: 'MSFT' },
        mark: { source: 'entry', rate: 0.045 },
      },
      { symbol: 'SPAXX', price_source: 'par', price: 1, bar: null, market_value: 5000 },
    ]);
  });

  it('names the session before it, whose hash its own contains after the stated balance', async () => {
    const [friday, monday] = [await get('2025-06-13'), await get('2025-06-16')];
    expect(monday.computed_from).toMatchObject({
      previous: { snapshot_date: '2025-06-13', equity: friday.figures.equity, input_hash: friday.input_hash },
      chained_to: '2025-06-13',
      flows: [{ change_date: '2025-06-14', amount: 5000 }],
      equity_as_of: ANCHOR,
    });
    expect((await get('2025-02-28')).computed_from).toMatchObject({ chained_to: ANCHOR });
    expect((await get(ANCHOR)).computed_from).toMatchObject({ chained_to: null });
    expect((await get('2024-06-20')).available).toBe(true);
  });

  it('is the same under /portfolios', async () => {
    const plural = await owner.get(`/portfolios/${portfolioId}/snapshots/${LATEST}`);
    expect(plural.json).toEqual(await get(LATEST));
  });

  it('is no longer verified from the session on whose input changed, in the direction away from the stated balance', async () => {
    const id = await calculated();
    await api.db.pool.query(
      `INSERT INTO price_bars (symbol, session_date, revision, close, provider, reason)
       SELECT symbol, session_date, revision + 1, close + 1, provider, 'a test' FROM price_bars WHERE symbol = 'AAPL' AND session_date = '2025-06-10'`,
    );
    const verified = async (date: string) => (await get(date, id)).verified;
    expect(await verified('2025-06-09')).toBe(true);
    expect(await verified('2025-06-10')).toBe(false);
    expect(await verified(LATEST)).toBe(false);
    expect(await verified('2025-01-02')).toBe(true);
    expect((await get('2025-06-10', id)).computed_from.lots[0]).toMatchObject({ bar: { revision: 1 } });
  });
});

describe('a date without a snapshot', () => {
  it.each([
    ['2025-06-19', false, '2025-06-18'],
    ['2025-06-21', false, LATEST],
    ['2025-06-23', true, LATEST],
    ['1980-01-02', false, null],
  ])('%s is answered as not available, with the session before it', async (date, isSession, previous) => {
    expect(await get(date)).toEqual({
      available: false,
      reason: 'no_snapshots',
      portfolio_id: portfolioId,
      metadata: {
        is_session: isSession,
        previous_session: previous,
        first_snapshot_date: '2024-03-15',
        last_snapshot_date: LATEST,
      },
    });
  });

  it('that is no date is refused', async () => {
    expectError(await owner.get(`/portfolio/${portfolioId}/snapshots/2025-06-31`), 422, 'ERR_REQ_001');
  });
});

it('is 404 for anyone but the owner', async () => {
  const other = await api.user();
  expectError(await other.get(`/portfolio/${portfolioId}/snapshots/${LATEST}`), 404, 'ERR_PORT_404');
  expectError(await owner.get(`/portfolio/${randomUUID()}/snapshots/${LATEST}`), 404, 'ERR_PORT_404');
  expectError(await api.nobody.get(`/portfolio/${portfolioId}/snapshots/${LATEST}`), 401, 'ERR_AUTH_001');
});
