// What a portfolio is worth between two closes: the equity of its newest snapshot, and what its lots earned since by the formula of the
// nightly calculation, with a quote in the place of the close. Pure; money in units of 1e-4.
import { assertSafe, lotValueE4, parseScaled } from '../calc/exact-value.js';
import { dividendE4 } from '../calc/lot-history.js';
import type { OptionMark } from '../calc/option-marks.js';
import { priceOption, yearsToExpiry } from '../calc/option-pricing.js';
import { ratioBetween } from '../calc/price-series.js';
import type { TradingCalendar } from '../calendar/trading-calendar.js';
import { lotKind, pricedSymbol } from '../lot-kind.js';
import type { LedgerFlow, LedgerLot } from './ledger.js';
import { contractOf, exitValueE4, lotSize } from './lots.js';
import type { ActionEvents } from './price-book.js';

/** A quote that a lot may be valued at. */
export type CurrentQuote = Readonly<{
  /** In units of 1e-6. */
  priceE6: number;
  /** Null where the provider does not say. */
  currency: string | null;
  quotedAt: Date;
  session: string;
  /** It values the lot still, but counts as coverage no more. */
  isStale: boolean;
}>;

export type NowSources = Readonly<{
  calendar: TradingCalendar;
  now: Date;
  quotes: ReadonlyMap<string, CurrentQuote>;
  actions: ReadonlyMap<string, ActionEvents>;
}>;

export type LotSince = Readonly<{
  entry: LedgerLot;
  /** What it was worth at the snapshot's close; null: opened since. */
  closeValueE4: number | null;
  /** What an option was marked with there; null where it was not. */
  mark: Pick<OptionMark, 'volatility' | 'rate'> | null;
}>;

export type PortfolioSince = Readonly<{
  currency: string;
  snapshotDate: string;
  equityE4: number;
  /** Those open at the snapshot's close or opened since. */
  lots: readonly LotSince[];
  flows: readonly LedgerFlow[];
}>;

export type ValueNow = Readonly<{
  valueE4: number;
  /** Share of gross value at a quote that is not stale, or at par; 1 when there is nothing to value. */
  coverage: number;
  /** Null when no lot stands at a quote. */
  oldestQuoteAt: Date | null;
}>;

/** Only quotes of a session after the snapshot's count: what came before is in its closes. A lot without one stays at its close. */
export function valueNow(sources: NowSources, portfolio: PortfolioSince): ValueNow {
  const { snapshotDate, equityE4, flows } = portfolio;
  const today = sources.calendar.sessionOnOrBefore(sources.calendar.newYorkDate(sources.now));
  const isBooked = (date: string): boolean => date > snapshotDate && date <= today;
  const lots = portfolio.lots
    .filter(({ entry }) => entry.entryDate <= today)
    .map((lot) => lotNow(sources, portfolio, lot, today));
  const flowsE4 = flows.filter(({ date }) => isBooked(date)).map(({ amount }) => Number(parseScaled(amount, 4)));
  const earnedE4 = lots.map(({ pnlE4 }) => pnlE4);
  const grossE4 = sum(lots.map(({ valueE4 }) => Math.abs(valueE4)));
  const coveredE4 = sum(lots.filter(({ isCovered }) => isCovered).map(({ valueE4 }) => Math.abs(valueE4)));
  const quoted = lots.flatMap(({ quotedAt }) => (quotedAt === null ? [] : [quotedAt.getTime()]));
  return {
    valueE4: assertSafe(sum([equityE4, ...earnedE4, ...flowsE4]), 'the value of a portfolio'),
    coverage: grossE4 > 0 ? coveredE4 / grossE4 : 1,
    oldestQuoteAt: quoted.length === 0 ? null : new Date(quoted.reduce((a, b) => Math.min(a, b))),
  };
}

function sum(valuesE4: readonly number[]): number {
  return valuesE4.reduce((total, value) => total + value, 0);
}

export type LotNow = Readonly<{
  /** 0 once it is closed. */
  valueE4: number;
  pnlE4: number;
  isCovered: boolean;
  quotedAt: Date | null;
}>;

/** What a lot's value and earnings are counted from. */
export type LotBasis = Pick<PortfolioSince, 'currency' | 'snapshotDate'>;

/** One lot that was entered by `today`, a session. */
export function lotNow(sources: NowSources, portfolio: LotBasis, lot: LotSince, today: string): LotNow {
  const { entry, closeValueE4 } = lot;
  const baseE4 = closeValueE4 ?? lotValueE4(lotSize(entry), Number(parseScaled(entry.entryPrice, 6)));
  const closedAtE4 = exitValueE4(entry, eventsOf(sources, entry).splits);
  if (closedAtE4 !== null && entry.exitDate! <= today) {
    const incomeE4 = income(sources, portfolio, entry, sources.calendar.sessionOnOrAfter(entry.exitDate!));
    return { valueE4: 0, pnlE4: closedAtE4 - baseE4 + incomeE4, isCovered: false, quotedAt: null };
  }
  const quote = quoteFor(sources, portfolio, entry);
  const valueE4 = quote === null ? null : valueAt(sources, lot, quote);
  if (quote === null || valueE4 === null)
    return { valueE4: baseE4, pnlE4: 0, isCovered: lotKind(entry) === 'cash', quotedAt: null };
  const incomeE4 = income(sources, portfolio, entry, quote.session);
  return { valueE4, pnlE4: valueE4 - baseE4 + incomeE4, isCovered: !quote.isStale, quotedAt: quote.quotedAt };
}

const NO_EVENTS: ActionEvents = { splits: [], dividends: [] };

function eventsOf({ actions }: NowSources, entry: LedgerLot): ActionEvents {
  const symbol = pricedSymbol(entry);
  return (symbol === null ? null : actions.get(symbol)) ?? NO_EVENTS;
}

function quoteFor({ calendar, quotes }: NowSources, { currency, snapshotDate }: LotBasis, entry: LedgerLot): CurrentQuote | null {
  const symbol = pricedSymbol(entry);
  const quote = symbol === null ? undefined : quotes.get(symbol);
  if (quote === undefined || quote.session <= snapshotDate) return null;
  if (quote.session < calendar.sessionOnOrAfter(entry.entryDate)) return null;
  // Pence are not pounds, and no rate of exchange is known here.
  return quote.currency === null || quote.currency === currency ? quote : null;
}

/** Null for an option that cannot be marked, as it was not at the snapshot or has expired. */
function valueAt(sources: NowSources, { entry, mark }: LotSince, { priceE6, session }: CurrentQuote): number | null {
  // A lot stays as entered: splits since then multiply its shares, and of an option the underlying's price.
  const ratio = ratioBetween(eventsOf(sources, entry).splits, entry.entryDate, session);
  if (lotKind(entry) === 'market') return lotValueE4(lotSize(entry), priceE6, ratio);
  const contract = contractOf(entry);
  if (contract === null || mark === null || contract.expirationDate < session) return null;
  const spot = ((priceE6 / 1e6) * ratio.numerator) / ratio.denominator;
  const years = yearsToExpiry(sources.now, contract.expirationDate);
  const { volatility, rate } = mark;
  const { price } = priceOption({ type: contract.type, strike: contract.strike, spot, years, volatility, rate });
  return lotValueE4(lotSize(entry), Math.round(price * 1e6));
}

/** Dividends known to go ex after the snapshot, up to the session `to`, on a lot that was held at the close before. */
function income(sources: NowSources, { snapshotDate }: LotBasis, entry: LedgerLot, to: string): number {
  if (lotKind(entry) !== 'market') return 0;
  const { calendar } = sources;
  const { splits, dividends } = eventsOf(sources, entry);
  const paid = dividends.map(({ exDate, amountE8 }) => {
    const exSession = calendar.sessionOnOrAfter(exDate);
    const heldOn = calendar.previousSession(exSession);
    if (exSession <= snapshotDate || exSession > to || entry.entryDate > heldOn) return 0;
    return dividendE4(lotSize(entry), amountE8, ratioBetween(splits, entry.entryDate, heldOn));
  });
  return sum(paid);
}
