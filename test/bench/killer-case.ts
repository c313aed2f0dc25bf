// One portfolio, first calculated: an ordinary one, and the case that stopped a peer, twelve years of 14,400 trades, with the API asked
// meanwhile whether it is well.
import type { Db } from '@closebell/prisma/client';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { freePort } from '@closebell/shared/infra/free-port';
import { createClient, sendAtRate } from '../support/load.js';
import { spawnProgram } from '../support/programs.js';
import { CHECKOUT } from './checkout.js';
import { phasesOf, SESSION, startInstallation, tookMs, type Installation } from './installation.js';
import { ms, tableOf } from './measure.js';

type Case = Readonly<{ what: string; symbols: number; lots: number; years: number; areClosed: boolean; limitMs: number }>;

const ORDINARY: Case = {
  what: '25 positions, 365 days',
  symbols: 25,
  lots: 25,
  years: 1,
  areClosed: false,
  limitMs: 500,
};
const KILLER: Case = {
  what: '14,400 trades of 250 symbols, 12 years',
  symbols: 250,
  lots: 7_200,
  years: 12,
  areClosed: true,
  limitMs: 2_000,
};
const LIMIT_MIB = 500;
const HEALTH_PER_SECOND = 50;
const HEALTH_P99_MS = 50;
/** The work is watched to its end; the worst of these windows counts. */
const WINDOW_S = 2;

export async function benchSinglePortfolios(): Promise<string> {
  const installation = await startInstallation();
  try {
    const cases = [await calculated(installation, ORDINARY), await calculated(installation, KILLER)];
    return tableOf([
      ['first calculation', 'job', 'in the worker', 'must be', 'peak memory', 'must be', '/health p99', 'must be', 'phases'],
      ...cases,
    ]);
  } finally {
    await installation.stop();
  }
}

async function calculated(installation: Installation, one: Case): Promise<readonly string[]> {
  const { db, run, peaksMib } = installation;
  const portfolioId = await insertPortfolio(db, one);
  await run('prepare-portfolio', { portfolioId, sessionDate: SESSION });
  const { p99Ms, job } = await withHealthAsked(installation.env, () =>
    run('calculate-portfolio', { portfolioId, sessionDate: SESSION }),
  );
  const phases = await phasesOf(db, job.run_id);
  const inWorker = phases.reduce((sum, { totalMs }) => sum + totalMs, 0);
  return [
    one.what,
    ms(tookMs(job)),
    ms(inWorker),
    `≤ ${ms(one.limitMs)}`,
    `${peaksMib().worker} MiB`,
    `≤ ${LIMIT_MIB} MiB`,
    ms(p99Ms),
    `< ${HEALTH_P99_MS} ms`,
    phases.map(({ phase, totalMs }) => `${phase} ${Math.round(totalMs)}`).join(', '),
  ];
}

/** Lots spread over the years; where they are closed, each lasts up to a year, and each is two trades. */
async function insertPortfolio(db: Db, { what, symbols, lots, years, areClosed }: Case): Promise<string> {
  const calendar = xnysCalendar();
  const opened = calendar.sessionOnOrAfter(`${Number(SESSION.slice(0, 4)) - years}${SESSION.slice(4)}`);
  const { rows } = await db.pool.query<{ id: string }>(
    `WITH owner AS (INSERT INTO users (email, password_hash, full_name) VALUES ($1 || '@example.com', 'none', 'Bench') RETURNING id)
     INSERT INTO portfolios (user_id, name, account_name, account_type, equity_balance, equity_as_of, opened_on)
     SELECT id, 'Bench', 'bench', 'taxable', 5000000, $2, $2 FROM owner RETURNING id`,
    [`years-${years}`, opened],
  );
  const portfolioId = rows[0]!.id;
  const sessions = calendar.sessionsBetween(opened, SESSION);
  const life = 252;
  const entries = Array.from({ length: lots }, (_, i) => (areClosed ? Math.floor((i * (sessions.length - life)) / lots) : 0));
  const dated = (place: number): string => sessions[Math.min(place, sessions.length - 1)]!;
  await db.pool.query(
    `INSERT INTO positions (portfolio_id, symbol, investment_class, quantity, entry_price, entry_date, exit_price, exit_date)
     SELECT $1, symbol, 'PUBLIC', 10, 100, entry, CASE WHEN exit IS NOT NULL THEN 101 END, exit
     FROM unnest($2::text[], $3::date[], $4::date[]) AS lot (symbol, entry, exit)`,
    [
      portfolioId,
      entries.map((_, i) => `SYM${i % symbols}`),
      entries.map((entry) => dated(entry)),
      entries.map((entry, i) => (areClosed ? dated(entry + 1 + ((i * 37) % life)) : null)),
    ],
  );
  if (areClosed && lots * 2 !== 14_400) throw new Error(`${what}: ${lots * 2} trades`);
  return portfolioId;
}

/** Runs `work` while an API over the same database is asked for its health at a steady rate. */
async function withHealthAsked<T>(
  env: Installation['env'],
  work: () => Promise<T>,
): Promise<Readonly<{ p99Ms: number; job: T }>> {
  const port = await freePort();
  const api = spawnProgram(['node', 'api/dist/main.js'], {
    env: { ...env, PORT: String(port) },
    cwd: CHECKOUT,
    readyWhen: 'Closebell API on',
  });
  await api.ready;
  const client = createClient(`http://127.0.0.1:${port}`);
  try {
    await sendAtRate({ perSecond: HEALTH_PER_SECOND, seconds: 1 }, () => client.send('/health'));
    let isDone = false;
    const working = work().finally(() => {
      isDone = true;
    });
    let p99Ms = 0;
    while (!isDone) {
      const asked = await sendAtRate({ perSecond: HEALTH_PER_SECOND, seconds: WINDOW_S }, () => client.send('/health'));
      if (Object.keys(asked.statuses).join() !== '200') throw new Error(`/health answered ${JSON.stringify(asked.statuses)}`);
      p99Ms = Math.max(p99Ms, asked.p99Ms);
    }
    const job = await working;
    return { p99Ms, job };
  } finally {
    client.close();
    await api.kill('SIGTERM');
  }
}
