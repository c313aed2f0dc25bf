// Where the prices behind a snapshot came from.
import type { Queryable } from './client.js';

/** The newest revision of one session's bar. */
export type BarOrigin = Readonly<{ symbol: string; sessionDate: string; revision: number; provider: string; fetchedAt: Date }>;

/** A pair without a bar is absent. */
export async function loadBarOrigins(
  client: Queryable,
  wanted: readonly Readonly<{ symbol: string; sessionDate: string }>[],
): Promise<readonly BarOrigin[]> {
  const { rows } = await client.query<BarOrigin>(
    `SELECT DISTINCT ON (bar.symbol, bar.session_date) bar.symbol, bar.session_date AS "sessionDate", revision, provider, fetched_at AS "fetchedAt"
     FROM unnest($1::text[], $2::date[]) AS wanted (symbol, date)
     JOIN price_bars bar ON bar.symbol = wanted.symbol AND bar.session_date = wanted.date
     ORDER BY bar.symbol, bar.session_date, revision DESC`,
    [wanted.map(({ symbol }) => symbol), wanted.map(({ sessionDate }) => sessionDate)],
  );
  return rows;
}
