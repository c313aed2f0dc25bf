// Files of figures, through the real worker: an export imports again, its figures are the API's, and nobody gets another's.
import { POSITION_COLUMNS } from '@closebell/shared/csv/columns';
import { createProviders } from '@closebell/worker/market-data/providers';
import { startWorker } from '@closebell/worker/worker';
import readXlsxFile from 'read-excel-file/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.js';
import { ended, testConfig, workerContextBeside } from '../support/worker.js';
import { logIn, expectError, fieldsOf, type Caller } from './caller.js';

const NOW = new Date('2025-06-21T15:00:00Z');
const SESSION = '2025-06-20';
const HEADER = POSITION_COLUMNS.map(({ name }) => name).join(',');
const LOTS = [
  'AAPL,100.25,180.5,2024-03-15,PUBLIC,STOCK,,,,,,',
  'AAPL260116P00200000,3,9.55,2025-03-03,OPTIONS,PUT,AAPL,200,2026-01-16,PUT,,',
  'HOUSE,1,25000,2023-01-02,PRIVATE,REAL_ESTATE,,,,,,',
  'KO,10,60,2024-02-05,PUBLIC,STOCK,,,,,2024-08-05,68.5',
  'MSFT,-40,410.25,2025-02-03,PUBLIC,STOCK,,,,,,',
  'SPAXX,5000,1,2025-01-02,PUBLIC,MUTUAL_FUND,,,,,,',
];

let app: TestApp;
let worker: Awaited<ReturnType<typeof startWorker>>;
let owner: Caller;
let other: Caller;
let superuser: Caller;
let portfolioId: string;

beforeAll(async () => {
  const clock = (): Date => NOW;
  app = await startTestApp({}, clock);
  const config = testConfig();
  const providers = createProviders(config, clock);
  worker = await startWorker(workerContextBeside({ ...app.context, config }, providers), { schedules: false });
  [owner, other, superuser] = [await logIn(app), await logIn(app), await logIn(app, { superuser: true })];
  portfolioId = await imported('Ada’s "A/C" =1', [HEADER, ...LOTS].join('\n'));
  const { batch_run_id: run } = fieldsOf<{ batch_run_id: string }>(await owner.post(`/portfolio/${portfolioId}/calculate`), 202);
  expect((await ended(app.context.db, run, 60_000)).status).toBe('completed');
}, 120_000);
afterAll(async () => {
  await worker.stop();
  await app.close();
});

async function imported(account: string, csv: string): Promise<string> {
  const form = new FormData();
  const fields = { portfolio_name: '<b>Bold</b>', account_name: account, account_type: 'taxable', equity_balance: '150000' };
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append('csv_file', new Blob([csv]), 'positions.csv');
  return fieldsOf<{ portfolio_id: string }>(await owner.post('/onboarding/create-portfolio', form), 201).portfolio_id;
}

const read = async <T>(path: string) => fieldsOf<T>(await owner.get(path), 200);
const exported = (query: string, caller = owner, id = portfolioId) => caller.get(`/export/portfolio/${id}?${query}`);
const countJobs = async (): Promise<number> =>
  (await app.context.db.pool.query(`SELECT 1 FROM jobs WHERE kind IN ('build-export', 'build-report')`)).rowCount ?? 0;
/** A spreadsheet, as bytes. */
async function sheets(query: string) {
  const response = await fetch(`${app.url}/api/v1/export/portfolio/${portfolioId}?${query}`, {
    headers: { ...(await app.login({ email: await emailOf(owner) })).headers },
  });
  expect(response.status).toBe(200);
  return readXlsxFile(Buffer.from(await response.arrayBuffer()));
}
const emailOf = async ({ userId }: Caller): Promise<string> =>
  (await app.context.db.pool.query<{ email: string }>(`SELECT email FROM users WHERE id = $1`, [userId])).rows[0]!.email;

describe('a CSV of positions', () => {
  it('is an attachment named by account and session, in letters that no header or file system trips over', async () => {
    const { status, headers } = await exported('format=csv');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(headers.get('content-disposition')).toBe(`attachment; filename="closebell_Ada_s_A_C_1_${SESSION}.csv"`);
  });

  it('imports again as the same lots', async () => {
    const { text } = await exported('format=csv');
    expect(text.startsWith(`${HEADER},position_id,`)).toBe(true);
    const again = await imported('again', text);
    const lotsOf = async (id: string) =>
      (
        await app.context.db.pool.query(
          `SELECT symbol, investment_class, investment_subtype, quantity, entry_price, entry_date, exit_price, exit_date, underlying_symbol,
             strike_price, expiration_date, option_type FROM positions WHERE portfolio_id = $1 ORDER BY symbol`,
          [id],
        )
      ).rows;
    expect(await lotsOf(again)).toEqual(await lotsOf(portfolioId));
    expect(await lotsOf(again)).toHaveLength(LOTS.length);
  });

  it('has the value of each open lot at the session, and none of a closed one', async () => {
    const lines = (await exported('format=csv')).text.trimEnd().split('\r\n');
    const columns = lines[0]!.split(',');
    const cell = (symbol: string, column: string) =>
      lines.find((line) => line.startsWith(`${symbol},`))!.split(',')[columns.indexOf(column)];
    expect(cell('SPAXX', 'market_value')).toBe('5000');
    expect(Number(cell('MSFT', 'market_value'))).toBeLessThan(0);
    expect(cell('KO', 'market_value')).toBe('');
  });

  it('is refused with several parts, and says what takes them', async () => {
    const before = await countJobs();
    const reply = await exported('format=csv&include=positions,history');
    expectError(reply, 422, 'ERR_REQ_001');
    expect(reply.text).toContain('xlsx or json');
    expect(await countJobs()).toBe(before);
  });
});

it.each(['format=pdf', 'include=everything', 'include='])('refuses %s', async (query) => {
  expectError(await exported(query), 422, 'ERR_REQ_001');
});

it('is found in the plural as well', async () => {
  expect((await owner.get(`/export/portfolios/${portfolioId}?include=history`)).text).toContain(`\r\n${SESSION},150000,`);
});

describe('a JSON export', () => {
  it('has the figures of the API’s own answers', async () => {
    const { history, analytics } = await read<Exported>(
      `/export/portfolio/${portfolioId}?format=json&include=positions,history,analytics`,
    );
    const { snapshots } = await read<{ snapshots: unknown }>(`/portfolio/${portfolioId}/history`);
    expect(history).toEqual(snapshots);
    const shown = <T>(name: string) => read<T>(`/analytics/portfolio/${portfolioId}/${name}`);
    expect(analytics.overview).toEqual(await shown('overview'));
    const { risk_metrics: metrics } = await shown<{ risk_metrics: object }>('risk-metrics');
    expect(analytics.risk_metrics).toMatchObject(metrics);
    const { dollars, fractions } = await shown<{ dollars: object; fractions: object }>('value-at-risk');
    expect(analytics.value_at_risk).toMatchObject({ dollars, fractions });
    const { factors } = await shown<{ factors: readonly Readonly<Record<string, unknown>>[] }>('factor-exposures');
    expect(analytics.factor_exposures.factors).toEqual(
      factors.map(({ name, proxy, beta, exposure_dollar }) => ({ name, proxy, beta, exposure_dollar })),
    );
    const { effective_positions } = await shown<{ effective_positions: number }>('concentration');
    expect(analytics.concentration).toMatchObject({ effective_positions });
    const { data } = await shown<{ data: { scenarios: readonly Readonly<{ id: string; impact: Record<string, unknown> }>[] } }>(
      'stress-test',
    );
    expect(analytics.stress_test.scenarios.map(({ id }) => id)).toEqual(data.scenarios.map(({ id }) => id));
    for (const [i, { impact }] of data.scenarios.entries()) {
      const { dollar_impact, direct_dollar_impact, percentage_impact, new_portfolio_value } = impact;
      const same = { dollar_impact, direct_dollar_impact, percentage_impact, new_portfolio_value };
      expect(analytics.stress_test.scenarios[i]).toMatchObject(same);
    }
  });

  it('leaves out the parts that were not asked for', async () => {
    expect(await read(`/export/portfolio/${portfolioId}?format=json&include=history`)).not.toHaveProperty('positions');
  });
});

type Exported = Readonly<{
  history: readonly unknown[];
  analytics: Readonly<{
    overview: object;
    risk_metrics: object;
    value_at_risk: object;
    concentration: object;
    factor_exposures: { factors: readonly unknown[] };
    stress_test: { scenarios: readonly Readonly<{ id: string }>[] };
  }>;
}>;

describe('a spreadsheet', () => {
  it('has a sheet for each part, numbers as numbers and dates as dates', async () => {
    const book = await sheets('format=xlsx&include=analytics,positions,history');
    expect(book.map(({ sheet }) => sheet)).toEqual(['Positions', 'History', 'Analytics']);
    const [header, ...rows] = book[0]!.data;
    expect(header!.slice(0, 2)).toEqual(['Symbol', 'Quantity']);
    const apple = rows.find(([symbol]) => symbol === 'AAPL')!;
    expect(apple.slice(1, 4)).toEqual([100.25, 180.5, new Date('2024-03-15T00:00:00Z')]);
    expect(book[1]!.data.at(-1)!.slice(0, 2)).toEqual([new Date(`${SESSION}T00:00:00Z`), 150_000]);
  });
});

describe('who asks', () => {
  it('gets nothing of another user’s portfolio, and no job is made', async () => {
    const before = await countJobs();
    for (const caller of [other, superuser]) {
      expectError(await exported('format=csv', caller), 404, 'ERR_PORT_404');
      expectError(await caller.post('/export/reports', { portfolio_id: portfolioId }), 403, 'ERR_OWNER_001');
    }
    expect(await countJobs()).toBe(before);
  });

  it('sees, fetches and cancels jobs of their own; a superuser sees how any of them stands', async () => {
    const { job_id: id } = fieldsOf<{ job_id: string }>(await owner.post('/export/reports', { portfolio_id: portfolioId }), 202);
    await ended(app.context.db, id);
    expectError(await other.get(`/system/jobs/${id}`), 404, 'ERR_BATCH_003');
    expectError(await other.get(`/system/jobs/${id}/result`), 404, 'ERR_BATCH_003');
    expectError(await other.post(`/system/jobs/${id}/cancel`), 403, 'ERR_OWNER_001');
    expect(fieldsOf(await superuser.get(`/system/jobs/${id}`), 200)).toMatchObject({ status: 'completed', kind: 'build-report' });
    expectError(await superuser.get(`/system/jobs/${id}/result`), 404, 'ERR_BATCH_003');
  });

  it('is told when there is no such job', async () => {
    expectError(await owner.get(`/system/jobs/${portfolioId}`), 404, 'ERR_BATCH_003');
  });
});

describe('a report', () => {
  const report = async (body: object): Promise<Made> => {
    const pending = await owner.post('/export/reports', { portfolio_id: portfolioId, ...body });
    const { job_id: id, poll_url: poll } = fieldsOf<{ job_id: string; poll_url: string }>(pending, 202);
    expect(pending.headers.get('location')).toBe(poll);
    await ended(app.context.db, id);
    const job = fieldsOf<{ result_url: string; cancel_url: null; file: { file_name: string; bytes: number } }>(
      await owner.get(poll),
      200,
    );
    expect(job).toMatchObject({ status: 'completed', cancel_url: null });
    return { job, file: await owner.get(job.result_url) };
  };
  type Made = Readonly<{ job: { file: { file_name: string; bytes: number } }; file: Awaited<ReturnType<Caller['get']>> }>;

  it('is a page that needs nothing else, in which a name is text and not markup', async () => {
    const { job, file } = await report({});
    expect(job.file.file_name).toBe(`closebell_Ada_s_A_C_1_report_${SESSION}.html`);
    expect(file.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(file.headers.get('content-disposition')).toContain('attachment');
    expect(Buffer.byteLength(file.text)).toBe(job.file.bytes);
    expect(file.text).not.toContain('<b>Bold');
    expect(file.text).toContain('&#60;b&#62;Bold');
    expect(file.text).not.toMatch(/<script|<link|<img|https?:/);
    for (const title of ['Overview', 'Exposures', 'Performance', 'Top positions', 'Realised risk', 'Stress scenarios'])
      expect(file.text).toContain(`<h2>${title}</h2>`);
    expect(file.text).toContain('Some prices are simulated');
  });

  it('of an earlier day is of the newest session up to it', async () => {
    const { file } = await report({ as_of_date: '2025-06-15', format: 'json' });
    expect(file.json).toMatchObject({ snapshot_date: '2025-06-13', performance: expect.any(Array) });
    const { performance, history } = file.json as {
      performance: { period: string; pnl: number }[];
      history: { daily_pnl: number }[];
    };
    const pnl = history.reduce((sum, { daily_pnl: own }) => sum + own, 0);
    expect(performance.at(-1)!.pnl).toBeCloseTo(pnl, 4);
  });

  it('of an earlier day knows nothing of what came later', async () => {
    const { file } = await report({ as_of_date: '2024-03-29', format: 'json' });
    const { positions } = file.json as { positions: { symbol: string; exit_date: string | null }[] };
    expect(positions.map(({ symbol }) => symbol)).toEqual(['AAPL', 'HOUSE', 'KO']);
    expect(positions.every(({ exit_date: exit }) => exit === null)).toBe(true);
  });

  it('of the future is refused', async () => {
    const reply = await owner.post('/export/reports', { portfolio_id: portfolioId, as_of_date: '2025-06-22' });
    expectError(reply, 422, 'ERR_REQ_001');
  });

  it('is asked for once per Idempotency-Key', async () => {
    const ask = () => owner.post('/export/reports', { portfolio_id: portfolioId, format: 'xlsx' }, { 'Idempotency-Key': 'once' });
    const first = fieldsOf<{ job_id: string }>(await ask(), 202);
    await ended(app.context.db, first.job_id);
    expect((await ask()).json).toEqual(first);
  });
});
