// Reads Yahoo's quotes, summaries and search results, field by field: one that is missing or of another kind is not told, and costs nothing else.
import type { Quote, SecurityProfile, SymbolMatch } from '@closebell/shared/market-data/provider';
import { garbage } from './yahoo-refusals.js';
import { symbolOfYahoo } from './yahoo-symbols.js';

/** `symbols`: ours by Yahoo's spelling. Rows of other symbols and without a price are left out; throws a YahooRefusal when no row is usable. */
export function quotesOfAnswer(answer: unknown, symbols: ReadonlyMap<string, string>): readonly Quote[] {
  const rows = rowsOf(answer, 'quotes');
  const quotes = rows.flatMap((row) => {
    const symbol = symbols.get(textOf(row['symbol']) ?? '');
    const price = numberOf(row['regularMarketPrice']);
    const quotedAt = instantOf(row['regularMarketTime']);
    if (symbol === undefined || price === null || price <= 0 || quotedAt === null) return [];
    const previousClose = numberOf(row['regularMarketPreviousClose']);
    return [{ symbol, price, previousClose, currency: currencyOf(row['currency']), quotedAt }];
  });
  if (rows.length > 0 && quotes.length === 0) throw garbage('Yahoo answered quotes, none of them usable');
  return quotes;
}

/** Throws a YahooRefusal for the summary of another symbol. */
export function profileOfSummary(answer: unknown, symbol: string, spelled: string): SecurityProfile {
  const summary = recordOf(answer);
  const price = recordOf(summary['price']);
  const company = recordOf(summary['assetProfile']);
  const detail = recordOf(summary['summaryDetail']);
  const statistics = recordOf(summary['defaultKeyStatistics']);
  if (price['symbol'] !== spelled) throw garbage(`Yahoo's summary is not of ${spelled}`);
  return {
    symbol,
    name: textOf(price['longName']) ?? textOf(price['shortName']),
    securityType: textOf(price['quoteType']),
    sector: textOf(company['sector']),
    industry: textOf(company['industry']),
    exchange: textOf(price['exchangeName']),
    country: textOf(company['country']),
    currency: currencyOf(price['currency']),
    marketCap: numberOf(price['marketCap']) ?? numberOf(detail['marketCap']),
    // Funds have only the one over three years.
    beta: numberOf(detail['beta']) ?? numberOf(statistics['beta']) ?? numberOf(statistics['beta3Year']),
  };
}

/** What Yahoo can price, in its order of relevance: private companies and option contracts are left out. */
export function matchesOfSearch(answer: unknown): readonly SymbolMatch[] {
  return rowsOf(recordOf(answer)['quotes'], 'search results').flatMap((row) => {
    const spelled = textOf(row['symbol']);
    const securityType = textOf(row['quoteType']);
    if (spelled === null || row['isYahooFinance'] !== true || securityType === 'OPTION') return [];
    return [
      {
        symbol: symbolOfYahoo(spelled),
        name: textOf(row['longname']) ?? textOf(row['shortname']),
        securityType,
        exchange: textOf(row['exchDisp']) ?? textOf(row['exchange']),
      },
    ];
  });
}

type Fields = Readonly<Record<string, unknown>>;

function rowsOf(value: unknown, what: string): readonly Fields[] {
  if (!Array.isArray(value)) throw garbage(`Yahoo answered no list of ${what}`);
  return value.map(recordOf);
}

function recordOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** A Date where the client knew the kind of security, else Yahoo's seconds. */
function instantOf(value: unknown): string | null {
  const instant = typeof value === 'number' ? new Date(value * 1_000) : value;
  return instant instanceof Date && !Number.isNaN(instant.getTime()) ? instant.toISOString() : null;
}

/** GBp is a hundredth of GBP, in which London's prices stay. */
function currencyOf(value: unknown): string | null {
  const currency = textOf(value);
  return currency === 'GBp' ? 'GBX' : (currency?.toUpperCase() ?? null);
}
