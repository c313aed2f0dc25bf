// Stored closes of many symbols in the form the database hands over fastest: per symbol three packed columns, in no order. Sorted text of the
// same rows took nearly three times as long, and longer again to take apart.
import { dayNumber } from '@closebell/shared/calendar/calendar-date';
import { groupBy } from '@closebell/shared/grouping';
import type { Queryable } from './client.js';

export type PackedCloses = Readonly<{
  symbol: string;
  /** Of each row the session, in days since 2000-01-01. */
  days: Int32Array;
  /** In dollars, as traded. */
  closes: Float64Array;
  /** Of a session's rows the one with the highest revision counts. */
  revisions: Int16Array;
}>;

/** The rows of each symbol from its own first date to `to`, all revisions. A symbol without any is absent. */
export async function loadPackedCloses(
  client: Queryable,
  firstOf: ReadonlyMap<string, string>,
  to: string,
): Promise<readonly PackedCloses[]> {
  const packed: PackedCloses[] = [];
  for (const [first, symbols] of groupBy([...firstOf.keys()], (symbol) => firstOf.get(symbol)!)) {
    const { rows } = await client.query<PackedRow>({ rowMode: 'array', text: PACKED, values: [symbols, first, to] });
    packed.push(...rows.map(unpack));
  }
  return packed;
}

type PackedRow = [symbol: string, days: Buffer, closes: Buffer, revisions: Buffer];

function unpack([symbol, days, closes, revisions]: PackedRow): PackedCloses {
  const count = revisions.length / 2;
  const packed = { symbol, days: new Int32Array(count), closes: new Float64Array(count), revisions: new Int16Array(count) };
  for (let k = 0; k < count; k++) {
    packed.days[k] = days.readInt32BE(k * 4);
    packed.closes[k] = closes.readDoubleBE(k * 8);
    packed.revisions[k] = revisions.readInt16BE(k * 2);
  }
  return packed;
}

/** What `date_send` counts from. */
const EPOCH = dayNumber('2000-01-01');

/**
 * One first date at a time, of which there are few: so Postgres knows how much it is asked for, and reads by the primary key where that is little
 * and all at once where it is much. With a date beside each symbol it took the whole table for little, or four times as long for much.
 */
const PACKED = `
  SELECT symbol, string_agg(date_send(session_date), ''), string_agg(float8send(close::float8), ''), string_agg(int2send(revision), '')
  FROM price_bars WHERE symbol = ANY($1) AND session_date BETWEEN $2 AND $3 GROUP BY symbol`;

/** One figure for each session: the close of the newest revision in dollars, NaN without one. Rows of other days are left out. */
export type CloseWindow = (packed: PackedCloses) => Float64Array;

/** `sessions` ascend. The table of their days is made once for all symbols. */
export function closeWindows(sessions: readonly string[]): CloseWindow {
  const days = sessions.map((session) => dayNumber(session) - EPOCH);
  const [first = 0, last = -1] = [days[0], days.at(-1)];
  const placeOf = new Int32Array(last - first + 1).fill(-1);
  for (const [place, day] of days.entries()) placeOf[day - first] = place;
  return ({ days: given, closes, revisions }) => {
    const window = new Float64Array(sessions.length).fill(Number.NaN);
    const newest = new Int16Array(sessions.length).fill(-1);
    for (let k = 0; k < given.length; k++) {
      const place = placeOf[given[k]! - first] ?? -1;
      if (place === -1 || revisions[k]! <= newest[place]!) continue;
      window[place] = closes[k]!;
      newest[place] = revisions[k]!;
    }
    return window;
  };
}
