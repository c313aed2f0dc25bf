// One lot as its owner sees it now: whether it is held, how many shares it has become, its price and where that comes from. Pure; money in
// units of 1e-4, prices in 1e-6, quantities in 1e-8.
import { lotValueE4, NO_SPLIT, parseScaled, type ShareRatio } from '../calc/exact-value.js';
import type { PriceSource } from '../calc/lot-history.js';
import type { OptionMark } from '../calc/option-marks.js';
import { ratioBetween } from '../calc/price-series.js';
import { lotKind, pricedSymbol } from '../lot-kind.js';
import type { LedgerLot } from './ledger.js';
import { exitValueE4, lotSize } from './lots.js';
import type { StoredClose } from './price-book.js';
import { lotNow, type NowSources } from './value-now.js';

export type PriceSources = NowSources &
  Readonly<{
    /** By symbol, the newest close up to now. */
    closes: ReadonlyMap<string, StoredClose>;
    /** The session of now, and the last complete one: worked out once for all lots. */
    today: string;
    latestSession: string;
  }>;

export type OwnedLot = Readonly<{
  entry: LedgerLot;
  /** Of the portfolio. */
  currency: string;
  /** The newest mark that its owner has given a private lot; null where there is none. */
  manualPriceE6: number | null;
  /** An option as it stood in the newest calculated session; null where it was not in it. */
  model: OptionStanding | null;
}>;

export type OptionStanding = Pick<OptionMark, 'volatility' | 'rate'> &
  Readonly<{ sessionDate: string; priceE6: number; priceSource: PriceSource }>;

/** `expired`: an option that the calculation has settled, or will, at its expiration. */
export type LotState = 'open' | 'closed' | 'expired';

export type PositionNow = Readonly<{
  state: LotState;
  /** Null unless the lot is open. */
  held: HeldNow | null;
  costE4: number;
  /** Exit against entry; null unless closed. */
  realisedE4: number | null;
}>;

export type HeldNow = Readonly<{
  /** After splits. */
  quantityE8: bigint;
  priceE6: number;
  priceSource: 'quote' | PriceSource;
  priceDate: string | null;
  quotedAt: Date | null;
  /** Whether a newer price should be there. */
  isStale: boolean;
  valueE4: number;
}>;

export function positionNow(sources: PriceSources, lot: OwnedLot): PositionNow {
  const { entry } = lot;
  const splits = sources.actions.get(pricedSymbol(entry) ?? '')?.splits ?? [];
  const costE4 = lotValueE4(lotSize(entry), entryPriceE6(entry));
  const closedAtE4 = exitValueE4(entry, splits);
  if (closedAtE4 !== null) return { state: 'closed', held: null, costE4, realisedE4: closedAtE4 - costE4 };
  if (isExpired(sources, entry)) return { state: 'expired', held: null, costE4, realisedE4: null };
  return { state: 'open', held: quotedNow(sources, lot) ?? lastKnown(sources, lot), costE4, realisedE4: null };
}

function isExpired({ calendar, latestSession }: PriceSources, { expirationDate }: LedgerLot): boolean {
  if (expirationDate === null || expirationDate > calendar.lastDate) return false;
  return expirationDate < calendar.firstDate || calendar.sessionOnOrBefore(expirationDate) <= latestSession;
}

/** At a quote that is newer than the last known price; null without one. */
function quotedNow(sources: PriceSources, { entry, currency, model }: OwnedLot): HeldNow | null {
  const { calendar, today, quotes, closes } = sources;
  const symbol = pricedSymbol(entry);
  const quote = symbol === null ? undefined : quotes.get(symbol);
  if (symbol === null || quote === undefined) return null;
  const isOption = lotKind(entry) === 'option';
  const snapshotDate = (isOption ? model?.sessionDate : closes.get(symbol)?.sessionDate) ?? calendar.firstDate;
  const { valueE4, quotedAt } = lotNow(sources, { currency, snapshotDate }, { entry, closeValueE4: null, mark: model }, today);
  if (quotedAt === null) return null;
  const shared = { priceSource: 'quote', priceDate: quote.session, quotedAt, isStale: quote.isStale, valueE4 } as const;
  if (!isOption) return { quantityE8: sharesAt(sources, entry, quote.session), priceE6: quote.priceE6, ...shared };
  const { quantityE8, multiplier } = lotSize(entry);
  return { quantityE8, priceE6: Math.round((valueE4 * 1e10) / (Number(quantityE8) * multiplier)), ...shared };
}

type Known = Readonly<{ priceE6: number; priceSource: PriceSource; priceDate: string | null; isStale: boolean }>;

function lastKnown(sources: PriceSources, lot: OwnedLot): HeldNow {
  const { entry } = lot;
  const known = knownPrice(sources, lot);
  const isClose = known.priceSource === 'close' || known.priceSource === 'stale';
  const ratio = isClose && known.priceDate !== null ? ratioSince(sources, entry, known.priceDate) : NO_SPLIT;
  const valueE4 = lotValueE4(lotSize(entry), known.priceE6, ratio);
  return { quantityE8: shares(entry, ratio), quotedAt: null, valueE4, ...known };
}

function knownPrice({ latestSession, closes }: PriceSources, { entry, manualPriceE6, model }: OwnedLot): Known {
  const entered = entryPriceE6(entry);
  switch (lotKind(entry)) {
    case 'cash':
      return { priceE6: entered, priceSource: 'par', priceDate: null, isStale: false };
    case 'private':
      return { priceE6: manualPriceE6 ?? entered, priceSource: 'manual', priceDate: null, isStale: false };
    case 'option': {
      if (model === null) break;
      const { priceE6, priceSource, sessionDate } = model;
      return { priceE6, priceSource, priceDate: sessionDate, isStale: priceSource !== 'model' || sessionDate < latestSession };
    }
    case 'market': {
      const close = closes.get(entry.symbol);
      // A close from before the entry says nothing of what was bought after it.
      if (close === undefined || close.sessionDate < entry.entryDate) break;
      const isStale = close.sessionDate < latestSession;
      return { priceE6: close.closeE6, priceSource: isStale ? 'stale' : 'close', priceDate: close.sessionDate, isStale };
    }
  }
  return { priceE6: entered, priceSource: 'no_price', priceDate: null, isStale: true };
}

function sharesAt(sources: PriceSources, entry: LedgerLot, date: string): bigint {
  return shares(entry, ratioSince(sources, entry, date));
}

function ratioSince({ actions }: PriceSources, { symbol, entryDate }: LedgerLot, date: string): ShareRatio {
  return ratioBetween(actions.get(symbol)?.splits ?? [], entryDate, date);
}

function shares(entry: LedgerLot, { numerator, denominator }: ShareRatio): bigint {
  return (lotSize(entry).quantityE8 * BigInt(numerator)) / BigInt(denominator);
}

function entryPriceE6({ entryPrice }: LedgerLot): number {
  return Number(parseScaled(entryPrice, 6));
}
