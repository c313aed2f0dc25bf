// Bars and corporate actions on their way in, many symbols at a time. Nothing is ever overwritten: a close that disagrees becomes a new
// revision.
import type { CorporateAction, OhlcvBar } from '@closebell/shared/market-data/provider';
import type { Db, Queryable } from './client.js';
import { inHeldTransaction, type JobHold } from './job-runs.js';
import { dropStatistics } from './statistics-changes.js';

/** Bars and actions that are new, and portfolios that became dirty by them. */
export type StoreResult = Readonly<{ inserted: number; revised: number; actions: number; dirtied: number }>;

/** What one provider gave. Bars oldest first. */
type ProviderAnswer = Readonly<{ provider: string; bars: readonly OhlcvBar[]; actions: readonly CorporateAction[] }>;

export type FetchedBars = Readonly<{
  symbol: string;
  /** No session is in two of them. */
  answers: readonly ProviderAnswer[];
  /** The sessions that were asked for. */
  asked: readonly string[];
  /** By session: why it has no bar, where more is known than that the provider has none. */
  reasons?: ReadonlyMap<string, string>;
}>;

/** A session without a bar is asked for again after this long. */
const GAP_RETRY_DAYS = 7;
/** The newest session may only be late: it is asked for again soon. */
const LATEST_RETRY_HOURS = 1;

/**
 * Stores what providers gave for some symbols, no two of them the same, in one transaction: new bars as revision 0, closes that disagree
 * beyond rounding with the newest stored one of the same provider as its next revision, corporate actions, and the sessions that stay
 * missing. Closes of two providers differ a little as a rule: only its own corrects one, or figures would change with whoever answers.
 * Portfolios whose snapshots cover a session that changed become dirty from it, also for a bar or an action that came late.
 */
export async function storeFetchedBars(
  db: Db,
  hold: JobHold,
  fetched: readonly FetchedBars[],
  latestSession: string,
): Promise<StoreResult> {
  return inHeldTransaction(db, hold, async (client) => {
    const given = inOrder(fetched.flatMap(({ symbol, answers }) => answers.map((answer) => ({ symbol, ...answer }))));
    const inserted = await insertNewBars(client, given);
    const revised = await insertRevisions(client, without(given, inserted));
    const actions = await insertActions(client, given);
    await noteGaps(client, fetched, latestSession);
    await noteListings(client, fetched);
    await dropStatistics(client, [inserted, revised, actions]);
    const dirtied = await dirtyHolders(client, [inserted, revised, actions]);
    return { inserted: total(inserted), revised: total(revised), actions: total(actions), dirtied };
  });
}

/** Two workers that store the same symbols must not lock their rows crosswise. */
function inOrder<T extends Readonly<{ symbol: string }>>(sources: readonly T[]): readonly T[] {
  return [...sources].sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
}

/** By symbol, oldest first. */
type Sessions = ReadonlyMap<string, readonly string[]>;
type SymbolBars = Readonly<{ symbol: string; provider: string; bars: readonly OhlcvBar[] }>;

function total(sessions: Sessions): number {
  return [...sessions.values()].reduce((sum, { length }) => sum + length, 0);
}

/** A statement that changed sessions gives them as one row for each symbol. */
async function changedSessions(client: Queryable, text: string, values: readonly unknown[]): Promise<Sessions> {
  const { rows } = await client.query<{ symbol: string; dates: string }>(
    `WITH changed AS (${text}) SELECT symbol, string_agg(date::text, ',' ORDER BY date) AS dates FROM changed GROUP BY symbol`,
    [...values],
  );
  return new Map(rows.map(({ symbol, dates }) => [symbol, dates.split(',')]));
}

async function insertNewBars(client: Queryable, given: readonly SymbolBars[]): Promise<Sessions> {
  return changedSessions(
    client,
    `INSERT INTO price_bars (symbol, session_date, revision, open, high, low, close, volume, provider)
     SELECT symbol, session_date, 0, open, high, low, close, volume, provider FROM ${GIVEN} ON CONFLICT DO NOTHING RETURNING symbol, session_date AS date`,
    barColumns(given),
  );
}

/** What had a bar already. */
function without(given: readonly SymbolBars[], inserted: Sessions): readonly SymbolBars[] {
  return given
    .map(({ symbol, provider, bars }) => {
      const isNew = new Set(inserted.get(symbol));
      return { symbol, provider, bars: bars.filter(({ sessionDate }) => !isNew.has(sessionDate)) };
    })
    .filter(({ bars }) => bars.length > 0);
}

/** Half a cent in a hundred dollars: what rounding explains, and no more. */
const AGREES_WITHIN = 5e-5;

async function insertRevisions(client: Queryable, known: readonly SymbolBars[]): Promise<Sessions> {
  if (known.length === 0) return new Map();
  return changedSessions(
    client,
    `INSERT INTO price_bars (symbol, session_date, revision, open, high, low, close, volume, provider, reason)
     SELECT given.symbol, given.session_date, known.revision + 1, given.open, given.high, given.low, given.close, given.volume,
       given.provider, 'close was ' || known.close
     FROM ${GIVEN} JOIN LATERAL (
       SELECT revision, close, provider FROM price_bars WHERE symbol = given.symbol AND session_date = given.session_date
       ORDER BY revision DESC LIMIT 1) AS known ON abs(known.close - given.close) > ${AGREES_WITHIN} * known.close
       AND known.provider = given.provider
     ORDER BY given.symbol, given.session_date ON CONFLICT DO NOTHING RETURNING symbol, session_date AS date`,
    barColumns(known),
  );
}

/** In the order given, which a join would lose. */
const GIVEN = `(
  SELECT ($1::text[])[place] AS symbol, ($2::text[])[place] AS provider, bar.*
  FROM unnest($3::int[], $4::date[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[], $9::bigint[])
    AS bar (place, session_date, open, high, low, close, volume)) AS given`;

function barColumns(sources: readonly SymbolBars[]): readonly unknown[] {
  const bars = sources.flatMap((source) => source.bars);
  return [
    sources.map(({ symbol }) => symbol),
    sources.map(({ provider }) => provider),
    arrayText(sources.flatMap((source, at) => source.bars.map(() => at + 1))),
    arrayText(bars.map(({ sessionDate }) => sessionDate)),
    arrayText(bars.map(({ open }) => open)),
    arrayText(bars.map(({ high }) => high)),
    arrayText(bars.map(({ low }) => low)),
    arrayText(bars.map(({ close }) => close)),
    arrayText(bars.map(({ volume }) => volume)),
  ];
}

/** What pg makes of an array of these, without looking for quotes in a million of them. */
function arrayText(values: readonly (number | bigint | string | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

/** Two providers may date one payment or split a day apart, over a weekend three: the one that is stored counts. */
const SAME_ACTION_DAYS = 3;

async function insertActions(client: Queryable, answers: readonly ProviderAnswer[]): Promise<Sessions> {
  const given = answers.flatMap(({ provider, actions }) => actions.map((action) => ({ provider, action })));
  if (given.length === 0) return new Map();
  return changedSessions(
    client,
    `INSERT INTO corporate_actions (symbol, ex_date, action_type, amount, numerator, denominator, provider)
     SELECT given.* FROM unnest($1::text[], $2::date[], $3::text[], $4::numeric[], $5::int[], $6::int[], $7::text[])
       AS given (symbol, ex_date, action_type, amount, numerator, denominator, provider)
     WHERE NOT EXISTS (
       SELECT 1 FROM corporate_actions known WHERE known.symbol = given.symbol AND known.action_type = given.action_type
         AND known.provider <> given.provider AND abs(known.ex_date - given.ex_date) <= ${SAME_ACTION_DAYS})
     ORDER BY 1, 2, 3
     ON CONFLICT DO NOTHING RETURNING symbol, ex_date AS date`,
    [
      given.map(({ action }) => action.symbol),
      given.map(({ action }) => action.exDate),
      given.map(({ action }) => action.type),
      given.map(({ action }) => (action.type === 'dividend' ? action.amount : null)),
      given.map(({ action }) => (action.type === 'split' ? action.numerator : null)),
      given.map(({ action }) => (action.type === 'split' ? action.denominator : null)),
      given.map(({ provider }) => provider),
    ],
  );
}

async function noteGaps(client: Queryable, fetched: readonly FetchedBars[], latestSession: string): Promise<void> {
  await client.query(
    `DELETE FROM missing_bars gap WHERE symbol = ANY($1)
       AND EXISTS (SELECT 1 FROM price_bars bar WHERE bar.symbol = gap.symbol AND bar.session_date = gap.session_date)`,
    [fetched.map(({ symbol }) => symbol)],
  );
  const missing = fetched.flatMap(({ symbol, answers, asked, reasons }) => {
    const given = new Set(answers.flatMap(({ bars }) => bars.map(({ sessionDate }) => sessionDate)));
    const reasonOf = (session: string): string => reasons?.get(session) ?? 'the provider has no bar';
    const last = answers.map(({ bars }) => bars.at(-1)?.sessionDate ?? '').reduce((a, b) => (a > b ? a : b), '');
    // Bars held back up to the newest one: what explains the first explains them all, so they are asked for again together, and soon.
    const isToday = asked.at(-1) === latestSession;
    const soonFrom = (isToday && asked.find((session) => session > last && reasons?.has(session))) || latestSession;
    return asked
      .filter((session) => !given.has(session))
      .map((session) => ({ symbol, session, reason: reasonOf(session), isSoon: session >= soonFrom }));
  });
  if (missing.length === 0) return;
  await client.query(
    `INSERT INTO missing_bars (symbol, session_date, reason, retry_at)
     SELECT symbol, date, reason, clock_timestamp() + CASE WHEN soon THEN interval '${LATEST_RETRY_HOURS} hours'
       ELSE interval '${GAP_RETRY_DAYS} days' END FROM unnest($1::text[], $2::date[], $3::text[], $4::bool[]) AS gap (symbol, date, reason, soon)
     ORDER BY 1, 2
     ON CONFLICT (symbol, session_date) DO UPDATE SET retry_at = EXCLUDED.retry_at, reason = EXCLUDED.reason`,
    [
      missing.map(({ symbol }) => symbol),
      missing.map(({ session }) => session),
      missing.map(({ reason }) => reason),
      missing.map(({ isSoon }) => isSoon),
    ],
  );
}

/**
 * Sessions before a symbol's first bar are no gaps, once a provider was asked for earlier ones and had none. Whatever has data rests no
 * longer, but for a symbol that is taken for delisted and has no newer bar.
 */
async function noteListings(client: Queryable, fetched: readonly FetchedBars[]): Promise<void> {
  const listings = fetched.map(({ symbol, answers, asked: [firstAsked] }) => {
    const [first] = answers.flatMap(({ bars }) => bars[0]?.sessionDate ?? []).sort((a, b) => (a < b ? -1 : 1));
    return { symbol, from: first !== undefined && firstAsked !== undefined && firstAsked < first ? first : null };
  });
  await client.query(
    `INSERT INTO securities AS known (symbol, listed_from) SELECT * FROM unnest($1::text[], $2::date[]) ORDER BY 1
     ON CONFLICT (symbol) DO UPDATE SET checked_at = now(),
       (no_data_until, no_data_text, delisted_on) = (SELECT known.no_data_until, known.no_data_text, known.delisted_on
         WHERE known.delisted_on >= (SELECT max(session_date) FROM price_bars WHERE symbol = known.symbol)),
       listed_from = CASE WHEN known.listed_from IS NULL AND NOT EXISTS (
           SELECT 1 FROM price_bars WHERE symbol = known.symbol AND session_date < EXCLUDED.listed_from) THEN EXCLUDED.listed_from
         WHEN EXCLUDED.listed_from < known.listed_from THEN EXCLUDED.listed_from ELSE known.listed_from END`,
    [listings.map(({ symbol }) => symbol), listings.map(({ from }) => from)],
  );
}

/**
 * A portfolio becomes dirty from the first changed session that its snapshots cover while it held the symbol. At or before its anchor that
 * is the whole history, because equity rolls back from there. One that is being computed just now becomes dirty whatever its snapshots
 * cover: those of its first calculation are still to come, and may have been made without these bars.
 */
async function dirtyHolders(client: Queryable, changes: readonly Sessions[]): Promise<number> {
  const symbols = [...new Set(changes.flatMap((change) => [...change.keys()]))];
  if (symbols.length === 0) return 0;
  const dates = symbols.map((symbol) => changes.flatMap((change) => change.get(symbol) ?? []).join(','));
  const { rowCount } = await client.query(
    `WITH changed AS (
       SELECT symbol, date FROM unnest($1::text[], $2::text[]) AS given (symbol, dates) CROSS JOIN unnest(string_to_array(dates, ',')::date[]) AS date),
     spans AS (SELECT symbol, min(date) AS first FROM changed GROUP BY 1),
     holders AS (
       SELECT portfolio_id, spans.symbol, first FROM spans JOIN positions USING (symbol)
       WHERE deleted_at IS NULL AND (exit_date IS NULL OR exit_date >= first)
       UNION
       SELECT portfolio_id, spans.symbol, first FROM spans JOIN positions ON underlying_symbol = spans.symbol
       WHERE deleted_at IS NULL AND (exit_date IS NULL OR exit_date >= first)),
     covered AS (
       SELECT portfolio_id, min(snapshot_date) AS history_from, max(snapshot_date) AS history_to FROM portfolio_snapshots
       WHERE is_complete AND portfolio_id IN (SELECT portfolio_id FROM holders) GROUP BY 1),
     touched AS (
       SELECT portfolio_id, history_from, min(date) AS first FROM covered JOIN holders USING (portfolio_id) JOIN changed USING (symbol)
       WHERE date BETWEEN history_from AND history_to GROUP BY 1, 2),
     computed AS (
       SELECT portfolio_id, min(first) AS first
       FROM calculation_claims JOIN holders USING (portfolio_id) WHERE lease_until > clock_timestamp() GROUP BY 1),
     locked AS (
       SELECT id FROM portfolios WHERE id IN (SELECT portfolio_id FROM touched UNION SELECT portfolio_id FROM computed)
       ORDER BY id FOR NO KEY UPDATE)
     UPDATE portfolios SET generation = generation + 1,
       dirty_from = least(dirty_from, CASE WHEN touched.first IS NULL THEN computed.first
         WHEN touched.first <= equity_as_of THEN touched.history_from ELSE touched.first END)
     FROM locked LEFT JOIN touched ON touched.portfolio_id = locked.id LEFT JOIN computed ON computed.portfolio_id = locked.id
     WHERE portfolios.id = locked.id AND deleted_at IS NULL`,
    [symbols, dates],
  );
  return rowCount ?? 0;
}
