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
    client.query<CloseRow>({ rowMode: 'array', text: CLOSES_BETWEEN, values: [symbols, from, to] }),
  ]);
  return groupBy([...base.rows, ...newestRevisions(window.rows)].map(toClose), ({ symbol }) => symbol);
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

const CLOSES_BETWEEN = `
  SELECT symbol, session_date, (close * 1000000)::float8 FROM price_bars
  WHERE symbol = ANY($1) AND session_date BETWEEN $2 AND $3 ORDER BY symbol, session_date, revision`;

/** Rows come with revisions ascending: the last one of a session counts. */
function newestRevisions(rows: readonly CloseRow[]): readonly CloseRow[] {
  return rows.filter(([symbol, date], at) => rows[at + 1]?.[0] !== symbol || rows[at + 1]?.[1] !== date);
}

function toClose([symbol, sessionDate, closeE6]: CloseRow): StoredClose {
  return { symbol, sessionDate, closeE6: Math.round(closeE6) };
}

function dayBefore(date: string): string {
  return new Date(Date.parse(date) - 86_400_000).toISOString().slice(0, 10);
}
