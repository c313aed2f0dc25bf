// The symbols that active portfolios hold, and what is stored of each: what an admin judges the market data by.
import { pricedSymbol, type LotTerms } from '@closebell/shared/lot-kind';
import type { Queryable } from './client.js';

/** The symbols that lots open in the session need prices of, each once, sorted. */
export async function listHeldSymbols(client: Queryable, session: string): Promise<readonly string[]> {
  const { rows } = await client.query<LotTerms>(
    `SELECT DISTINCT lot.symbol, investment_class AS "investmentClass", investment_subtype AS "investmentSubtype",
       underlying_symbol AS "underlyingSymbol"
     FROM positions lot JOIN portfolios ON portfolios.id = portfolio_id JOIN users ON users.id = user_id
     WHERE lot.deleted_at IS NULL AND portfolios.deleted_at IS NULL AND is_active
       AND (exit_date IS NULL OR exit_date > $1) AND (expiration_date IS NULL OR expiration_date >= $1)`,
    [session],
  );
  const symbols = new Set(rows.map(pricedSymbol).filter((symbol) => symbol !== null));
  return [...symbols].sort((a, b) => (a < b ? -1 : 1));
}

export type StoredCloses = Readonly<{
  symbol: string;
  /** Null, both, when there is no close. */
  first: string | null;
  last: string | null;
  sessions: number;
  /** A symbol without data is not asked for before; null when it is asked for in the next run. */
  retryAt: Date | null;
}>;

/** In the order asked. */
export async function readStoredCloses(client: Queryable, symbols: readonly string[]): Promise<readonly StoredCloses[]> {
  const { rows } = await client.query<StoredCloses>(
    `SELECT wanted.symbol, closes.first, closes.last, closes.sessions,
       CASE WHEN no_data_until > clock_timestamp() THEN no_data_until END AS "retryAt"
     FROM unnest($1::text[]) WITH ORDINALITY AS wanted (symbol, place)
     CROSS JOIN LATERAL (SELECT min(session_date) AS first, max(session_date) AS last, count(*) AS sessions FROM price_bars
       WHERE price_bars.symbol = wanted.symbol AND revision = 0) AS closes
     LEFT JOIN securities ON securities.symbol = wanted.symbol ORDER BY place`,
    [symbols],
  );
  return rows;
}
