// Published rates, inserted and never updated: what a series said of a date first is what it keeps saying here.
import type { PublishedYield } from '@closebell/shared/calc/published-rate';
import type { RateSeries } from '@closebell/shared/market-data/provider';
import type { Db, Queryable } from './client.js';
import { inHeldTransaction, type JobHold } from './job-runs.js';

export type FetchedRates = Readonly<{ series: RateSeries; provider: string; points: readonly PublishedYield[] }>;

/** Adds the values of dates that have none yet. */
export async function storeRates(db: Db, hold: JobHold, { series, provider, points }: FetchedRates): Promise<void> {
  await inHeldTransaction(db, hold, (client) =>
    client.query(
      `INSERT INTO interest_rates (series, rate_date, percent, provider)
       SELECT $1, date, percent, $2 FROM unnest($3::date[], $4::numeric[]) AS given (date, percent) ORDER BY date ON CONFLICT DO NOTHING`,
      [series, provider, points.map(({ date }) => date), points.map(({ percent }) => percent)],
    ),
  );
}

/** Oldest first: the values from `from` to `to`, and before them the last one earlier than `from`. */
export async function loadRates(
  client: Queryable,
  series: RateSeries,
  from: string,
  to: string,
): Promise<readonly PublishedYield[]> {
  const { rows } = await client.query<PublishedYield>(
    `SELECT rate_date AS date, percent::float8 AS percent FROM interest_rates
     WHERE series = $1 AND rate_date <= $3 AND rate_date >= coalesce(
       (SELECT max(rate_date) FROM interest_rates WHERE series = $1 AND rate_date <= $2), $2)
     ORDER BY rate_date`,
    [series, from, to],
  );
  return rows;
}

/** The newest date that has a value; null when there is none. */
export async function readLastRateDate(client: Queryable, series: RateSeries): Promise<string | null> {
  const { rows } = await client.query<{ last: string | null }>(
    `SELECT max(rate_date) AS last FROM interest_rates WHERE series = $1`,
    [series],
  );
  return rows[0]?.last ?? null;
}
