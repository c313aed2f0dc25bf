// The symbols that active portfolios hold, and what is stored of each: what an admin judges the market data by.
import { FACTOR_SYMBOLS } from '@closebell/shared/calc/factors';
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

/** Those held, and those that may stand for a factor. */
export async function listSymbolsInUse(client: Queryable, session: string): Promise<readonly string[]> {
  return [...new Set([...(await listHeldSymbols(client, session)), ...FACTOR_SYMBOLS])];
}

/** What one provider has given of one symbol. */
export type StoredBars = Readonly<{
  symbol: string;
  provider: string;
  /** Revisions included. */
  bars: number;
  /** Sessions with a close that came from it first. */
  sessions: number;
  first: string;
  last: string;
  /** Bars of the session asked about. */
  inSession: number;
  /** Closes that it corrected of late. */
  revised: number;
}>;

/** What counts as revised of late. */
export const REVISED_WITHIN_DAYS = 30;

/** Of every symbol, in one pass over the bars. */
export async function listStoredBars(client: Queryable, session: string): Promise<readonly StoredBars[]> {
  const { rows } = await client.query<StoredBars>(
    `SELECT symbol, provider, count(*) AS bars, count(*) FILTER (WHERE revision = 0) AS sessions, min(session_date) AS first,
       max(session_date) AS last, count(*) FILTER (WHERE session_date = $1) AS "inSession",
       count(*) FILTER (WHERE revision > 0 AND fetched_at > clock_timestamp() - interval '${REVISED_WITHIN_DAYS} days') AS revised
     FROM price_bars GROUP BY symbol, provider`,
    [session],
  );
  return rows;
}

export type SymbolStanding = Readonly<{
  symbol: string;
  /** A symbol without data is not asked for before; null when it is asked for in the next run. */
  retryAt: Date | null;
  /** The first session that any provider has; null until that is known. */
  listedFrom: string | null;
  delistedOn: string | null;
}>;

/** Of the symbols that anything is known of. */
export async function listSymbolStandings(client: Queryable, symbols: readonly string[]): Promise<readonly SymbolStanding[]> {
  const { rows } = await client.query<SymbolStanding>(
    `SELECT symbol, CASE WHEN no_data_until > clock_timestamp() THEN no_data_until END AS "retryAt", listed_from AS "listedFrom", delisted_on AS "delistedOn"
     FROM securities WHERE symbol = ANY($1)`,
    [symbols],
  );
  return rows;
}

/** The sessions with a close, by symbol. */
export async function loadClosedSessions(
  client: Queryable,
  symbols: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { rows } = await client.query<{ symbol: string; dates: string }>(
    `SELECT symbol, string_agg(session_date::text, ',') AS dates FROM price_bars WHERE symbol = ANY($1) AND revision = 0 GROUP BY symbol`,
    [symbols],
  );
  return new Map(rows.map(({ symbol, dates }) => [symbol, new Set(dates.split(','))]));
}

/** A close that took the place of another. */
export type RevisedClose = Readonly<{
  symbol: string;
  sessionDate: string;
  from: number;
  to: number;
  provider: string;
  revisedAt: Date;
}>;

export type RevisedCloseFilter = Readonly<{
  symbols: readonly string[];
  /** Of this session and later ones. */
  from?: string;
  /** Revised so recently. */
  withinDays?: number;
  limit: number;
}>;

/** Those of the symbols, revised last first. `from` of a row is the close before it, whichever provider's. */
export async function listRevisedCloses(
  client: Queryable,
  { symbols, from = '-infinity', withinDays, limit }: RevisedCloseFilter,
): Promise<readonly RevisedClose[]> {
  const { rows } = await client.query<RevisedClose>(
    `SELECT bar.symbol, bar.session_date AS "sessionDate", before.close::float8 AS "from", bar.close::float8 AS "to", bar.provider,
       bar.fetched_at AS "revisedAt"
     FROM price_bars bar JOIN price_bars before
       ON before.symbol = bar.symbol AND before.session_date = bar.session_date AND before.revision = bar.revision - 1
     WHERE bar.symbol = ANY($1) AND bar.revision > 0 AND bar.session_date >= $2
       AND ($3::int IS NULL OR bar.fetched_at > clock_timestamp() - make_interval(days => $3))
     ORDER BY bar.fetched_at DESC, bar.symbol, bar.session_date DESC LIMIT $4`,
    [symbols, from, withinDays ?? null, limit],
  );
  return rows;
}
