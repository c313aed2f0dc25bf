// Twenty stocks, two options, cash and a private holding on 28 December 2022, and what stands for the factors: as entered, and in decimals.
import type { LotRecord } from '../support/ledger.js';
import { decimal, over, toNumber, type Decimal } from './decimal.js';
import { bookOf, contractOf, sessionsTo, type Book } from './independent-book.js';
import { leastSquares, simpleReturns, type LeastSquares, type Series } from './independent-statistics.js';
import { optionValue } from './independent-stress.js';
import { closesOf, readHistories, type Histories } from './price-folder.js';

export const SESSION = '2022-12-28';
export const EQUITY = '1500000';
const ENTRY = '2022-06-01';
const OPTION_ENTRY = '2022-11-28';
const EXPIRATION = '2023-02-17';
const BOUGHT_AT_VOLATILITY = decimal('0.31');

export const STOCKS = 'AAPL AMD BAC BBY CVX GE HD JNJ JPM KO LLY MRK MSFT PEP PFE PG RRC UNH WMT XOM'.split(' ');

/** In the order of the model: a fund, less another. IVV is the market, as SPY's prices end before; there are none of TLT. */
const FACTOR_FUNDS = [
  ['MKT', 'IVV', null],
  ['VMG', 'VTV', 'VUG'],
  ['MOM', 'MTUM', 'IVV'],
  ['QUA', 'QUAL', 'IVV'],
  ['SIZ', 'IWM', 'IVV'],
  ['LOV', 'USMV', 'IVV'],
] as const;

export const FACTOR_NAMES = FACTOR_FUNDS.map(([name]) => name);

export function realHistories(): Histories {
  return readHistories(
    {
      'adjclose_skfolio_BSD3.csv': [...STOCKS, 'MTUM', 'QUAL', 'USMV'],
      'etf_ohlcv_optimalhorizon_MIT.csv': ['IVV', 'VTV', 'VUG', 'IWM'],
    },
    SESSION,
  );
}

/** Every fifth stock is short; the options are a call held and a put written. */
export function realLots(histories: Histories): readonly LotRecord[] {
  const stocks = STOCKS.map((symbol, i): LotRecord => ({
    symbol,
    quantity: String((i % 5 === 3 ? -1 : 1) * (150 + 40 * i)),
    entryPrice: closeOf(histories, symbol, ENTRY),
    entryDate: ENTRY,
  }));
  const fixed = { quantity: '1', entryDate: ENTRY };
  return [
    ...stocks,
    optionOn(histories, 'AAPL', 'CALL', '12'),
    optionOn(histories, 'XOM', 'PUT', '-8'),
    { ...fixed, symbol: 'CASH_USD', entryPrice: '45000', investmentSubtype: 'CASH' },
    { ...fixed, symbol: 'VINEYARD', entryPrice: '60000', investmentClass: 'PRIVATE' },
  ];
}

export function realBook(histories: Histories): Book {
  const sessions = sessionsTo(SESSION, 252).filter((session) => session >= ENTRY);
  return bookOf(histories, realLots(histories), sessions, EQUITY);
}

/** Of the last sessions up to the session, the first without one where there are no more closes. */
export function returnsOf(histories: Histories, symbol: string, sessions: number): Series {
  return simpleReturns(closesOf(histories, symbol, sessionsTo(SESSION, sessions + 1))).slice(1);
}

export function factorReturns(histories: Histories, sessions: number): readonly Series[] {
  return FACTOR_FUNDS.map(([, one, other]) => {
    const less = other === null ? null : returnsOf(histories, other, sessions);
    return returnsOf(histories, one, sessions).map((value, t) => value! - (less?.[t] ?? 0n));
  });
}

export function fitOf(histories: Histories, symbol: string): LeastSquares {
  return leastSquares(returnsOf(histories, symbol, 252), factorReturns(histories, 252));
}

/** At a strike near the close of its entry, for a premium of whole cents. */
function optionOn(histories: Histories, underlying: string, type: 'CALL' | 'PUT', quantity: string): LotRecord {
  const close = closeOf(histories, underlying, OPTION_ENTRY);
  const strike = Math.round(Number(close));
  const [side, year] = [type === 'CALL' ? 'C' : 'P', EXPIRATION.slice(2).replaceAll('-', '')];
  const record = {
    symbol: `${underlying}${year}${side}${String(strike * 1_000).padStart(8, '0')}`,
    quantity,
    entryDate: OPTION_ENTRY,
    investmentClass: 'OPTIONS',
    underlyingSymbol: underlying,
    strikePrice: String(strike),
    expirationDate: EXPIRATION,
    optionType: type,
  } as const;
  const premium = optionValue(contractOf({ ...record, entryPrice: '0' }, OPTION_ENTRY), decimal(close), BOUGHT_AT_VOLATILITY);
  return { ...record, entryPrice: toNumber(premium.price).toFixed(2) };
}

function closeOf(histories: Histories, symbol: string, session: string): string {
  const close = histories.get(symbol)?.get(session);
  if (close === undefined) throw new Error(`no close of ${symbol} on ${session}`);
  return close;
}

/** By symbol in the order of the lots, options at their delta: dollars by equity. */
export function weightsOf({ lots }: Book): ReadonlyMap<string, Decimal> {
  const weights = new Map<string, Decimal>();
  for (const { movedBy, deltaValue } of lots) {
    if (movedBy !== null) weights.set(movedBy, (weights.get(movedBy) ?? 0n) + over(deltaValue, decimal(EQUITY)));
  }
  return weights;
}
