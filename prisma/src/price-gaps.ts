// Which bars are missing, and what is known of symbols that have none.
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Db, Queryable } from './client.js';
import { inHeldTransaction, type JobHold } from './job-runs.js';

export type Gap = Readonly<{ symbol: string; sessions: readonly string[] }>;

/**
 * Which of the sessions wanted per symbol, oldest first, are neither stored, nor before its listing, nor asked for in vain of late. A symbol
 * that is known to have no data has no gaps until its retry date, and one taken for delisted none after its last bar.
 */
export async function findGaps(client: Queryable, calendar: TradingCalendar, wanted: readonly Gap[]): Promise<readonly Gap[]> {
  const incomplete = await withoutWholeRuns(client, calendar, wanted);
  const symbols = incomplete.map(({ symbol }) => symbol);
  const first = incomplete.reduce(
    (min, { sessions }) => (sessions[0] !== undefined && sessions[0] < min ? sessions[0] : min),
    '9999-12-31',
  );
  const [stored, missing, securities] = await Promise.all([
    client.query<{ symbol: string; dates: string }>(
      `SELECT symbol, string_agg(session_date::text, ',') AS dates FROM price_bars WHERE symbol = ANY($1) AND session_date >= $2 AND revision = 0 GROUP BY symbol`,
      [symbols, first],
    ),
    client.query<{ symbol: string; dates: string }>(
      `SELECT symbol, string_agg(session_date::text, ',') AS dates FROM missing_bars WHERE symbol = ANY($1) AND retry_at > clock_timestamp() GROUP BY symbol`,
      [symbols],
    ),
    client.query<KnownSecurity>(
      `SELECT symbol, listed_from AS "listedFrom", delisted_on AS "delistedOn", coalesce(no_data_until > clock_timestamp(), false) AS "isResting"
       FROM securities WHERE symbol = ANY($1)`,
      [symbols],
    ),
  ]);
  const known = new Map(securities.rows.map((row) => [row.symbol, row]));
  const have = new Map<string, Set<string>>();
  for (const { symbol, dates } of [...stored.rows, ...missing.rows]) {
    const set = have.get(symbol) ?? new Set<string>();
    for (const date of dates.split(',')) set.add(date);
    have.set(symbol, set);
  }
  return incomplete
    .map(({ symbol, sessions }) => ({
      symbol,
      sessions: sessions.filter((session) => isAskable(known.get(symbol), session) && !have.get(symbol)?.has(session)),
    }))
    .filter(({ sessions }) => sessions.length > 0);
}

/** Bars are of sessions only, so as many as a run of sessions has days are all of it: a count tells, where most symbols are complete. */
async function withoutWholeRuns(client: Queryable, calendar: TradingCalendar, wanted: readonly Gap[]): Promise<readonly Gap[]> {
  const { rows } = await client.query<{ symbol: string; bars: number }>(
    `SELECT symbol, bars FROM unnest($1::text[], $2::date[], $3::date[]) AS wanted (symbol, first, last) CROSS JOIN LATERAL (
       SELECT count(*)::int AS bars FROM price_bars WHERE symbol = wanted.symbol AND session_date BETWEEN first AND last AND revision = 0) AS stored`,
    [
      wanted.map(({ symbol }) => symbol),
      wanted.map(({ sessions }) => sessions[0] ?? null),
      wanted.map(({ sessions }) => sessions.at(-1) ?? null),
    ],
  );
  const barsOf = new Map(rows.map(({ symbol, bars }) => [symbol, bars]));
  return wanted.filter(({ symbol, sessions }) => {
    const [first, last] = [sessions[0], sessions.at(-1)];
    if (first === undefined || last === undefined) return false;
    const isRun = calendar.sessionIndex(last) - calendar.sessionIndex(first) + 1 === sessions.length;
    return !isRun || barsOf.get(symbol) !== sessions.length;
  });
}

type KnownSecurity = Readonly<{ symbol: string; listedFrom: string | null; delistedOn: string | null; isResting: boolean }>;

function isAskable(security: KnownSecurity | undefined, session: string): boolean {
  if (security === undefined) return true;
  const { listedFrom, delistedOn, isResting } = security;
  if (listedFrom !== null && session < listedFrom) return false;
  return !isResting || (delistedOn !== null && session <= delistedOn);
}

/** Remembers that a symbol has no data, so that it is not asked for again every night. */
export async function noteNoData(db: Db, hold: JobHold, symbol: string, reason: string, retryDays: number): Promise<void> {
  await inHeldTransaction(db, hold, (client) =>
    client.query(
      `INSERT INTO securities (symbol, no_data_until, no_data_text) VALUES ($1, clock_timestamp() + make_interval(days => $3), $2)
       ON CONFLICT (symbol) DO UPDATE SET no_data_until = EXCLUDED.no_data_until, no_data_text = EXCLUDED.no_data_text, checked_at = now()`,
      [symbol, reason, retryDays],
    ),
  );
}

/** A halt is shorter as a rule; a takeover, a bankruptcy or a new ticker is not. */
const DELISTED_AFTER_SESSIONS = 10;
const DELISTED_RETRY_DAYS = 7;

/**
 * Takes a symbol for delisted, as of its last bar, when it has been asked for in vain for so many sessions since: from then on its newer
 * sessions are asked for weekly. Bars in quarantine say that it trades. To be called when no provider had any of the newest sessions; a bar
 * that comes undoes it. True when it is taken for delisted now.
 */
export async function noteDelisting(db: Db, hold: JobHold, symbol: string, reason: string): Promise<boolean> {
  return inHeldTransaction(db, hold, async (client) => {
    const { rowCount } = await client.query(
      `UPDATE securities SET delisted_on = last.session_date, no_data_text = $2, no_data_until = clock_timestamp() + make_interval(days => $4)
       FROM (SELECT session_date FROM price_bars WHERE symbol = $1 ORDER BY session_date DESC LIMIT 1) AS last
       WHERE symbol = $1 AND (SELECT count(*) FROM missing_bars WHERE symbol = $1 AND missing_bars.session_date > last.session_date) >= $3
         AND NOT EXISTS (SELECT 1 FROM quarantined_bars WHERE symbol = $1 AND quarantined_bars.session_date > last.session_date)`,
      [symbol, reason, DELISTED_AFTER_SESSIONS, DELISTED_RETRY_DAYS],
    );
    return rowCount === 1;
  });
}
