// When statistics come and go. What was made of prices is deleted in the transaction that changes them, and nothing is inserted that was
// made of prices that have changed since it read them.
import { FACTOR_SYMBOLS } from '@closebell/shared/calc/factors';
import { dayNumber, isoDate } from '@closebell/shared/calendar/calendar-date';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { FACTOR_CLOSES, SYMBOL_CLOSES } from '@closebell/shared/risk/factor-model-of-session';
import { inTransaction, type Db, type Queryable } from './client.js';

/** Keys of the advisory locks: of all changes, and of computing one session. */
const CHANGES = 7_270_737;
const COMPUTATION = 7_270_738;

/**
 * For those who delete statistics and risk figures, along with prices they have changed or by age: alone until the transaction ends. Who stores
 * such figures shares the lock, and looks again once it has it whether the prices it read are those stored. In either order nothing outlives
 * its prices.
 */
export async function lockStatisticsChanges(client: Queryable): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock(${CHANGES})`);
}

/** For those who store: side by side with each other, and until the transaction ends with nobody who deletes. */
export async function holdStatisticsChanges(client: Queryable): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock_shared(${CHANGES})`);
}

/** Waits until nobody else computes the statistics of the session, and keeps others waiting until the transaction ends. */
export async function lockComputationOf(client: Queryable, session: string): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock(${COMPUTATION}, hashtext($1))`, [session]);
}

/** Sessions of a symbol whose close, split or dividend is new or another, ascending. */
type ChangedSessions = ReadonlyMap<string, readonly string[]>;

/**
 * Deletes what was made of the prices that have changed: statistics of the symbols, correlations that have one of them and risk figures of
 * portfolios that hold one; where a symbol may stand for a factor, the models, statistics and risk figures of everybody. Of sessions from the
 * first changed one on, as far as its price reaches; a session that is only just added to the newest end has none yet.
 */
export async function dropStatistics(client: Queryable, changes: readonly ChangedSessions[]): Promise<void> {
  const spans = [...new Set(changes.flatMap((change) => [...change.keys()]))].map((symbol) => {
    const dates = changes.flatMap((change) => change.get(symbol) ?? []);
    return { symbol, from: dates.reduce(earlier), last: dates.reduce(later) };
  });
  if (spans.length === 0) return;
  await lockStatisticsChanges(client);
  const ofFactors = spans.filter(({ symbol }) => FACTOR_SYMBOLS.includes(symbol));
  if (ofFactors.length > 0) {
    const last = ofFactors.map((span) => span.last).reduce(later);
    await client.query(DROP_SESSIONS, [ofFactors.map(({ from }) => from).reduce(earlier), reachOf(last, FACTOR_CLOSES)]);
  }
  await client.query(DROP_SYMBOLS, [
    spans.map(({ symbol }) => symbol),
    spans.map(({ from }) => from),
    spans.map(({ last }) => reachOf(last, SYMBOL_CLOSES)),
  ]);
}

function earlier(a: string, b: string): string {
  return a < b ? a : b;
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}

/** More days than so many sessions ever take: of 365 days at least 250 are sessions. */
const DAYS_PER_SESSION = 1.5;

function reachOf(date: string, sessions: number): string {
  return isoDate(dayNumber(date) + sessions * DAYS_PER_SESSION);
}

const DROP_SESSIONS = `
  WITH models AS (DELETE FROM factor_models WHERE session_date BETWEEN $1 AND $2),
  statistics AS (DELETE FROM symbol_statistics WHERE session_date BETWEEN $1 AND $2)
  DELETE FROM portfolio_risk WHERE session_date BETWEEN $1 AND $2`;

const DROP_SYMBOLS = `
  WITH changed AS (SELECT * FROM unnest($1::text[], $2::date[], $3::date[]) AS given (symbol, first, reach)),
  statistics AS (
    DELETE FROM symbol_statistics USING changed WHERE symbol_statistics.symbol = changed.symbol AND session_date BETWEEN first AND reach),
  tables AS (
    DELETE FROM correlations USING changed WHERE changed.symbol = ANY(symbols) AND session_date BETWEEN first AND reach)
  DELETE FROM portfolio_risk
  WHERE session_date BETWEEN (SELECT min(first) FROM changed) AND (SELECT max(reach) FROM changed) AND EXISTS (
    SELECT 1 FROM positions lot JOIN changed ON changed.symbol IN (lot.symbol, lot.underlying_symbol)
    WHERE lot.portfolio_id = portfolio_risk.portfolio_id AND lot.deleted_at IS NULL AND session_date BETWEEN first AND reach)`;

/** Sessions whose detail is kept whatever their place in the month. */
const NEWEST_KEPT = 5;

/** Deletes the detail of all sessions but the newest five and the last one of each month. Returns how many went. */
export async function pruneStatistics(db: Db, calendar: TradingCalendar): Promise<number> {
  return inTransaction(db, async (client) => {
    await lockStatisticsChanges(client);
    const { rows } = await client.query<{ session: string }>(`SELECT session_date AS session FROM factor_models ORDER BY 1 DESC`);
    const old = rows.slice(NEWEST_KEPT).map(({ session }) => session);
    const dropped = old.filter((session) => calendar.nextSession(session).slice(0, 7) === session.slice(0, 7));
    await client.query(PRUNE, [dropped]);
    return dropped.length;
  });
}

const PRUNE = `
  WITH statistics AS (DELETE FROM symbol_statistics WHERE session_date = ANY($1::date[])),
  tables AS (DELETE FROM correlations WHERE session_date = ANY($1::date[])),
  risk AS (DELETE FROM portfolio_risk WHERE session_date = ANY($1::date[]))
  DELETE FROM factor_models WHERE session_date = ANY($1::date[])`;
