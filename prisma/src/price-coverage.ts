// Which symbols have real closes: what readiness and the warnings of a run are made of.
import type { Queryable } from './client.js';

export type SymbolCoverage = Readonly<{
  symbol: string;
  /** Sessions of the window with a real close. */
  closes: number;
  lastClose: string | null;
  /** Why there is nothing, where that is known. */
  noDataText: string | null;
}>;

/** In the order asked. A profile, a zero or a carried price is no close: only bars count. */
export async function loadCoverage(
  client: Queryable,
  symbols: readonly string[],
  from: string,
  to: string,
): Promise<readonly SymbolCoverage[]> {
  const { rows } = await client.query<SymbolCoverage>(
    `SELECT wanted.symbol, coalesce(bars.closes, 0)::int AS closes, bars.last AS "lastClose", securities.no_data_text AS "noDataText"
     FROM unnest($1::text[]) WITH ORDINALITY AS wanted (symbol, place)
     LEFT JOIN LATERAL (SELECT count(DISTINCT session_date) AS closes, max(session_date) AS last FROM price_bars
       WHERE price_bars.symbol = wanted.symbol AND session_date BETWEEN $2 AND $3) AS bars ON true
     LEFT JOIN securities ON securities.symbol = wanted.symbol
     ORDER BY place`,
    [symbols, from, to],
  );
  return rows;
}
