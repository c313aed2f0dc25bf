// What Massive knows of tickers: how it spells them, what they are, which match a text.
import { massiveTickerDetails, massiveTickers, type MassiveTicker } from '@closebell/shared/market-data/massive-answers';
import type { Answer, Refusal, SecurityProfile, SymbolMatch } from '@closebell/shared/market-data/provider';
import type { GetJson } from './http-json.js';

const MATCHES_MAX = 20;

/** Indices whose name at Massive is not the usual one after the caret. */
const INDICES: Readonly<Record<string, string>> = { GSPC: 'SPX', IXIC: 'COMP' };

/** Of shares, the only kind we ask for beside indices: option contracts and names that users made up go to nobody. */
const SHARE = /^[A-Z][A-Z0-9.]{0,9}$/;
const INDEX = /^\^([A-Z0-9]{1,9})$/;

/** Shares are spelled as we do (BRK.B), indices with a prefix: ^GSPC is I:SPX. Null for what must not be asked. */
export function tickerOf(symbol: string): string | null {
  const index = INDEX.exec(symbol)?.[1];
  if (index !== undefined) return `I:${INDICES[index] ?? index}`;
  return SHARE.test(symbol) ? symbol : null;
}

export function notATicker(symbol: string): Refusal {
  return { status: 'unknown_symbol', reason: `${symbol} is no ticker that Massive could have`, notAsked: true };
}

/** As it is listed, or was before it left the exchange. */
export async function lookUp(get: GetJson, ticker: string, signal: AbortSignal): Promise<Answer<MassiveTicker>> {
  const path = '/v3/reference/tickers';
  const listed = await get({ path: `${path}/${encodeURIComponent(ticker)}`, shape: massiveTickerDetails }, signal);
  if (listed.status === 'ok') return { status: 'ok', value: listed.value.results };
  if (listed.status !== 'unknown_symbol') return listed;
  const delisted = await get({ path, query: { ticker, active: 'false', limit: '1' }, shape: massiveTickers }, signal);
  if (delisted.status !== 'ok') return delisted;
  const [found] = delisted.value.results ?? [];
  return found === undefined ? listed : { status: 'ok', value: found };
}

export async function massiveProfile(get: GetJson, symbol: string, signal: AbortSignal): Promise<Answer<SecurityProfile>> {
  signal.throwIfAborted();
  const ticker = tickerOf(symbol);
  if (ticker === null) return notATicker(symbol);
  const found = await lookUp(get, ticker, signal);
  return found.status === 'ok' ? { status: 'ok', value: profileOf(symbol, found.value) } : found;
}

function profileOf(symbol: string, ticker: MassiveTicker): SecurityProfile {
  return {
    symbol,
    name: ticker.name ?? null,
    securityType: securityType(ticker),
    sector: null,
    industry: ticker.sic_description ?? null,
    exchange: ticker.primary_exchange ?? null,
    country: null,
    currency: ticker.currency_name?.toUpperCase() ?? null,
    marketCap: ticker.market_cap ?? null,
    beta: null,
  };
}

const SECURITY_TYPES: Readonly<Record<string, string>> = { CS: 'EQUITY', ADRC: 'EQUITY', OS: 'EQUITY', ETS: 'ETF', ETV: 'ETF' };

function securityType({ type }: MassiveTicker): string | null {
  return type ? (SECURITY_TYPES[type] ?? type) : null;
}

export async function massiveSearch(get: GetJson, text: string, signal: AbortSignal): Promise<Answer<readonly SymbolMatch[]>> {
  const query = { search: text, market: 'stocks', active: 'true', limit: String(MATCHES_MAX) };
  const answer = await get({ path: '/v3/reference/tickers', query, shape: massiveTickers }, signal);
  return answer.status === 'ok' ? { status: 'ok', value: (answer.value.results ?? []).map(matchOf) } : answer;
}

function matchOf(ticker: MassiveTicker): SymbolMatch {
  const { name, primary_exchange: exchange } = ticker;
  return { symbol: ticker.ticker, name: name ?? null, securityType: securityType(ticker), exchange: exchange ?? null };
}
