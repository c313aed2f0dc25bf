// The closes of some symbols in a window of sessions: how many, whose, and which of the others rest.
import type { Queryable } from './client.js';

export type ProviderCloses = Readonly<{
  symbol: string;
  provider: string;
  /** Sessions whose newest close is this provider's. */
  sessions: readonly string[];
  /** When the last of them came in. */
  storedAt: Date;
}>;

export async function listProviderCloses(
  client: Queryable,
  symbols: readonly string[],
  from: string,
  to: string,
): Promise<readonly ProviderCloses[]> {
  const { rows } = await client.query<Omit<ProviderCloses, 'sessions'> & { dates: string }>(
    `SELECT symbol, provider, string_agg(session_date::text, ',') AS dates, max(fetched_at) AS "storedAt"
     FROM (SELECT DISTINCT ON (symbol, session_date) symbol, session_date, provider, fetched_at FROM price_bars
           WHERE symbol = ANY($1) AND session_date BETWEEN $2 AND $3 ORDER BY symbol, session_date, revision DESC) AS newest
     GROUP BY symbol, provider ORDER BY symbol, provider`,
    [symbols, from, to],
  );
  return rows.map(({ dates, ...row }) => ({ ...row, sessions: dates.split(',') }));
}

/** Null, both, when there is no close up to the date. */
export type CloseRange = Readonly<{ symbol: string; first: string | null; last: string | null }>;

/** In the order asked, of all that is stored up to `to`. */
export async function listCloseRanges(client: Queryable, symbols: readonly string[], to: string): Promise<readonly CloseRange[]> {
  const { rows } = await client.query<CloseRange>(
    `SELECT wanted.symbol,
       (SELECT min(session_date) FROM price_bars WHERE price_bars.symbol = wanted.symbol AND session_date <= $2) AS first,
       (SELECT max(session_date) FROM price_bars WHERE price_bars.symbol = wanted.symbol AND session_date <= $2) AS last
     FROM unnest($1::text[]) WITH ORDINALITY AS wanted (symbol, place) ORDER BY place`,
    [symbols, to],
  );
  return rows;
}

export type RestingSession = Readonly<{ symbol: string; sessionDate: string; retryAt: Date }>;

/** Sessions that were asked for in vain and are left alone until `retryAt`. */
export async function listRestingSessions(
  client: Queryable,
  symbols: readonly string[],
  from: string,
  to: string,
): Promise<readonly RestingSession[]> {
  const { rows } = await client.query<RestingSession>(
    `SELECT symbol, session_date AS "sessionDate", retry_at AS "retryAt" FROM missing_bars
     WHERE symbol = ANY($1) AND session_date BETWEEN $2 AND $3 AND retry_at > clock_timestamp()`,
    [symbols, from, to],
  );
  return rows;
}
