// Bars, gaps and corporate actions on their way in. Nothing is ever overwritten: a close that disagrees becomes a new revision.
import type { CorporateAction, OhlcvBar } from '@closebell/shared/market-data/provider';
import type pg from 'pg';
import type { Db, Queryable } from './client.js';
import { inHeldTransaction, type JobHold } from './job-runs.js';

export type StoreResult = Readonly<{ inserted: number; revised: number; actions: number; dirtied: number }>;

export type FetchedBars = Readonly<{
  symbol: string;
  provider: string;
  bars: readonly OhlcvBar[];
  actions: readonly CorporateAction[];
  /** The sessions that were asked for. */
  asked: readonly string[];
}>;

/** A session without a bar is asked for again after this long. */
const GAP_RETRY_DAYS = 7;
/** The newest session may only be late: it is asked for again soon. */
const LATEST_RETRY_HOURS = 1;

/**
 * Stores what a provider gave for one symbol, in one transaction: new bars as revision 0, closes that disagree with the newest stored
 * one beyond rounding as its next revision, corporate actions, and the sessions that stay missing. Portfolios whose
 * snapshots cover a session that changed become dirty from it, also for a bar or an action that came late.
 */
export async function storeFetchedBars(db: Db, hold: JobHold, fetched: FetchedBars, latestSession: string): Promise<StoreResult> {
  return inHeldTransaction(db, hold, async (client) => {
    const inserted = await insertNewBars(client, fetched);
    const revised = await insertRevisions(client, fetched);
    const actions = await insertActions(client, fetched);
    await noteGaps(client, fetched, latestSession);
    await noteListing(client, fetched);
    const dirtied = await dirtyHolders(client, fetched.symbol, [...inserted, ...revised, ...actions]);
    return { inserted: inserted.length, revised: revised.length, actions: actions.length, dirtied };
  });
}

function barColumns({ symbol, provider, bars }: FetchedBars): readonly unknown[] {
  return [
    symbol,
    bars.map(({ sessionDate }) => sessionDate),
    bars.map(({ open }) => open),
    bars.map(({ high }) => high),
    bars.map(({ low }) => low),
    bars.map(({ close }) => close),
    bars.map(({ volume }) => volume?.toString() ?? null),
    provider,
  ];
}

const GIVEN = `unnest($2::date[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[], $7::bigint[])
  AS given (session_date, open, high, low, close, volume)`;

async function insertNewBars(client: pg.PoolClient, fetched: FetchedBars): Promise<readonly string[]> {
  const { rows } = await client.query<{ session_date: string }>(
    `INSERT INTO price_bars (symbol, session_date, revision, open, high, low, close, volume, provider)
     SELECT $1, session_date, 0, open, high, low, round(close, 6), volume, $8 FROM ${GIVEN} ORDER BY session_date ON CONFLICT DO NOTHING RETURNING session_date`,
    [...barColumns(fetched)],
  );
  return rows.map(({ session_date: date }) => date);
}

/** Half a cent in a hundred dollars: what rounding explains, and no more. */
const AGREES_WITHIN = 5e-5;

async function insertRevisions(client: pg.PoolClient, fetched: FetchedBars): Promise<readonly string[]> {
  const { rows } = await client.query<{ session_date: string }>(
    `INSERT INTO price_bars (symbol, session_date, revision, open, high, low, close, volume, provider, reason)
     SELECT $1, given.session_date, known.revision + 1, given.open, given.high, given.low, round(given.close, 6), given.volume, $8,
       'close was ' || known.close || ' by ' || known.provider
     FROM ${GIVEN} JOIN LATERAL (
       SELECT revision, close, provider FROM price_bars WHERE symbol = $1 AND session_date = given.session_date
       ORDER BY revision DESC LIMIT 1) AS known ON abs(known.close - given.close) > ${AGREES_WITHIN} * known.close
     ORDER BY given.session_date ON CONFLICT DO NOTHING RETURNING session_date`,
    [...barColumns(fetched)],
  );
  return rows.map(({ session_date: date }) => date);
}

async function insertActions(client: pg.PoolClient, { provider, actions }: FetchedBars): Promise<readonly string[]> {
  if (actions.length === 0) return [];
  const { rows } = await client.query<{ ex_date: string }>(
    `INSERT INTO corporate_actions (symbol, ex_date, action_type, amount, numerator, denominator, provider)
     SELECT *, $7 FROM unnest($1::text[], $2::date[], $3::text[], $4::numeric[], $5::int[], $6::int[]) ON CONFLICT DO NOTHING RETURNING ex_date`,
    [
      actions.map(({ symbol }) => symbol),
      actions.map(({ exDate }) => exDate),
      actions.map(({ type }) => type),
      actions.map((action) => (action.type === 'dividend' ? action.amount : null)),
      actions.map((action) => (action.type === 'split' ? action.numerator : null)),
      actions.map((action) => (action.type === 'split' ? action.denominator : null)),
      provider,
    ],
  );
  return rows.map(({ ex_date: date }) => date);
}

async function noteGaps(client: pg.PoolClient, { symbol, bars, asked }: FetchedBars, latestSession: string): Promise<void> {
  const given = new Set(bars.map(({ sessionDate }) => sessionDate));
  const missing = asked.filter((session) => !given.has(session));
  await client.query(`DELETE FROM missing_bars WHERE symbol = $1 AND session_date = ANY($2::date[])`, [symbol, [...given]]);
  await client.query(
    `INSERT INTO missing_bars (symbol, session_date, reason, retry_at)
     SELECT $1, date, 'the provider has no bar', clock_timestamp() + CASE WHEN date = $3::date THEN interval '${LATEST_RETRY_HOURS} hours'
       ELSE interval '${GAP_RETRY_DAYS} days' END FROM unnest($2::date[]) AS gap (date)
     ON CONFLICT (symbol, session_date) DO UPDATE SET retry_at = EXCLUDED.retry_at, reason = EXCLUDED.reason`,
    [symbol, missing, latestSession],
  );
}

/** Sessions before a symbol's first bar are no gaps, once a provider was asked for earlier ones and had none. */
async function noteListing(client: pg.PoolClient, { symbol, bars, asked }: FetchedBars): Promise<void> {
  const first = bars[0]?.sessionDate;
  const listedFrom = first !== undefined && asked[0] !== undefined && asked[0] < first ? first : null;
  await client.query(
    `INSERT INTO securities (symbol, listed_from) VALUES ($1, $2)
     ON CONFLICT (symbol) DO UPDATE SET no_data_until = NULL, no_data_text = NULL, checked_at = now(),
       listed_from = CASE WHEN securities.listed_from IS NULL AND NOT EXISTS (
           SELECT 1 FROM price_bars WHERE symbol = $1 AND session_date < EXCLUDED.listed_from) THEN EXCLUDED.listed_from
         WHEN EXCLUDED.listed_from < securities.listed_from THEN EXCLUDED.listed_from ELSE securities.listed_from END`,
    [symbol, listedFrom],
  );
}

/**
 * A portfolio becomes dirty from the first changed session that its snapshots cover while it held the symbol. At or before its anchor that
 * is the whole history, because equity rolls back from there. One that is being computed just now becomes dirty whatever its snapshots
 * cover: those of its first calculation are still to come, and may have been made without these bars.
 */
async function dirtyHolders(client: Queryable, symbol: string, changed: readonly string[]): Promise<number> {
  if (changed.length === 0) return 0;
  const { rowCount } = await client.query(
    `WITH changed AS (SELECT date FROM unnest($2::date[]) AS given (date)),
     holders AS (
       SELECT DISTINCT portfolio_id FROM positions WHERE deleted_at IS NULL AND (symbol = $1 OR underlying_symbol = $1)
         AND (exit_date IS NULL OR exit_date >= (SELECT min(date) FROM changed))),
     touched AS (
       SELECT covered.portfolio_id, covered.history_from, min(changed.date) AS first
       FROM (SELECT portfolio_id, min(snapshot_date) AS history_from, max(snapshot_date) AS history_to FROM portfolio_snapshots
             WHERE is_complete AND portfolio_id IN (SELECT portfolio_id FROM holders) GROUP BY portfolio_id) AS covered
       JOIN changed ON changed.date BETWEEN covered.history_from AND covered.history_to
       GROUP BY 1, 2),
     computed AS (
       SELECT portfolio_id FROM calculation_claims JOIN holders USING (portfolio_id) WHERE lease_until > clock_timestamp()),
     locked AS (
       SELECT id FROM portfolios WHERE id IN (SELECT portfolio_id FROM touched UNION SELECT portfolio_id FROM computed)
       ORDER BY id FOR NO KEY UPDATE)
     UPDATE portfolios SET generation = generation + 1,
       dirty_from = least(dirty_from, CASE WHEN touched.first IS NULL THEN (SELECT min(date) FROM changed)
         WHEN touched.first <= equity_as_of THEN touched.history_from ELSE touched.first END)
     FROM locked LEFT JOIN touched ON touched.portfolio_id = locked.id
     WHERE portfolios.id = locked.id AND deleted_at IS NULL`,
    [symbol, changed],
  );
  return rowCount ?? 0;
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

export type Gap = Readonly<{ symbol: string; sessions: readonly string[] }>;

/**
 * Which of the sessions wanted per symbol are neither stored, nor before its listing, nor asked for in vain of late.
 * A symbol that is known to have no data has no gaps until its retry date.
 */
export async function findGaps(
  client: Queryable,
  wanted: readonly Readonly<{ symbol: string; sessions: readonly string[] }>[],
): Promise<readonly Gap[]> {
  const symbols = wanted.map(({ symbol }) => symbol);
  const first = wanted.reduce(
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
    client.query<{ symbol: string; listed_from: string | null; resting: boolean }>(
      `SELECT symbol, listed_from, coalesce(no_data_until > clock_timestamp(), false) AS resting FROM securities WHERE symbol = ANY($1)`,
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
  return wanted
    .filter(({ symbol }) => known.get(symbol)?.resting !== true)
    .map(({ symbol, sessions }) => ({
      symbol,
      sessions: sessions.filter(
        (session) => session >= (known.get(symbol)?.listed_from ?? '') && !have.get(symbol)?.has(session),
      ),
    }))
    .filter(({ sessions }) => sessions.length > 0);
}
