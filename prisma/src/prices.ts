// Closes and corporate actions as calculations read them: in bulk, the newest revision of each session.
import { groupBy } from '@closebell/shared/grouping';
import type { StoredAction, StoredClose } from '@closebell/shared/ledger/price-book';
import type { Queryable } from './client.js';

/** By symbol, oldest first: the closes from `from` to `to`, and before them the last close earlier than `from`. */
export async function loadCloses(
  client: Queryable,
  symbols: readonly string[],
  from: string,
  to: string,
): Promise<ReadonlyMap<string, readonly StoredClose[]>> {
  if (symbols.length === 0) return new Map();
  const [base, window] = await Promise.all([
    client.query<CloseRow>({ rowMode: 'array', text: CLOSE_AS_OF, values: [symbols, symbols.map(() => dayBefore(from))] }),
    client.query<ClosesRow>({ rowMode: 'array', text: CLOSES_BETWEEN, values: [symbols, from, to] }),
  ]);
  const closes = new Map(base.rows.map((row): [string, readonly StoredClose[]] => [row[0], [toClose(row)]]));
  const sessionsOf = createSessionLists();
  for (const [symbol, dates, texts] of window.rows) {
    closes.set(symbol, [...(closes.get(symbol) ?? []), ...newestCloses(symbol, sessionsOf(dates), texts.split(','))]);
  }
  return closes;
}

/** The last close of each symbol on or before its date; a pair without one is absent. In the order asked. */
export async function loadClosesAsOf(
  client: Queryable,
  wanted: readonly Readonly<{ symbol: string; date: string }>[],
): Promise<readonly (StoredClose & Readonly<{ asOf: string }>)[]> {
  if (wanted.length === 0) return [];
  const { rows } = await client.query<[...CloseRow, string]>({
    rowMode: 'array',
    text: CLOSE_AS_OF,
    values: [wanted.map(({ symbol }) => symbol), wanted.map(({ date }) => date)],
  });
  return rows.map(([symbol, date, close, asOf]) => ({ ...toClose([symbol, date, close]), asOf }));
}

/** Splits and dividends of the symbols up to `to`, oldest first, by symbol. */
export async function loadActions(
  client: Queryable,
  symbols: readonly string[],
  to: string,
): Promise<ReadonlyMap<string, readonly StoredAction[]>> {
  const { rows } = await client.query<StoredAction>(
    `SELECT symbol, ex_date AS "exDate", action_type AS type, amount, numerator, denominator FROM corporate_actions
     WHERE symbol = ANY($1) AND ex_date <= $2 ORDER BY symbol, ex_date, action_type DESC`,
    [symbols, to],
  );
  return groupBy(rows, ({ symbol }) => symbol);
}

type CloseRow = [symbol: string, sessionDate: string, closeE6: number];

const CLOSE_AS_OF = `
  SELECT bar.symbol, bar.session_date, bar.close_e6, wanted.date
  FROM unnest($1::text[], $2::date[]) AS wanted (symbol, date) CROSS JOIN LATERAL (
    SELECT symbol, session_date, (close * 1000000)::float8 AS close_e6 FROM price_bars
    WHERE price_bars.symbol = wanted.symbol AND session_date <= wanted.date ORDER BY session_date DESC, revision DESC LIMIT 1) AS bar`;

/** `dates` and `closes` are lists with commas, of the same length: 250,000 rows would take pg longer to hand over than to read. */
type ClosesRow = [symbol: string, dates: string, closes: string];

const CLOSES_BETWEEN = `
  SELECT symbol, string_agg(session_date::text, ',' ORDER BY session_date, revision), string_agg(close::text, ',' ORDER BY session_date, revision)
  FROM price_bars WHERE symbol = ANY($1) AND session_date BETWEEN $2 AND $3 GROUP BY symbol`;

/** Nearly all symbols have closes of the same sessions: each list is taken apart once, and its dates are the same strings for all. */
function createSessionLists(): (dates: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  return (dates) => {
    const list = known.get(dates) ?? dates.split(',');
    known.set(dates, list);
    return list;
  };
}

/** Revisions come ascending: the last one of a session counts. */
function newestCloses(symbol: string, sessions: readonly string[], closes: readonly string[]): readonly StoredClose[] {
  const all = sessions.map((sessionDate, at) => ({ symbol, sessionDate, closeE6: Math.round(Number(closes[at]) * 1e6) }));
  return all.filter(({ sessionDate }, at) => sessions[at + 1] !== sessionDate);
}

function toClose([symbol, sessionDate, closeE6]: CloseRow): StoredClose {
  return { symbol, sessionDate, closeE6: Math.round(closeE6) };
}

function dayBefore(date: string): string {
  return new Date(Date.parse(date) - 86_400_000).toISOString().slice(0, 10);
}
