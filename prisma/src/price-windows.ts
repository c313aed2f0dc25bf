// Closes and total returns of many symbols over the sessions that end at one, for figures that are made of returns.
import { actionsBySession, totalReturns } from '@closebell/shared/calc/returns';
import { groupBy } from '@closebell/shared/grouping';
import { toDatedAction, type StoredAction } from '@closebell/shared/ledger/price-book';
import type { Queryable } from './client.js';

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
  const spans = spansOf(request);
  const bars = await client.query<BarsRow>({ rowMode: 'array', text: BARS, values: spans });
  const { rows: actionRows } = await client.query<StoredAction>(ACTIONS, spans);
  const actions = groupBy(actionRows, ({ symbol }) => symbol);
  const closes = new Map([...closesWanted].map(([symbol, count]) => [symbol, emptyWindow(sessions, count)]));
  const placesOf = createPlaceLists(sessions);
  let rowsRead = actionRows.length;
  for (const [symbol, dates, texts] of bars.rows) {
    const places = placesOf(dates);
    rowsRead += places.length;
    fill(closes.get(symbol) as Float64Array, sessions.length, places, texts.split(','));
  }
  const returns = [...closes].map(([symbol, values]): [string, Float64Array] => {
    const own = actions.get(symbol)?.map(toDatedAction) ?? [];
    return [symbol, totalReturns(values, own.length === 0 ? [] : actionsBySession(sessions.slice(-values.length), own))];
  });
  return { closes, returns: new Map(returns), rowsRead };
}

/** How many rows `loadPriceWindows` would read now. */
export async function countPriceRows(client: Queryable, request: PriceWindowsRequest): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `SELECT (SELECT count(*) FROM ${BARS_WANTED}) + (SELECT count(*) FROM ${ACTIONS_WANTED}) AS count`,
    [...spansOf(request)],
  );
  return rows[0]!.count;
}

const WANTED = `unnest($1::text[], $2::date[]) AS wanted (symbol, first)`;
const BARS_WANTED = `${WANTED} JOIN price_bars USING (symbol) WHERE session_date BETWEEN first AND $3`;
const ACTIONS_WANTED = `${WANTED} JOIN corporate_actions USING (symbol) WHERE ex_date BETWEEN first AND $3`;

/** `dates` and `closes` are lists with commas, of the same length: quicker to take apart than as many rows. */
type BarsRow = [symbol: string, dates: string, closes: string];

const BARS = `
  SELECT symbol, string_agg(session_date::text, ',' ORDER BY session_date, revision), string_agg(close::text, ',' ORDER BY session_date, revision)
  FROM ${BARS_WANTED} GROUP BY symbol`;
const ACTIONS = `
  SELECT symbol, ex_date AS "exDate", action_type AS type, amount, numerator, denominator FROM ${ACTIONS_WANTED} ORDER BY symbol, ex_date, action_type`;

function spansOf({ sessions, closesWanted }: PriceWindowsRequest): unknown[] {
  const firsts = [...closesWanted.values()].map((count) => sessions[Math.max(0, sessions.length - count)]);
  return [[...closesWanted.keys()], firsts, sessions.at(-1)];
}

function emptyWindow(sessions: readonly string[], count: number): Float64Array {
  return new Float64Array(Math.min(count, sessions.length)).fill(Number.NaN);
}

/** Nearly all symbols have closes of the same sessions: each list is looked up once. −1 for a day that is none of them. */
function createPlaceLists(sessions: readonly string[]): (dates: string) => Int32Array {
  const placeOf = new Map(sessions.map((session, place) => [session, place]));
  const known = new Map<string, Int32Array>();
  return (dates) => {
    const places = known.get(dates) ?? Int32Array.from(dates.split(','), (date) => placeOf.get(date) ?? -1);
    known.set(dates, places);
    return places;
  };
}

/** Revisions come ascending: the last one of a session stays. */
function fill(window: Float64Array, sessions: number, places: Int32Array, texts: readonly string[]): void {
  const before = sessions - window.length;
  places.forEach((place, k) => {
    if (place >= before) window[place - before] = Number(texts[k]);
  });
}
