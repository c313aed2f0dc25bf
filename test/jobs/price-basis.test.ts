// One book over Apple's splits of 2014 and 2020, from closes as traded and from split-adjusted ones: the same equity, to the last digit.
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { brokenChains, makePortfolio } from '../support/ledger.js';
import { createWorld, run, withWorker } from '../support/worker.js';

const SHARED = process.env['CLOSEBELL_SHARED_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const RAW = path.join(SHARED, 'prices', 'ohlcv_lean_Apache2.csv');

type Row = Readonly<{ date: string; close: number; adjClose: number }>;

const SPLITS = [
  { exDate: '2014-06-09', ratio: 7 },
  { exDate: '2020-08-31', ratio: 4 },
] as const;

function appleRows(): readonly Row[] {
  return readFileSync(RAW, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('AAPL,'))
    .map((line) => line.split(','))
    .map(([, date, , , , close, adjClose]) => ({ date: date!, close: Number(close), adjClose: Number(adjClose) }));
}

function folder(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'closebell-basis-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(dir, name), text);
  return dir;
}

/** As downloads name the columns: closes adjusted for every later split, the splits themselves in a column of their own. */
function splitAdjusted(rows: readonly Row[]): string {
  const lines = rows.map(({ date, close, adjClose }) => {
    const later = SPLITS.filter(({ exDate }) => exDate > date).reduce((product, { ratio }) => product * ratio, 1);
    const split = SPLITS.find(({ exDate }) => exDate === date)?.ratio ?? 0;
    return `${date},,,,${close / later},${adjClose},,${split}`;
  });
  return ['Date,Open,High,Low,Close,Adj Close,Volume,Stock Splits', ...lines].join('\n');
}

function asTraded(rows: readonly Row[]): string {
  return [
    'symbol,date,open,high,low,close,adj_close,volume',
    ...rows.map((row) => `AAPL,${row.date},,,,${row.close},${row.adjClose},`),
  ].join('\n');
}

async function equityFrom(directory: string): Promise<readonly Readonly<{ date: string; equity: string; pnl: string }>[]> {
  const env = { MARKET_DATA_PROVIDERS: 'files', MARKET_DATA_DIR: directory };
  const world = await createWorld({ now: '2020-12-31T23:00:00Z', env });
  const lots = [
    { symbol: 'AAPL', quantity: '10', entryPrice: '450', entryDate: '2013-05-20' },
    { symbol: 'AAPL', quantity: '-3.5', entryPrice: '110', entryDate: '2015-07-06', exitPrice: '120', exitDate: '2020-10-01' },
  ];
  const portfolioId = await makePortfolio(world.db, { asOf: '2013-05-20', openedOn: '2013-05-20', lots });
  const job = await withWorker(world, () => run(world.db, 'calculate-portfolio', { portfolioId, sessionDate: '2020-12-31' }));
  expect(job.status).toBe('completed');
  expect(await brokenChains(world.db)).toBe(0);
  const { rows } = await world.db.pool.query<{ date: string; equity: string; pnl: string }>(
    `SELECT snapshot_date AS date, equity, daily_pnl AS pnl FROM portfolio_snapshots WHERE portfolio_id = $1 ORDER BY 1`,
    [portfolioId],
  );
  await world.close();
  return rows;
}

test('as traded or split-adjusted, the equity of every session is the same', { timeout: 60_000 }, async (ctx) => {
  if (!existsSync(RAW)) {
    console.warn(`SKIPPED: ${RAW} is not there; set CLOSEBELL_SHARED_DATA to run the price-basis test`);
    ctx.skip();
  }
  const rows = appleRows();
  const raw = await equityFrom(folder({ 'raw.csv': asTraded(rows) }));
  const adjusted = await equityFrom(folder({ 'AAPL.csv': splitAdjusted(rows) }));
  expect(raw.length).toBeGreaterThan(1_900);
  expect(adjusted).toEqual(raw);
  // A split moves nothing but for the real change of the day: 10 shares are 280 by the end of 2020.
  const closes = new Map(rows.map(({ date, close }) => [date, close]));
  const long = 280 * closes.get('2020-12-31')! - 280 * closes.get('2020-12-30')!;
  expect(Number(raw.at(-1)!.pnl)).toBeCloseTo(long, 4);
});
