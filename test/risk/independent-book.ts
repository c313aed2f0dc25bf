// A book of lots worked out session by session from closes alone, in decimals: values, dollars moved, profit and daily returns.
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { LotRecord } from '../support/ledger.js';
import { decimal, ONE, over, rounded, sum, times, type Decimal } from './decimal.js';
import type { Series } from './independent-statistics.js';
import { impliedBy, optionValue, type Contract } from './independent-stress.js';
import { closesOf, type Histories } from './price-folder.js';

export type BookLot = Readonly<{
  symbol: string;
  /** Whose closes move it; null for cash and private holdings. */
  movedBy: string | null;
  isPrivate: boolean;
  /** By session: money in dollars, below 0 for a short; null while it is not held. */
  values: readonly (Decimal | null)[];
  /** In the last session: dollars of `movedBy` that it moves like. */
  deltaValue: Decimal;
  entryValue: Decimal;
  /** Of options, as of the last session: shares behind it, its terms, the spot, the volatility it was bought at. */
  option: Readonly<{ shares: Decimal; contract: Contract; spot: Decimal; volatility: Decimal }> | null;
}>;

export type Book = Readonly<{
  lots: readonly BookLot[];
  /** By session; null in the first, which has none before it. */
  dailyReturns: Series;
}>;

export const OPTION_RATE = '0.045';
const DAY_MS = 86_400_000;

/** `equity` of the last session; `sessions` from the first entry on. No lot is closed. */
export function bookOf(histories: Histories, records: readonly LotRecord[], sessions: readonly string[], equity: string): Book {
  const lots = records.map((record) => lotOf(histories, record, sessions));
  const profits = sessions.map((_, t) => sum(lots.map((lot) => profitIn(lot, t))));
  const equities = sessions.map((_, t) => decimal(equity) - sum(profits.slice(t + 1)));
  const dailyReturns = profits.map((profit, t) => (t === 0 ? null : over(profit, equities[t - 1]!)));
  return { lots, dailyReturns };
}

/** The day a lot is bought it earns from its entry price on. */
function profitIn({ values, entryValue }: BookLot, t: number): Decimal {
  const value = values[t] ?? null;
  return value === null ? 0n : value - (values[t - 1] ?? entryValue);
}

function lotOf(histories: Histories, record: LotRecord, sessions: readonly string[]): BookLot {
  if (record.investmentClass === 'OPTIONS') return optionLot(histories, record, sessions);
  const quantity = decimal(record.quantity);
  const entryValue = rounded(times(quantity, decimal(record.entryPrice)), 4);
  const isPrivate = record.investmentClass === 'PRIVATE';
  const isFixed = isPrivate || record.investmentSubtype === 'CASH';
  const closes = closesOf(histories, record.symbol, sessions);
  const values = sessions.map((session, t) => {
    if (session < record.entryDate) return null;
    return isFixed ? entryValue : rounded(times(quantity, closes[t]!), 4);
  });
  const movedBy = isFixed ? null : record.symbol;
  return { symbol: record.symbol, movedBy, isPrivate, values, deltaValue: values.at(-1)!, entryValue, option: null };
}

/** Bought at a premium that implies a volatility, and marked by it from then on, to the sixth decimal of a dollar. */
function optionLot(histories: Histories, record: LotRecord, sessions: readonly string[]): BookLot {
  const closes = closesOf(histories, record.underlyingSymbol!, sessions);
  const contractOn = (session: string): Contract => contractOf(record, session);
  const entry = sessions.indexOf(record.entryDate);
  const volatility = impliedBy(contractOn(record.entryDate), closes[entry]!, decimal(record.entryPrice));
  const shares = times(decimal(record.quantity), 100n * ONE);
  const valueOn = (t: number) => optionValue(contractOn(sessions[t]!), closes[t]!, volatility);
  const spot = closes.at(-1)!;
  return {
    symbol: record.symbol,
    movedBy: record.underlyingSymbol!,
    isPrivate: false,
    values: sessions.map((_, t) => (t < entry ? null : rounded(times(shares, rounded(valueOn(t).price, 6)), 4))),
    deltaValue: rounded(times(times(shares, valueOn(sessions.length - 1).delta), spot), 4),
    entryValue: rounded(times(shares, decimal(record.entryPrice)), 4),
    option: { shares, contract: contractOn(sessions.at(-1)!), spot, volatility },
  };
}

/** Both days are on the same side of the clock change: whole days to 16:00 in New York. */
export function contractOf({ expirationDate, strikePrice, optionType }: LotRecord, session: string): Contract {
  const days = (Date.parse(expirationDate!) - Date.parse(session)) / DAY_MS;
  return {
    type: optionType === 'CALL' ? 'call' : 'put',
    strike: decimal(strikePrice!),
    years: (BigInt(days) * ONE) / 365n,
    rate: decimal(OPTION_RATE),
  };
}

/** The last `count` sessions up to `last`. */
export function sessionsTo(last: string, count: number): readonly string[] {
  const calendar = xnysCalendar();
  return calendar.sessionsBetween(calendar.addSessions(last, 1 - count), last);
}
