// From a lot as entered to a lot as the kernel computes it: indices on the axis, rounded entry and exit values, and its prices.
import { lotValueE4, NO_SPLIT, parseScaled, type LotSize } from '../calc/exact-value.js';
import type { Lot, LotPricing } from '../calc/lot-history.js';
import { intrinsicE6, optionMarks, type OptionContract, type OptionMark, type OptionMarks } from '../calc/option-marks.js';
import type { PortfolioLot } from '../calc/portfolio-sums.js';
import { ratioBetween, type SessionAxis, type SplitEvent } from '../calc/price-series.js';
import type { TradingCalendar } from '../calendar/trading-calendar.js';
import { lotKind } from '../lot-kind.js';
import type { LedgerLot } from './ledger.js';
import { entrySession, type PriceBook } from './price-book.js';

export type LotSources = Readonly<{
  calendar: TradingCalendar;
  axis: SessionAxis;
  prices: PriceBook;
  /** Stored marks by position, each by session. */
  marks: ReadonlyMap<string, ReadonlyMap<string, OptionMark>>;
  /** Their owners' marks of private lots by position, ascending by date. */
  manualMarks: ReadonlyMap<string, readonly ManualMark[]>;
  /** Of the option marks of a session that has none yet: continuously compounded, a year. */
  optionRateOn: (session: string) => number;
}>;

/** What a private lot is worth a unit from the session of `date` on, in units of 1e-6. */
export type ManualMark = Readonly<{ date: string; priceE6: number }>;

/** A lot of the ledger, ready to compute, with the marks it needs and does not have yet. */
export type BuiltLot = PortfolioLot & Readonly<{ entry: LedgerLot; addedMarks: readonly AddedMark[] }>;
export type AddedMark = OptionMark & Readonly<{ positionId: string }>;

export function buildLots(sources: LotSources, entries: readonly LedgerLot[]): readonly BuiltLot[] {
  return entries.map((entry) => buildLot(sources, entry));
}

const CONTRACT_SIZE = 100;

function buildLot(sources: LotSources, entry: LedgerLot): BuiltLot {
  const kind = lotKind(entry);
  const size = lotSize(entry);
  const entryValueE4 = lotValueE4(size, priceE6(entry.entryPrice));
  const life = lifeOf(sources, entry, size, entryValueE4);
  const base = { size, entryDate: entry.entryDate, entryValueE4, ...life };
  if (kind === 'option') return buildOption(sources, entry, base);
  const pricing = pricingOf(sources, entry, kind);
  return { lot: { ...base, pricing }, isOption: false, isPrivate: kind === 'private', deltaE4: null, entry, addedMarks: [] };
}

function pricingOf(sources: LotSources, entry: LedgerLot, kind: 'market' | 'cash' | 'private'): LotPricing {
  if (kind === 'cash') return { by: 'par' };
  if (kind === 'market') return { by: 'close', series: sources.prices.series(entry.symbol, sources.axis) };
  const markE6 = new Float64Array(sources.axis.sessions.length).fill(Number.NaN);
  for (const { date, priceE6: mark } of sources.manualMarks.get(entry.positionId) ?? []) {
    const from = indexOnAxis(sources, date);
    if (Number.isFinite(from)) markE6.fill(mark, Math.max(from, 0));
  }
  return { by: 'manual', markE6 };
}

export function lotSize(entry: LedgerLot): LotSize {
  return { quantityE8: parseScaled(entry.quantity, 8), multiplier: lotKind(entry) === 'option' ? CONTRACT_SIZE : 1 };
}

/** What closing the lot brought in, in units of 1e-4; null while nobody has closed it. `splits`: of its symbol. */
export function exitValueE4(entry: LedgerLot, splits: readonly SplitEvent[]): number | null {
  if (entry.exitDate === null || entry.exitPrice === null) return null;
  const ratio = lotKind(entry) === 'market' ? ratioBetween(splits, entry.entryDate, entry.exitDate) : NO_SPLIT;
  return lotValueE4(lotSize(entry), priceE6(entry.exitPrice), ratio);
}

type Life = Pick<Lot, 'entryIndex' | 'exitIndex' | 'exitValueE4'>;

/** When the lot opens and closes on the axis. An option that nobody closed settles at its expiry, at intrinsic value. */
function lifeOf(sources: LotSources, entry: LedgerLot, size: LotSize, entryValueE4: number): Life {
  const entryIndex = indexOnAxis(sources, entry.entryDate);
  const closedAtE4 = exitValueE4(entry, sources.prices.splits(entry.symbol));
  if (entry.exitDate !== null && closedAtE4 !== null)
    return { entryIndex, exitIndex: indexOnAxis(sources, entry.exitDate), exitValueE4: closedAtE4 };
  const settled = settlement(sources, entry, size, entryValueE4);
  return settled ? { entryIndex, ...settled } : { entryIndex, exitIndex: Infinity, exitValueE4: 0 };
}

function settlement(
  { calendar, axis, prices }: LotSources,
  { underlyingSymbol, expirationDate, entryDate, ...terms }: LedgerLot,
  size: LotSize,
  entryValueE4: number,
): Pick<Life, 'exitIndex' | 'exitValueE4'> | null {
  const contract = contractOf({ ...terms, expirationDate });
  const lastSession = axis.sessions.at(-1)!;
  if (contract === null || underlyingSymbol === null || contract.expirationDate > lastSession) return null;
  const session = calendar.sessionOnOrBefore(contract.expirationDate);
  const close = prices.closeAsOf(underlyingSymbol, session);
  const exitIndex = calendar.sessionIndex(session) - axis.firstIndex;
  // Without any close of the underlying there is no intrinsic value: the lot leaves at what it was worth here, its entry value.
  if (close === null) return { exitIndex, exitValueE4: entryValueE4 };
  const { numerator, denominator } = ratioBetween(prices.splits(underlyingSymbol), entryDate, axis.dateOf(close.sessionIndex));
  const spot = ((close.closeE6 / 1e6) * numerator) / denominator;
  return { exitIndex, exitValueE4: lotValueE4(size, intrinsicE6(contract, spot)) };
}

function buildOption(sources: LotSources, entry: LedgerLot, base: Omit<Lot, 'pricing'>): BuiltLot {
  const { axis } = sources;
  const marks = marksOf(sources, entry, base);
  const pricing: LotPricing = { by: 'model', markE6: marks.markE6, fresh: marks.fresh };
  const units = (Number(base.size.quantityE8) / 1e8) * base.size.multiplier;
  const deltaE4 = Float64Array.from({ length: axis.sessions.length }, (_, i) =>
    Math.round(units * marks.deltaExposure[i]! * 1e4),
  );
  const addedMarks = marks.added.map((mark) => ({ ...mark, positionId: entry.positionId }));
  return { lot: { ...base, pricing }, isOption: true, isPrivate: false, deltaE4, entry, addedMarks };
}

function marksOf(
  { calendar, axis, prices, marks, optionRateOn }: LotSources,
  entry: LedgerLot,
  base: Omit<Lot, 'pricing'>,
): OptionMarks {
  const contract = contractOf(entry);
  const session = entrySession(calendar, entry.entryDate);
  const symbol = entry.underlyingSymbol ?? entry.symbol;
  const lifeEnds = Math.min(base.exitIndex - 1, axis.sessions.length - 1);
  return optionMarks(axis, {
    contract: contract ?? { type: 'call', strike: 0, expirationDate: entry.entryDate },
    entryDate: entry.entryDate,
    entrySession: session ?? axis.sessions[0]!,
    premiumE6: priceE6(entry.entryPrice),
    entryCloseE6: session === null ? null : prices.closeOn(symbol, session),
    underlying: prices.series(symbol, axis),
    rateOn: optionRateOn,
    realisedVolatility: (i) => prices.realisedVolatility(symbol, axis.sessions[i]!),
    closeInstant: calendar.closeInstant,
    stored: marks.get(entry.positionId) ?? new Map(),
    first: Math.max(base.entryIndex, 0),
    last: contract === null ? -1 : lifeEnds,
  });
}

/** Null for a lot that is no option. */
export function contractOf({
  strikePrice,
  expirationDate,
  optionType,
}: Pick<LedgerLot, 'strikePrice' | 'expirationDate' | 'optionType'>): OptionContract | null {
  if (strikePrice === null || expirationDate === null || optionType === null) return null;
  return { type: optionType === 'CALL' ? 'call' : 'put', strike: Number(strikePrice), expirationDate };
}

/** Index of the session a date counts in: −1 before the axis, Infinity after it. */
export function indexOnAxis({ calendar, axis }: Pick<LotSources, 'calendar' | 'axis'>, date: string): number {
  if (date <= axis.sessions[0]!) return date === axis.sessions[0] ? 0 : dateBefore(calendar, axis, date);
  if (date > axis.sessions.at(-1)!) return Infinity;
  return calendar.sessionIndex(calendar.sessionOnOrAfter(date)) - axis.firstIndex;
}

function dateBefore(calendar: TradingCalendar, axis: SessionAxis, date: string): number {
  const session = entrySession(calendar, date);
  return session === axis.sessions[0] ? 0 : -1;
}

function priceE6(text: string): number {
  return Number(parseScaled(text, 6));
}
