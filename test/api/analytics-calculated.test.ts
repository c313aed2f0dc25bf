// From an uploaded file to every analytics answer, through the real worker: what is shown adds up, and is of one session.
import { ENDPOINTS } from '@closebell/shared/contracts/endpoints';
import { createProviders } from '@closebell/worker/market-data/providers';
import { startWorker } from '@closebell/worker/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.js';
import { ended, testConfig, workerContextBeside } from '../support/worker.js';
import { fieldsOf, logIn, type Caller } from './caller.js';

const NOW = new Date('2025-06-21T15:00:00Z');
const SESSION = '2025-06-20';
const HEADER =
  'Symbol,Quantity,Entry Price Per Share,Entry Date,Investment Class,Investment Subtype,Underlying Symbol,Strike Price,Expiration Date,Option Type,Exit Date,Exit Price Per Share';
const LONG = [
  'AAPL,100,180.5,2024-03-15,,,,,,,,',
  'MSFT,-40,410.25,2025-02-03,,,,,,,,',
  'XOM,50,100,2025-06-03,,,,,,,,',
  'SPAXX,5000,1,2025-01-02,,,,,,,,',
  'HOUSE,1,25000,2023-01-02,PRIVATE,REAL_ESTATE,,,,,,',
  'AAPL260116P00200000,3,9.55,2025-03-03,OPTIONS,PUT,AAPL,200,2026-01-16,PUT,,',
];
const SMALL = ['KO,100,60,2025-01-02,,,,,,,,', 'AAPL,-10,180,2025-01-02,,,,,,,,'];

let app: TestApp;
let worker: Awaited<ReturnType<typeof startWorker>>;
let owner: Caller;
let long: string;
let small: string;

beforeAll(async () => {
  const clock = (): Date => NOW;
  app = await startTestApp({}, clock);
  const config = testConfig();
  const providers = createProviders(config, clock);
  worker = await startWorker(workerContextBeside({ ...app.context, config }, providers), { schedules: false });
  owner = await logIn(app);
  long = await calculated('long', LONG);
  small = await calculated('small', SMALL);
}, 120_000);
afterAll(async () => {
  await worker.stop();
  await app.close();
});

async function calculated(account: string, rows: readonly string[]): Promise<string> {
  const form = new FormData();
  const fields = { portfolio_name: account, account_name: account, account_type: 'taxable', equity_balance: '150000' };
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append('csv_file', new Blob([[HEADER, ...rows].join('\n')]), 'positions.csv');
  const { portfolio_id: id } = fieldsOf<{ portfolio_id: string }>(await owner.post('/onboarding/create-portfolio', form), 201);
  const { batch_run_id: run } = fieldsOf<{ batch_run_id: string }>(await owner.post(`/portfolio/${id}/calculate`), 202);
  const job = await ended(app.context.db, run, 60_000);
  expect(job.status, JSON.stringify(job.error ?? job.result)).toBe('completed');
  return id;
}

const read = async <T>(path: string) => fieldsOf<T>(await owner.get(path), 200);
const shown = <T>(name: string) => read<T>(`/analytics/portfolio/${long}/${name}`);
const sum = (values: readonly (number | null)[]): number => values.reduce<number>((total, value) => total + (value ?? 0), 0);
const IN_ONE_PORTFOLIO = ENDPOINTS.filter(({ path }) => path.startsWith('/analytics/portfolio/:id/'));

it.each(IN_ONE_PORTFOLIO.map(({ path }) => path))('%s is available, of the newest session', async (path) => {
  const answer = await read<Record<string, unknown>>(path.replace(':id', long));
  expect(answer).toMatchObject({ available: true, portfolio_id: long });
  expect(JSON.stringify(answer)).toContain(SESSION);
});

describe('the positions sum to the portfolio', () => {
  it('in each factor, to a billionth', async () => {
    type Factors = Readonly<{ factors: readonly Readonly<{ name: string; exposure_dollar: number }>[] }>;
    type Positions = Readonly<{ positions: readonly Readonly<{ exposure_dollars: Record<string, number> | null }>[] }>;
    const { factors } = await shown<Factors>('factor-exposures');
    const { positions } = await shown<Positions>('positions/factor-exposures');
    expect(factors).toHaveLength(8);
    for (const { name, exposure_dollar: dollars } of factors) {
      expect(Math.abs(sum(positions.map(({ exposure_dollars: own }) => own?.[name] ?? 0)) - dollars), name).toBeLessThan(1e-4);
    }
  });

  it('in each scenario, by factor as well, the option revalued', async () => {
    type Line = Readonly<{ dollar_impact: number | null; direct_dollar_impact: number | null }>;
    type Impact = Line & Readonly<{ by_factor: readonly Line[]; by_position: readonly Line[] }>;
    const { data } = await shown<{ data: { scenarios: readonly Readonly<{ id: string; impact: Impact }>[] } }>('stress-test');
    expect(data.scenarios).toHaveLength(22);
    for (const { id, impact } of data.scenarios) {
      for (const side of ['dollar_impact', 'direct_dollar_impact'] as const) {
        for (const part of ['by_factor', 'by_position'] as const) {
          expect(
            Math.abs(sum(impact[part].map((line) => line[side])) - (impact[side] ?? Number.NaN)),
            `${id} ${part}`,
          ).toBeLessThan(1e-6);
        }
      }
    }
  });

  it('in volatility', async () => {
    type Volatility = Readonly<{
      holdings: Readonly<{ volatility: number; contributions: readonly { contribution: number }[] }>;
    }>;
    const { holdings } = await shown<Volatility>('volatility');
    expect(sum(holdings.contributions.map(({ contribution }) => contribution))).toBeCloseTo(holdings.volatility, 9);
  });

  it('in P&L, to the last digit, and to that of the snapshots', async () => {
    type Attribution = Readonly<{
      total: { pnl: number };
      by_position: readonly { pnl: number }[];
      by_sector: readonly { pnl: number }[];
    }>;
    const { total, by_position: positions, by_sector: sectors } = await shown<Attribution>('attribution');
    const e4 = (lines: readonly { pnl: number }[]): number => sum(lines.map(({ pnl }) => Math.round(pnl * 1e4)));
    expect([e4(positions), e4(sectors)]).toEqual([Math.round(total.pnl * 1e4), Math.round(total.pnl * 1e4)]);
    const { pnl } = await shown<{ pnl: { mtd_pnl: number; ytd_pnl: number } }>('overview');
    expect(total.pnl).toBe(pnl.mtd_pnl);
    const year = await shown<Attribution>('attribution?from=2025-01-01');
    expect(year.total.pnl).toBe(pnl.ytd_pnl);
  });
});

it('the delta-adjusted value of the options is the one they were valued with', async () => {
  const { totals } = await shown<{ totals: { delta_adjusted_value: number } }>('greeks');
  const { rows } = await app.context.db.pool.query<{ delta: number }>(
    `SELECT sum(delta_adjusted_value)::float8 AS delta FROM position_values JOIN positions ON id = position_id
     WHERE position_values.portfolio_id = $1 AND investment_class = 'OPTIONS'`,
    [long],
  );
  expect(totals.delta_adjusted_value).toBeCloseTo(rows[0]!.delta, 3);
});

describe('portfolios together', () => {
  it('of one are that one, to the digit', async () => {
    const alone = await shown<{ holdings: { volatility: number } }>('volatility');
    const together = await read<{ volatility: number }>(`/analytics/aggregate/volatility?portfolio_ids=${long}`);
    expect(together.volatility).toBeCloseTo(alone.holdings.volatility, 12);
  });

  it('are sums of dollars', async () => {
    type Factors = Readonly<{ factors: readonly Readonly<{ exposure_dollar: number }>[] }>;
    const dollars = async (path: string) => (await read<Factors>(path)).factors.map((factor) => factor.exposure_dollar);
    const [a, b] = [
      await dollars(`/analytics/portfolio/${long}/factor-exposures`),
      await dollars(`/analytics/portfolio/${small}/factor-exposures`),
    ];
    const both = await dollars(`/analytics/aggregate/factor-exposures`);
    for (const [k, value] of both.entries()) expect(value).toBeCloseTo((a[k] ?? Number.NaN) + (b[k] ?? Number.NaN), 6);
    expect(await read('/analytics/aggregate/overview')).toMatchObject({ equity: 300_000, coverage: 1, left_out: [] });
    expect(await read('/analytics/aggregate/stress-test')).toMatchObject({ available: true, portfolio_ids: [long, small] });
    expect(await read('/analytics/aggregate/beta')).toMatchObject({ available: true, calculation_date: SESSION });
  });
});

it('a lookback of a year for six holdings is worked out within 200 ms', async () => {
  for (const path of [
    'correlation-matrix?lookback_days=365',
    'risk-metrics?lookback_days=252',
    'diversification-score?lookback_days=365',
  ]) {
    await shown(path);
    const startedAt = performance.now();
    await shown(path);
    expect(performance.now() - startedAt, path).toBeLessThan(200);
  }
});
