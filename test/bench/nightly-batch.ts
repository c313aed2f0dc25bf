// The nightly batch over many portfolios, prices cached: real worker, real Postgres, every table written and counted afterwards.
import type { Db } from '@closebell/prisma/client';
import { FACTOR_SYMBOLS } from '@closebell/shared/calc/factors';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { phasesOf, SESSION, SESSION_BEFORE, startInstallation, tookMs, type Installation } from './installation.js';
import { ms, tableOf } from './measure.js';

const SYMBOLS = 500;
const POSITIONS = 30;
/** Sessions of realised returns that each portfolio has. */
const HISTORY_SESSIONS = 100;
const LIMITS_MS: ReadonlyMap<number, number> = new Map([
  [1_000, 8_000],
  [10_000, 60_000],
]);

export type Night = Readonly<{ portfolios: number; batchMs: number; text: string }>;

/** The night of a session whose prices are stored, after a night that computed all before it. */
export async function benchNight(portfolios: number): Promise<Night> {
  const installation = await startInstallation();
  const { db, run, peaksMib, processorMs } = installation;
  try {
    await cachePrices(installation);
    await insertPortfolios(db, portfolios);
    await run('refresh-profiles', {});
    const first = await run('run-batch', { sessionDate: SESSION_BEFORE });
    const before = processorMs();
    const night = await run('run-batch', { sessionDate: SESSION });
    const after = processorMs();
    const phases = await phasesOf(db, night.run_id);
    const written = await countRows(db);
    requireWhole(written, portfolios);
    const { worker, postgres } = peaksMib();
    const limit = LIMITS_MS.get(portfolios);
    const text = [
      `${portfolios.toLocaleString('en-US')} portfolios × ${POSITIONS} positions over ${SYMBOLS} symbols: ${seconds(tookMs(night))}` +
        `${limit === undefined ? '' : ` (must be ≤ ${seconds(limit)})`}, ${perPortfolio(tookMs(night), portfolios)} a portfolio; ` +
        `peak memory ${worker} MiB in the worker, ${postgres} MiB in the largest process of Postgres (must be ≤ 1024)`,
      `processor time: worker ${seconds(after.worker - before.worker)}, Postgres ${seconds(after.postgres - before.postgres)}, on two cores`,
      `before it the first calculation of them all, ${HISTORY_SESSIONS} sessions each: ${seconds(tookMs(first))}`,
      '',
      tableOf([
        ['phase', 'all jobs together', 'a portfolio'],
        ...phases.map(({ phase, totalMs }) => [phase, ms(totalMs), perPortfolio(totalMs, portfolios)]),
      ]),
      '',
      tableOf([['table', 'rows of the session'], ...written.map(({ table, rows }) => [table, rows.toLocaleString('en-US')])]),
    ].join('\n');
    return { portfolios, batchMs: tookMs(night), text };
  } finally {
    await installation.stop();
  }
}

/** By how much more the time grows than the number of portfolios: 1 is in step with it, less is better. */
export function growthOf(fewer: Night, more: Night): string {
  const growth = more.batchMs / fewer.batchMs / (more.portfolios / fewer.portfolios);
  const sizes = [fewer, more].map(({ portfolios }) => portfolios.toLocaleString('en-US'));
  return `time from ${sizes[0]} to ${sizes[1]} portfolios: ${growth.toFixed(2)} of linear (must be ≤ 1)`;
}

export async function cachePrices({ run }: Installation): Promise<void> {
  const symbols = [...Array.from({ length: SYMBOLS }, (_, i) => `SYM${i}`), ...FACTOR_SYMBOLS];
  await run('refresh-prices', { symbols, symbolsHash: 'bench', sessionDate: SESSION });
}

export async function insertPortfolios(db: Db, count: number): Promise<void> {
  const opened = xnysCalendar().addSessions(SESSION, -HISTORY_SESSIONS);
  await db.pool.query(
    `WITH owner AS (INSERT INTO users (email, password_hash, full_name) VALUES ('bench@example.com', 'none', 'Bench') RETURNING id),
     made AS (INSERT INTO portfolios (user_id, name, account_name, account_type, equity_balance, equity_as_of, opened_on)
       SELECT owner.id, 'Bench', 'account ' || n, 'taxable', 1000000, $2, $2 FROM owner, generate_series(0, $1 - 1) AS n RETURNING id, account_name)
     INSERT INTO positions (portfolio_id, symbol, investment_class, quantity, entry_price, entry_date)
     SELECT id, 'SYM' || (7 * substr(account_name, 9)::int + 16 * place) % ${SYMBOLS}, 'PUBLIC',
       CASE WHEN place % 10 = 9 THEN -50 ELSE 100 + 10 * place END, 100, $2 FROM made, generate_series(0, ${POSITIONS - 1}) AS place`,
    [count, opened],
  );
  await db.pool.query('ANALYZE');
}

type Written = Readonly<{ table: string; rows: number }>;

const TABLES = [
  'portfolio_snapshots',
  'position_values',
  'portfolio_risk',
  'var_backtests',
  'symbol_statistics',
  'correlations',
  'factor_models',
] as const;

async function countRows(db: Db): Promise<readonly Written[]> {
  const counts = TABLES.map((table) => {
    const date = table === 'portfolio_snapshots' ? 'snapshot_date' : 'session_date';
    return `SELECT '${table}' AS "table", count(*)::int AS rows FROM ${table} WHERE ${date} = $1`;
  });
  return (await db.pool.query<Written>(counts.join(' UNION ALL '), [SESSION])).rows;
}

/** A night that left something out would be quick for the wrong reason. */
function requireWhole(written: readonly Written[], portfolios: number): void {
  const expected: Readonly<Record<(typeof TABLES)[number], number>> = {
    portfolio_snapshots: portfolios,
    position_values: portfolios * POSITIONS,
    portfolio_risk: portfolios,
    var_backtests: portfolios,
    symbol_statistics: Math.min(SYMBOLS, portfolios * POSITIONS),
    correlations: 1,
    factor_models: 1,
  };
  for (const table of TABLES) {
    const rows = written.find((each) => each.table === table)!.rows;
    if (rows < expected[table]) throw new Error(`${table} has ${rows} rows of the session, ${expected[table]} were expected`);
  }
}

function seconds(value: number): string {
  return `${(value / 1_000).toFixed(1)} s`;
}

function perPortfolio(value: number, portfolios: number): string {
  return ms(value / portfolios);
}
