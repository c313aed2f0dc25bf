// What is stored of the prices that lots need: what readiness and the warnings of a run are made of.
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import {
  assessReadiness,
  READINESS_SESSIONS,
  symbolsToCover,
  type DatedLot,
  type Readiness,
  type SymbolCoverage,
} from '@closebell/shared/market-data/readiness';
import type { Queryable } from './client.js';

/** In the order asked. A profile, a zero or a carried price is no close: only bars count. */
async function loadCoverage(
  client: Queryable,
  symbols: readonly string[],
  from: string,
  to: string,
): Promise<readonly SymbolCoverage[]> {
  const { rows } = await client.query<SymbolCoverage>(
    `SELECT wanted.symbol, coalesce(bars.closes, 0)::int AS closes, bars.last AS "lastClose", securities.no_data_text AS "noDataText",
       held.since AS "heldSince", held.reason AS "heldReason", securities.currency, securities.delisted_on AS "delistedOn"
     FROM unnest($1::text[]) WITH ORDINALITY AS wanted (symbol, place)
     LEFT JOIN LATERAL (SELECT count(DISTINCT session_date) AS closes, max(session_date) AS last FROM price_bars
       WHERE price_bars.symbol = wanted.symbol AND session_date BETWEEN $2 AND $3) AS bars ON true
     LEFT JOIN LATERAL (SELECT session_date AS since, substr(reason, length('quarantined: ') + 1) AS reason FROM missing_bars
       WHERE missing_bars.symbol = wanted.symbol AND session_date BETWEEN coalesce(bars.last, $2) AND $3 AND reason LIKE 'quarantined: %'
       ORDER BY session_date LIMIT 1) AS held ON true
     LEFT JOIN securities ON securities.symbol = wanted.symbol
     ORDER BY place`,
    [symbols, from, to],
  );
  return rows;
}

/** Readiness of some lots for the session, from the closes that are stored. */
export async function loadReadiness(
  client: Queryable,
  calendar: TradingCalendar,
  lots: readonly DatedLot[],
  session: string,
): Promise<Readiness> {
  const { own, factors } = symbolsToCover(lots, session);
  const from = calendar.sessionsTo(session, READINESS_SESSIONS)[0]!;
  const coverage = await loadCoverage(client, [...own, ...factors], from, session);
  return assessReadiness(coverage.slice(0, own.length), coverage.slice(own.length), session);
}
