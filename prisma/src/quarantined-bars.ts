// Bars that a provider gave and nobody believes yet. They are shown to admins, and never priced with: price_bars holds none of them.
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Queryable } from './client.js';

export type QuarantinedBar = Readonly<{
  symbol: string;
  sessionDate: string;
  provider: string;
  open: number | null;
  high: number | null;
  low: number | null;
  /** May be NaN or infinite: that is why some bars are here. */
  close: number;
  volume: bigint | null;
  reason: string;
}>;

/** Half a cent in a hundred dollars: what rounding explains, and no more. */
const SAME_WITHIN = 5e-5;

/**
 * Adds them, or says of those known that they were seen again; one whose close is another now is accepted no longer. No two may be of one
 * symbol, session and provider. Returns those that are new or came with another close.
 */
export async function recordQuarantinedBars(
  client: Queryable,
  bars: readonly QuarantinedBar[],
): Promise<readonly Readonly<{ symbol: string; sessionDate: string; provider: string }>[]> {
  if (bars.length === 0) return [];
  const { rows } = await client.query<{ symbol: string; sessionDate: string; provider: string }>(RECORD, [
    bars.map(({ symbol }) => symbol),
    bars.map(({ sessionDate }) => sessionDate),
    bars.map(({ provider }) => provider),
    bars.map(({ open }) => open),
    bars.map(({ high }) => high),
    bars.map(({ low }) => low),
    bars.map(({ close }) => close),
    bars.map(({ volume }) => (volume === null ? null : Number(volume))),
    bars.map(({ reason }) => reason),
  ]);
  return rows;
}

const RECORD = `
  WITH given AS (
    SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::float8[], $5::float8[], $6::float8[], $7::float8[], $8::float8[], $9::text[])
      AS given (symbol, session_date, provider, open, high, low, close, volume, reason)),
  known AS (
    SELECT symbol, session_date, provider FROM given JOIN quarantined_bars bar USING (symbol, session_date, provider)
    WHERE ${isSame('bar.close', 'given.close')}),
  recorded AS (
    INSERT INTO quarantined_bars AS bar (symbol, session_date, provider, open, high, low, close, volume, reason)
    SELECT symbol, session_date, provider, open, high, low, close, volume, reason FROM given ORDER BY symbol, session_date, provider
    ON CONFLICT (symbol, session_date, provider) DO UPDATE SET open = EXCLUDED.open, high = EXCLUDED.high, low = EXCLUDED.low,
      close = EXCLUDED.close, volume = EXCLUDED.volume, reason = EXCLUDED.reason, last_seen_at = clock_timestamp(),
      accepted_at = CASE WHEN ${isSame('bar.close', 'EXCLUDED.close')} THEN bar.accepted_at END
    RETURNING symbol, session_date, provider)
  SELECT symbol, session_date AS "sessionDate", provider FROM recorded
  WHERE NOT EXISTS (SELECT 1 FROM known WHERE known.symbol = recorded.symbol AND known.session_date = recorded.session_date
    AND known.provider = recorded.provider)`;

function isSame(before: string, now: string): string {
  return `(${before} = ${now} OR abs(${before} - ${now}) <= ${SAME_WITHIN} * abs(${before}))`;
}

export type ListedQuarantinedBar = Readonly<{
  symbol: string;
  sessionDate: string;
  provider: string;
  /** Null where it was none, or no number. */
  open: number | null;
  high: number | null;
  low: number | null;
  close: number | null;
  volume: number | null;
  reason: string;
  firstSeenAt: Date;
  lastSeenAt: Date;
  acceptedAt: Date | null;
  /** The session has a close all the same: of another provider, or because something has explained the bar since. */
  hasClose: boolean;
}>;

/** Those seen last come first; of all symbols, or of some. */
export async function listQuarantinedBars(
  client: Queryable,
  { symbols, limit }: Readonly<{ symbols?: readonly string[]; limit: number }>,
): Promise<readonly ListedQuarantinedBar[]> {
  const { rows } = await client.query<ListedQuarantinedBar>(
    `SELECT symbol, session_date AS "sessionDate", provider, open, high, low, close, volume, reason, first_seen_at AS "firstSeenAt",
       last_seen_at AS "lastSeenAt", accepted_at AS "acceptedAt",
       EXISTS (SELECT 1 FROM price_bars WHERE price_bars.symbol = bar.symbol AND price_bars.session_date = bar.session_date) AS "hasClose"
     FROM quarantined_bars bar WHERE $1::text[] IS NULL OR symbol = ANY($1)
     ORDER BY last_seen_at DESC, symbol, session_date DESC, provider LIMIT $2`,
    [symbols ?? null, limit],
  );
  return rows.map((row) => ({
    ...row,
    open: finite(row.open),
    high: finite(row.high),
    low: finite(row.low),
    close: finite(row.close),
    volume: finite(row.volume),
  }));
}

function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

export type AcceptedBar = Readonly<{ symbol: string; sessionDate: string; provider: string; close: number }>;

/** The bars of some symbols that an admin believes all the same. */
export async function loadAcceptedBars(client: Queryable, symbols: readonly string[]): Promise<readonly AcceptedBar[]> {
  const { rows } = await client.query<AcceptedBar>(
    `SELECT symbol, session_date AS "sessionDate", provider, close FROM quarantined_bars WHERE symbol = ANY($1) AND accepted_at IS NOT NULL`,
    [symbols],
  );
  return rows;
}

export type Acceptance =
  | Readonly<{ status: 'accepted'; close: number; acceptedAt: Date }>
  /** Such a bar is not there; its session has a close already; or it can't be: no price, or of a day on which the exchange was closed. */
  | Readonly<{ status: 'unknown' | 'has_close' | 'impossible' }>;

/**
 * Has the bar believed from the next run on, as long as its provider gives the same close: the rest periods of its session, and of the later
 * ones that were held back, are ended. One accepted already stays so. Run it in a transaction.
 */
export async function acceptQuarantinedBar(
  client: Queryable,
  calendar: TradingCalendar,
  { symbol, sessionDate, provider }: Readonly<{ symbol: string; sessionDate: string; provider: string }>,
): Promise<Acceptance> {
  const { rows } = await client.query<{ close: number; acceptedAt: Date | null; hasClose: boolean }>(
    `SELECT close, accepted_at AS "acceptedAt",
       EXISTS (SELECT 1 FROM price_bars WHERE price_bars.symbol = bar.symbol AND price_bars.session_date = bar.session_date) AS "hasClose"
     FROM quarantined_bars bar WHERE symbol = $1 AND session_date = $2 AND provider = $3 FOR UPDATE`,
    [symbol, sessionDate, provider],
  );
  const [bar] = rows;
  if (bar === undefined) return { status: 'unknown' };
  if (bar.acceptedAt !== null) return { status: 'accepted', close: bar.close, acceptedAt: bar.acceptedAt };
  if (bar.hasClose) return { status: 'has_close' };
  if (!(bar.close > 0 && bar.close < Infinity && calendar.isSession(sessionDate))) return { status: 'impossible' };
  const accepted = await client.query<{ accepted_at: Date }>(
    `UPDATE quarantined_bars SET accepted_at = clock_timestamp() WHERE symbol = $1 AND session_date = $2 AND provider = $3 RETURNING accepted_at`,
    [symbol, sessionDate, provider],
  );
  await client.query(
    `DELETE FROM missing_bars WHERE symbol = $1 AND (session_date = $2 OR session_date > $2 AND reason LIKE 'quarantined: %')`,
    [symbol, sessionDate],
  );
  return { status: 'accepted', close: bar.close, acceptedAt: accepted.rows[0]!.accepted_at };
}

/** Bars that cannot be, of all symbols. */
export async function countQuarantinedBars(client: Queryable): Promise<number> {
  const { rows } = await client.query<{ count: number }>(`SELECT count(*) AS count FROM quarantined_bars`);
  return rows[0]!.count;
}
