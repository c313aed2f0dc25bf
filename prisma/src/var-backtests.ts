// Forecasts of a portfolio's value at risk beside what the session after them brought.
import type { Queryable } from './client.js';

/** As fractions of the equity before the session; `var99` NaN where there was no forecast. */
export type BackTestedSession = Readonly<{ sessionDate: string; var95: number; var99: number; pnl: number }>;

/** Oldest first: those from one session to another, both included. */
export async function loadBackTests(
  client: Queryable,
  portfolioId: string,
  from: string,
  to: string,
): Promise<readonly BackTestedSession[]> {
  const { rows } = await client.query<BackTestedSession>(
    `SELECT session_date AS "sessionDate", var_95 AS var95, coalesce(var_99, 'NaN') AS var99, pnl FROM var_backtests
     WHERE portfolio_id = $1 AND session_date BETWEEN $2 AND $3 ORDER BY session_date`,
    [portfolioId, from, to],
  );
  return rows;
}
