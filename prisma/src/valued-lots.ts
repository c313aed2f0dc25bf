// The lots of a portfolio as its calculation valued them at one session, with what analytics ask of each.
import type { LotTerms } from '@closebell/shared/lot-kind';
import type { PriceSource } from '@closebell/shared/calc/lot-history';
import type { Queryable } from './client.js';

/** Money in the portfolio's currency, below 0 for a short; `quantity` in shares after splits, or contracts. */
export type ValuedLot = LotTerms &
  Readonly<{
    portfolioId: string;
    positionId: string;
    entryDate: string;
    quantity: number;
    marketValue: number;
    /** What the lot moves like, in dollars of what it is priced by; null where an option could not be marked. */
    deltaAdjustedValue: number | null;
    priceSource: PriceSource;
    /** The session of the close behind the price; null without one. */
    priceDate: string | null;
    sector: string | null;
    strikePrice: string | null;
    expirationDate: string | null;
    optionType: 'CALL' | 'PUT' | null;
  }>;

/** The largest by market value first. An option has the sector of its underlying. */
export async function loadValuedLots(
  client: Queryable,
  portfolioIds: readonly string[],
  sessionDate: string,
): Promise<readonly ValuedLot[]> {
  const { rows } = await client.query<ValuedLot>(
    `SELECT v.portfolio_id AS "portfolioId", v.position_id AS "positionId", p.symbol, p.investment_class AS "investmentClass",
       p.investment_subtype AS "investmentSubtype", p.underlying_symbol AS "underlyingSymbol", p.entry_date AS "entryDate",
       v.quantity::float8 AS quantity, v.market_value::float8 AS "marketValue", v.delta_adjusted_value::float8 AS "deltaAdjustedValue",
       v.price_source AS "priceSource", v.price_date AS "priceDate", s.sector, p.strike_price AS "strikePrice",
       p.expiration_date AS "expirationDate", p.option_type AS "optionType"
     FROM position_values v JOIN positions p ON p.id = v.position_id
     LEFT JOIN securities s ON s.symbol = CASE p.investment_class WHEN 'OPTIONS' THEN p.underlying_symbol WHEN 'PUBLIC' THEN p.symbol END
     WHERE v.portfolio_id = ANY($1::uuid[]) AND v.session_date = $2
     ORDER BY abs(v.market_value) DESC, p.symbol, p.id`,
    [portfolioIds, sessionDate],
  );
  return rows;
}
