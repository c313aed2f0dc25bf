// The newest quote of each symbol. Quotes move nothing that is stored of a session: they value a portfolio between two closes.
import { pricedSymbol, type LotTerms } from '@closebell/shared/lot-kind';
import type { Db, Queryable } from './client.js';
import { inHeldTransaction, type JobHold } from './job-runs.js';

/** Prices are decimal text. `quotedAt` is the exchange's time, `fetchedAt` the database's. */
export type StoredQuote = Readonly<{
  symbol: string;
  price: string;
  previousClose: string | null;
  currency: string | null;
  quotedAt: Date;
  provider: string;
  fetchedAt: Date;
}>;

export type NewQuote = Readonly<{
  symbol: string;
  price: number;
  previousClose: number | null;
  currency: string | null;
  quotedAt: string;
  provider: string;
}>;

/** At most one per symbol. Replaces what is stored unless that was quoted later. Returns how many were stored. */
export async function storeQuotes(db: Db, hold: JobHold, quotes: readonly NewQuote[]): Promise<number> {
  if (quotes.length === 0) return 0;
  return inHeldTransaction(db, hold, async (client) => {
    // In the order of the key: two jobs that store the same symbols must not lock them crosswise.
    const { rowCount } = await client.query(
      `INSERT INTO quotes (symbol, price, previous_close, currency, quoted_at, provider, fetched_at)
       SELECT symbol, price, previous_close, currency, quoted_at, provider, clock_timestamp()
       FROM unnest($1::text[], $2::numeric[], $3::numeric[], $4::text[], $5::timestamptz[], $6::text[])
         AS given (symbol, price, previous_close, currency, quoted_at, provider) ORDER BY symbol
       ON CONFLICT (symbol) DO UPDATE SET price = EXCLUDED.price, previous_close = EXCLUDED.previous_close, currency = EXCLUDED.currency,
         quoted_at = EXCLUDED.quoted_at, provider = EXCLUDED.provider, fetched_at = EXCLUDED.fetched_at
       WHERE quotes.quoted_at <= EXCLUDED.quoted_at`,
      [
        quotes.map(({ symbol }) => symbol),
        quotes.map(({ price }) => price),
        quotes.map(({ previousClose }) => previousClose),
        quotes.map(({ currency }) => currency),
        quotes.map(({ quotedAt }) => quotedAt),
        quotes.map(({ provider }) => provider),
      ],
    );
    return rowCount ?? 0;
  });
}

/** Those of the symbols that have one. */
export async function loadQuotes(client: Queryable, symbols: readonly string[]): Promise<readonly StoredQuote[]> {
  const { rows } = await client.query<StoredQuote>(
    `SELECT symbol, price, previous_close AS "previousClose", currency, quoted_at AS "quotedAt", provider, fetched_at AS "fetchedAt"
     FROM quotes WHERE symbol = ANY($1)`,
    [symbols],
  );
  return rows;
}

/**
 * Those of the symbols whose quote was fetched longer ago, in the order given. One that was asked for in vain rests: for an hour when the
 * providers have none, for a minute when they were in trouble.
 */
export async function listUnaskedSymbols(
  client: Queryable,
  symbols: readonly string[],
  fetchedWithinSeconds: number,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ symbol: string }>(
    `SELECT wanted.symbol FROM unnest($1::text[]) WITH ORDINALITY AS wanted (symbol, place)
     LEFT JOIN quotes ON quotes.symbol = wanted.symbol AND fetched_at > clock_timestamp() - make_interval(secs => $2)
     LEFT JOIN LATERAL (
       SELECT bool_and(at > clock_timestamp() - CASE WHEN outcome IN ('no_data', 'unknown_symbol') THEN interval '1 hour'
         ELSE interval '1 minute' END) AS rests
       FROM fetch_attempts tried
       WHERE tried.symbol = wanted.symbol AND capability = 'quotes' AND at > clock_timestamp() - interval '1 day') AS vain ON true
     WHERE quotes.symbol IS NULL AND vain.rests IS NOT TRUE ORDER BY place`,
    [symbols, fetchedWithinSeconds],
  );
  return rows.map(({ symbol }) => symbol);
}

/** Those of the symbols that may be asked of providers: some lot needs their prices, somebody watches them, or they were asked for before. */
export async function listKnownSymbols(client: Queryable, symbols: readonly string[]): Promise<ReadonlySet<string>> {
  const [lots, securities] = await Promise.all([
    client.query<LotTerms>(
      `SELECT DISTINCT symbol, investment_class AS "investmentClass", investment_subtype AS "investmentSubtype",
         underlying_symbol AS "underlyingSymbol"
       FROM positions WHERE deleted_at IS NULL AND (symbol = ANY($1) OR underlying_symbol = ANY($1))`,
      [symbols],
    ),
    client.query<{ symbol: string }>(
      `SELECT symbol FROM securities WHERE symbol = ANY($1) UNION SELECT symbol FROM watchlist WHERE symbol = ANY($1)`,
      [symbols],
    ),
  ]);
  const asked = new Set(symbols);
  const needed = lots.rows.map(pricedSymbol).filter((symbol) => symbol !== null && asked.has(symbol));
  return new Set([...needed.map((symbol) => symbol!), ...securities.rows.map(({ symbol }) => symbol)]);
}
