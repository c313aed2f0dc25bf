// The daily returns of many portfolios over a run of sessions, from their snapshots.
import type { Queryable } from './client.js';

export type PortfolioReturns = Readonly<{
  /** Of the last session, decimal text. */
  equity: string;
  /**
   * One for each session, as fractions; NaN where there is no complete snapshot, no return can be told, or nothing in it stands at a price of
   * the session: marks that nobody has moved measure nothing.
   */
  returns: Float64Array;
}>;

/** By portfolio; those without a complete snapshot of the last session are absent. `sessions` ascend. */
export async function loadRealisedReturns(
  client: Queryable,
  portfolioIds: readonly string[],
  sessions: readonly string[],
): Promise<ReadonlyMap<string, PortfolioReturns>> {
  const { rows } = await client.query<{ id: string; equity: string; dates: string; returns: readonly (number | null)[] }>(
    `SELECT last.portfolio_id AS id, last.equity, string_agg(past.snapshot_date::text, ',' ORDER BY past.snapshot_date) AS dates,
       array_agg(CASE WHEN past.coverage > 0 THEN past.daily_return END ORDER BY past.snapshot_date) AS returns
     FROM portfolio_snapshots last JOIN portfolio_snapshots past USING (portfolio_id)
     WHERE last.portfolio_id = ANY($1::uuid[]) AND last.snapshot_date = $3 AND last.is_complete
       AND past.snapshot_date BETWEEN $2 AND $3 AND past.is_complete
     GROUP BY last.portfolio_id, last.equity`,
    [portfolioIds, sessions[0], sessions.at(-1)],
  );
  const place = new Map(sessions.map((session, at) => [session, at]));
  return new Map(
    rows.map(({ id, equity, dates, returns }) => {
      const bySession = new Float64Array(sessions.length).fill(Number.NaN);
      for (const [k, date] of dates.split(',').entries()) {
        const at = place.get(date);
        if (at !== undefined) bySession[at] = returns[k] ?? Number.NaN;
      }
      return [id, { equity, returns: bySession }];
    }),
  );
}
