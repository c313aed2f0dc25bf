// Closes and total returns of many symbols over the sessions that end at one, for figures that are made of returns.
import { actionsBySession, totalReturns } from '@closebell/shared/calc/returns';
import { groupBy } from '@closebell/shared/grouping';
import { toDatedAction, type StoredAction } from '@closebell/shared/ledger/price-book';
import type { Queryable } from './client.js';
import { closeWindows, loadPackedCloses } from './packed-closes.js';

export type PriceWindowsRequest = Readonly<{
  /** Consecutive, ascending. */
  sessions: readonly string[];
  /** How many of them are wanted of each symbol: the last ones. More than there are give all. */
  closesWanted: ReadonlyMap<string, number>;
}>;

export type PriceWindows = Readonly<{
  /** Of every symbol asked for, one figure for each session wanted: the raw close of the newest revision in dollars, NaN without one. */
  closes: ReadonlyMap<string, Float64Array>;
  /** As long, decimal: NaN in the first place and wherever this or the previous session has no close. */
  returns: ReadonlyMap<string, Float64Array>;
  /** Stored rows that were read. Prices are only ever added to, so nothing has changed while `countPriceRows` gives the same. */
  rowsRead: number;
}>;

/** Closes of other days than the sessions are left out. */
export async function loadPriceWindows(client: Queryable, request: PriceWindowsRequest): Promise<PriceWindows> {
  const { sessions, closesWanted } = request;
  const firstOf = firstsOf(request);
  const packed = await loadPackedCloses(client, firstOf, sessions.at(-1)!);
  const { rows: actionRows } = await client.query<StoredAction>(ACTIONS, spansOf(request));
  const actions = groupBy(actionRows, ({ symbol }) => symbol);
  const windowOf = closeWindows(sessions);
  const stored = new Map(packed.map((rows) => [rows.symbol, windowOf(rows)]));
  const none = new Float64Array(sessions.length).fill(Number.NaN);
  const closes = new Map(
    [...closesWanted].map(([symbol, count]) => [symbol, (stored.get(symbol) ?? none).slice(-Math.min(count, sessions.length))]),
  );
  const rowsRead = packed.reduce((sum, { days }) => sum + days.length, actionRows.length);
  const returns = [...closes].map(([symbol, values]): [string, Float64Array] => {
    const own = actions.get(symbol)?.map(toDatedAction) ?? [];
    return [symbol, totalReturns(values, own.length === 0 ? [] : actionsBySession(sessions.slice(-values.length), own))];
  });
  return { closes, returns: new Map(returns), rowsRead };
}

/** How many rows `loadPriceWindows` would read now. */
export async function countPriceRows(client: Queryable, request: PriceWindowsRequest): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT coalesce(sum(bars + actions), 0)::int AS count FROM ${WANTED}
     CROSS JOIN LATERAL (SELECT count(*) AS bars FROM price_bars WHERE symbol = wanted.symbol AND session_date BETWEEN first AND $3) AS prices
     CROSS JOIN LATERAL (SELECT count(*) AS actions FROM corporate_actions WHERE symbol = wanted.symbol AND ex_date BETWEEN first AND $3) AS events`,
    spansOf(request),
  );
  return rows[0]!.count;
}

const WANTED = `unnest($1::text[], $2::date[]) AS wanted (symbol, first)`;

const ACTIONS = `
  SELECT symbol, ex_date AS "exDate", action_type AS type, amount, numerator, denominator 
  FROM ${WANTED} JOIN corporate_actions USING (symbol) WHERE ex_date BETWEEN first AND $3 ORDER BY symbol, ex_date, action_type`;

function firstsOf({ sessions, closesWanted }: PriceWindowsRequest): ReadonlyMap<string, string> {
  return new Map([...closesWanted].map(([symbol, count]) => [symbol, sessions[Math.max(0, sessions.length - count)]!]));
}

function spansOf(request: PriceWindowsRequest): unknown[] {
  const firstOf = firstsOf(request);
  return [[...firstOf.keys()], [...firstOf.values()], request.sessions.at(-1)];
}
