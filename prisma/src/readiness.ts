// What a portfolio's figures can rest on: prices, securities and factor proxies that are there, and those that are missing.
import { isCashLike } from '@closebell/shared/cash-securities';
import type { Queryable } from './client.js';

export type NeededSymbol = Readonly<{
  symbol: string;
  /** The newest session, up to the one asked about, that has a real close. */
  latest_close_date: string | null;
  /** Whether a provider has confirmed the security. */
  is_known: boolean;
  /** Why providers have nothing, where they said so. */
  no_data_text: string | null;
}>;

/** The symbols whose prices the session's open lots need, an option's being its underlying. Cash and private lots need none. */
export async function listNeededSymbols(
  client: Queryable,
  portfolioId: string,
  sessionDate: string,
): Promise<readonly NeededSymbol[]> {
  const lots = await client.query<{ symbol: string; investmentSubtype: string | null; priced: string }>(
    `SELECT DISTINCT symbol, investment_subtype AS "investmentSubtype",
       CASE investment_class WHEN 'OPTIONS' THEN underlying_symbol ELSE symbol END AS priced
     FROM positions
     WHERE portfolio_id = $1 AND deleted_at IS NULL AND investment_class IN ('PUBLIC', 'OPTIONS')
       AND (exit_date IS NULL OR exit_date > $2) AND (expiration_date IS NULL OR expiration_date >= $2)`,
    [portfolioId, sessionDate],
  );
  const symbols = new Set(lots.rows.filter((lot) => !isCashLike(lot)).map(({ priced }) => priced));
  const { rows } = await client.query<NeededSymbol>(
    `SELECT needed.symbol, newest.session_date AS latest_close_date, s.no_data_text,
       s.symbol IS NOT NULL AND s.no_data_text IS NULL AS is_known
     FROM unnest($1::text[]) AS needed (symbol)
     LEFT JOIN securities s ON s.symbol = needed.symbol
     LEFT JOIN LATERAL (
       SELECT session_date FROM price_bars b
       WHERE b.symbol = needed.symbol AND session_date <= $2 ORDER BY session_date DESC LIMIT 1) AS newest ON true
     ORDER BY needed.symbol`,
    [[...symbols], sessionDate],
  );
  return rows;
}

export type FactorProxy = Readonly<{ proxy: string; is_priced: boolean }>;

/** The factors' proxies, and whether each has a close in the session. */
export async function listFactorProxies(client: Queryable, sessionDate: string): Promise<readonly FactorProxy[]> {
  const { rows } = await client.query<FactorProxy>(
    `SELECT proxy, EXISTS (SELECT 1 FROM price_bars b WHERE b.symbol = f.proxy AND b.session_date = $1) AS is_priced
     FROM factor_definitions f ORDER BY position`,
    [sessionDate],
  );
  return rows;
}
