// What is stored of symbols' newest prices, a few rows for each: for answers of the moment, not for calculations.
import type { SplitEvent } from '@closebell/shared/calc/price-series';
import { groupBy } from '@closebell/shared/grouping';
import type { PriceSource } from '@closebell/shared/calc/lot-history';
import type { Queryable } from './client.js';
import { loadQuotes, type StoredQuote } from './quotes.js';

/** Prices are decimal text, as traded. */
export type NewestPrices = Readonly<{
  symbol: string;
  /** The newest close, and the one before it; null where there is none. */
  close: string | null;
  closeDate: string | null;
  previousClose: string | null;
  previousDate: string | null;
  quote: StoredQuote | null;
  /** Oldest first. */
  splits: readonly SplitEvent[];
}>;

/** Of all the symbols, closes and splits up to `today`. */
export async function loadNewestPrices(
  client: Queryable,
  symbols: readonly string[],
  today: string,
): Promise<ReadonlyMap<string, NewestPrices>> {
  const [closes, quotes, splits] = await Promise.all([
    client.query<Omit<NewestPrices, 'quote' | 'splits'>>(NEWEST_CLOSES, [symbols, today]),
    loadQuotes(client, symbols),
    client.query<SplitRow>(SPLITS, [symbols, today]),
  ]);
  const quoteOf = new Map(quotes.map((quote) => [quote.symbol, quote]));
  const splitsOf = groupBy(splits.rows, ({ symbol }) => symbol);
  return new Map(
    closes.rows.map((row) => {
      const own = splitsOf.get(row.symbol) ?? [];
      return [row.symbol, { quote: quoteOf.get(row.symbol) ?? null, splits: own.map(toSplitEvent), ...row }];
    }),
  );
}

type SplitRow = Readonly<{ symbol: string; exDate: string; numerator: number; denominator: number }>;

function toSplitEvent({ exDate, numerator, denominator }: SplitRow): SplitEvent {
  return { exDate, ratio: { numerator, denominator } };
}

const NEWEST_CLOSES = `
  SELECT wanted.symbol, closes[1] AS close, dates[1] AS "closeDate", closes[2] AS "previousClose", dates[2] AS "previousDate"
  FROM (SELECT DISTINCT unnest($1::text[])) AS wanted (symbol) CROSS JOIN LATERAL (
    SELECT array_agg(close ORDER BY session_date DESC) AS closes, array_agg(session_date ORDER BY session_date DESC) AS dates
    FROM (
      SELECT DISTINCT ON (session_date) session_date, close FROM price_bars
      WHERE price_bars.symbol = wanted.symbol AND session_date <= $2 ORDER BY session_date DESC, revision DESC LIMIT 2) AS newest) AS two`;

const SPLITS = `
  SELECT symbol, ex_date AS "exDate", numerator, denominator FROM corporate_actions
  WHERE symbol = ANY($1) AND action_type = 'split' AND ex_date <= $2 ORDER BY symbol, ex_date`;

/** What a lot stood at in its portfolio's newest calculated session. The price is decimal text. */
export type StandingPrice = Readonly<{ positionId: string; price: string; priceSource: PriceSource; sessionDate: string }>;

export async function loadStandingPrices(
  client: Queryable,
  portfolioId: string,
  positionIds: readonly string[],
): Promise<readonly StandingPrice[]> {
  if (positionIds.length === 0) return [];
  const { rows } = await client.query<StandingPrice>(
    `SELECT position_id AS "positionId", price, price_source AS "priceSource", session_date AS "sessionDate" FROM position_values
     WHERE portfolio_id = $1 AND position_id = ANY($2::uuid[]) AND session_date = (
       SELECT max(snapshot_date) FROM portfolio_snapshots WHERE portfolio_id = $1 AND is_complete)`,
    [portfolioId, positionIds],
  );
  return rows;
}
