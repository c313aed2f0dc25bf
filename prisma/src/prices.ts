// Closes and corporate actions as calculations read them: in bulk, the newest revision of each session.
import type { SymbolCloses } from '@closebell/shared/calc/price-series';
import { dayNumber, isoDate } from '@closebell/shared/calendar/calendar-date';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { groupBy } from '@closebell/shared/grouping';
import { toClose, type StoredAction, type StoredClose } from '@closebell/shared/ledger/price-book';
import type { Queryable } from './client.js';
import { closeWindows, loadPackedCloses } from './packed-closes.js';

/** By symbol, from the session `from` to `to`, and before them the last close earlier than `from`. Symbols without any are absent. */
export async function loadCloses(
  client: Queryable,
  calendar: TradingCalendar,
  symbols: readonly string[],
  { from, to }: Readonly<{ from: string; to: string }>,
): Promise<ReadonlyMap<string, SymbolCloses>> {
  if (symbols.length === 0) return new Map();
  const dayBefore = isoDate(dayNumber(from) - 1);
  const earlier = symbols.map((symbol) => ({ symbol, date: dayBefore }));
  const [base, ...parts] = await Promise.all([
    loadClosesAsOf(client, earlier),
    ...sideBySide(symbols).map((part) => loadPackedCloses(client, new Map(part.map((symbol) => [symbol, from])), to)),
  ]);
  const packed = parts.flat();
  const sessions = calendar.sessionsBetween(from, to);
  const firstIndex = calendar.sessionIndex(from);
  const before = new Map(base.map((close) => [close.symbol, toClose(calendar, close)]));
  const windowOf = closeWindows(sessions);
  const windows = new Map(packed.map((rows) => [rows.symbol, windowOf(rows).map((close) => Math.round(close * 1e6))]));
  const none = new Float64Array(sessions.length).fill(Number.NaN);
  return new Map(
    [...new Set([...before.keys(), ...windows.keys()])].map((symbol) => [
      symbol,
      { before: before.get(symbol) ?? null, firstIndex, closeE6: windows.get(symbol) ?? none },
    ]),
  );
}

const SYMBOLS_AT_ONCE = 64;

/** Many symbols in two parts: packing them is work for the database, which has a processor for each connection. */
function sideBySide(symbols: readonly string[]): readonly (readonly string[])[] {
  const middle = Math.ceil(symbols.length / 2);
  return symbols.length <= SYMBOLS_AT_ONCE ? [symbols] : [symbols.slice(0, middle), symbols.slice(middle)];
}

/** The last close of each symbol on or before its date; a pair without one is absent. In the order asked. */
export async function loadClosesAsOf(
  client: Queryable,
  wanted: readonly Readonly<{ symbol: string; date: string }>[],
): Promise<readonly (StoredClose & Readonly<{ asOf: string }>)[]> {
  if (wanted.length === 0) return [];
  const { rows } = await client.query<[symbol: string, sessionDate: string, closeE6: number, asOf: string]>({
    rowMode: 'array',
    text: CLOSE_AS_OF,
    values: [wanted.map(({ symbol }) => symbol), wanted.map(({ date }) => date)],
  });
  return rows.map(([symbol, sessionDate, closeE6, asOf]) => ({ symbol, sessionDate, closeE6: Math.round(closeE6), asOf }));
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

const CLOSE_AS_OF = `
  SELECT bar.symbol, bar.session_date, bar.close_e6, wanted.date
  FROM unnest($1::text[], $2::date[]) AS wanted (symbol, date) CROSS JOIN LATERAL (
    SELECT symbol, session_date, (close * 1000000)::float8 AS close_e6 FROM price_bars
    WHERE price_bars.symbol = wanted.symbol AND session_date <= wanted.date ORDER BY session_date DESC, revision DESC LIMIT 1) AS bar`;
