// The symbols whose prices the open lots of a portfolio need, by what they come to.
import { pricedSymbol, type LotTerms } from '@closebell/shared/lot-kind';
import type { Queryable } from './client.js';

/** `value`: sizes of the lots' market values, summed; of a lot without one what it cost. */
export type HeldSymbolValue = Readonly<{ symbol: string; value: number }>;

type OpenLot = LotTerms & Readonly<{ value: number }>;

/** The largest first. A lot is open up to the day of its exit, an option up to the close of its expiration; `session`: the last complete one. */
export async function listHeldSymbolValues(
  client: Queryable,
  portfolioId: string,
  { today, session }: Readonly<{ today: string; session: string }>,
): Promise<readonly HeldSymbolValue[]> {
  const { rows } = await client.query<OpenLot>(
    `SELECT lot.symbol, investment_class AS "investmentClass", investment_subtype AS "investmentSubtype", underlying_symbol AS "underlyingSymbol",
       abs(coalesce(market_value, lot.quantity * entry_price * CASE investment_class WHEN 'OPTIONS' THEN 100 ELSE 1 END))::float8 AS value
     FROM positions lot LEFT JOIN position_values held ON held.portfolio_id = lot.portfolio_id AND held.position_id = lot.id
     WHERE lot.portfolio_id = $1 AND lot.deleted_at IS NULL AND (exit_date IS NULL OR exit_date > $2)
       AND (expiration_date IS NULL OR expiration_date > $3)`,
    [portfolioId, today, session],
  );
  const values = new Map<string, number>();
  for (const lot of rows) {
    const symbol = pricedSymbol(lot);
    if (symbol !== null) values.set(symbol, (values.get(symbol) ?? 0) + lot.value);
  }
  return [...values]
    .map(([symbol, value]) => ({ symbol, value }))
    .toSorted((a, b) => b.value - a.value || (a.symbol < b.symbol ? -1 : 1));
}
