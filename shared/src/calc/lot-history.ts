// One lot along a run of sessions: what it is worth at each close and what it earned in each session, in units of 1e-4.
import { countWhile } from './count-while.js';
import { lotValuer, NO_SPLIT, type LotSize, type ShareRatio } from './exact-value.js';
import { ratioBetween, ratioPast, type PriceSeries, type SessionAxis } from './price-series.js';

/** Where a lot's value comes from. `stale`: the last close, carried forward. `no_price`: never had one, so entry price. */
export type PriceSource = 'close' | 'stale' | 'no_price' | 'model' | 'model_stale' | 'manual' | 'par';

/** A lot as the kernel sees it. Indices count sessions of the axis; −1 lies before it, Infinity after it. */
export type Lot = Readonly<{
  size: LotSize;
  entryDate: string;
  entryIndex: number;
  /** quantity × multiplier × entry price, rounded. */
  entryValueE4: number;
  exitIndex: number;
  /** What closing brought in, rounded; 0 while open. */
  exitValueE4: number;
  pricing: LotPricing;
}>;

export type LotPricing =
  | Readonly<{ by: 'close'; series: PriceSeries }>
  /** Model prices per session in units of 1e-6 (NaN: none) and whether the underlying's close was of that session. */
  | Readonly<{ by: 'model'; markE6: Float64Array; fresh: Uint8Array }>
  /** The user's own marks per session in units of 1e-6, each until the next; NaN before the first: the entry price. */
  | Readonly<{ by: 'manual'; markE6: Float64Array }>
  /** Cash: entry price × quantity, always. */
  | Readonly<{ by: 'par' }>;

/** The part of the axis that the lot was there in: element k is of session `first` + k, up to its exit or the end of the axis. */
export type LotHistory = Readonly<{
  first: number;
  /** Signed market value at each close; 0 in the session of the exit. */
  valueE4: Float64Array;
  /** Earned in each session, dividends included; the first session of the axis has no predecessor and earns nothing here. */
  pnlE4: Float64Array;
}>;

/** Values and P&L of a lot. Session 0 of the axis is the predecessor: it has a value, its P&L is not asked for. */
export function lotHistory(axis: SessionAxis, lot: Lot): LotHistory {
  const { first, end } = openSessions(axis, lot);
  const last = Math.min(lot.exitIndex, axis.sessions.length - 1);
  const length = Math.max(0, last - first + 1);
  const valueE4 = new Float64Array(length);
  const pnlE4 = new Float64Array(length);
  if (length === 0) return { first, valueE4, pnlE4 };
  fillValues(valueE4, lot, first, end);
  for (let i = Math.max(first, 1); i <= last; i++) {
    const before = i === lot.entryIndex ? lot.entryValueE4 : valueE4[i - first - 1]!;
    const after = i === lot.exitIndex ? lot.exitValueE4 : valueE4[i - first]!;
    pnlE4[i - first] = after - before;
  }
  addDividends(axis, lot, first, pnlE4);
  return { first, valueE4, pnlE4 };
}

/** The sessions at whose close the lot is held: `first` up to, but without, `end`. */
export function openSessions(
  { sessions }: SessionAxis,
  { entryIndex, exitIndex }: Lot,
): Readonly<{ first: number; end: number }> {
  const first = Math.min(Math.max(entryIndex, 0), sessions.length);
  return { first, end: Math.max(first, Math.min(exitIndex, sessions.length)) };
}

/** The price behind the value of a session. Cash rows stand at par, private lots at the user's own mark. */
export function priceSourceAt(axis: SessionAxis, { pricing }: Lot, i: number): PriceSource {
  switch (pricing.by) {
    case 'close':
      if (pricing.series.closeIndex[i] === -1) return 'no_price';
      return pricing.series.closeIndex[i] === axis.firstIndex + i ? 'close' : 'stale';
    case 'model':
      if (Number.isNaN(pricing.markE6[i])) return 'no_price';
      return pricing.fresh[i] === 1 ? 'model' : 'model_stale';
    case 'manual':
    case 'par':
      return pricing.by;
  }
}

/** Shares held for each share entered, in the basis of the close that values session i. */
export function shareRatioAt({ pricing, entryDate }: Lot, i: number): ShareRatio {
  if (pricing.by !== 'close' || pricing.series.splitsPast === null || pricing.series.closeIndex[i] === -1) return NO_SPLIT;
  const { splits, splitsPast } = pricing.series;
  return ratioPast(splits, entryDate, splitsPast[i]!);
}

/** Prices per session in units of 1e-6, NaN where there is none; null for a lot that is always worth its entry value. */
export function pricesOf({ pricing }: Lot): Float64Array | null {
  if (pricing.by === 'par') return null;
  return pricing.by === 'close' ? pricing.series.closeE6 : pricing.markE6;
}

/** Into `valueE4`, whose first element is of session `first`. */
function fillValues(valueE4: Float64Array, lot: Lot, first: number, end: number): void {
  const { pricing, size, entryValueE4 } = lot;
  const prices = pricesOf(lot);
  if (prices === null) {
    valueE4.fill(entryValueE4, 0, end - first);
    return;
  }
  const splitsPast = pricing.by === 'close' ? pricing.series.splitsPast : null;
  let past = -1;
  let valueOf = lotValuer(size);
  for (let i = first; i < end; i++) {
    const priceE6 = prices[i]!;
    if (Number.isNaN(priceE6)) {
      valueE4[i - first] = entryValueE4;
      continue;
    }
    if (splitsPast !== null && splitsPast[i] !== past) {
      past = splitsPast[i]!;
      valueOf = lotValuer(size, shareRatioAt(lot, i));
    }
    valueE4[i - first] = valueOf(priceE6);
  }
}

/** Income on lots held at the close before the ex-date, in the session of the ex-date; a short pays it. */
function addDividends(axis: SessionAxis, lot: Lot, first: number, pnlE4: Float64Array): void {
  if (lot.pricing.by !== 'close') return;
  const { dividends, splits } = lot.pricing.series;
  const paidBefore = countWhile(dividends.length, (place) => dividends[place]!.index <= lot.entryIndex);
  for (let k = paidBefore; k < dividends.length; k++) {
    const { index, amountE8 } = dividends[k]!;
    if (index > lot.exitIndex) break;
    const ratio = ratioBetween(splits, lot.entryDate, axis.sessions[index - 1]!);
    pnlE4[index - first] = pnlE4[index - first]! + dividendE4(lot.size, amountE8, ratio);
  }
}

/**
 * A dividend on a lot in units of 1e-4, negative for a short: round4(shares × amount). Amounts have eight decimals, prices six, so the
 * quantity gives up two of its ten places.
 */
export function dividendE4(
  { quantityE8, multiplier }: LotSize,
  amountE8: bigint,
  { numerator, denominator }: ShareRatio,
): number {
  const dividend = quantityE8 * BigInt(multiplier) * amountE8 * BigInt(numerator);
  const divisor = 10n ** 12n * BigInt(denominator);
  const magnitude = dividend < 0n ? -dividend : dividend;
  const rounded = Number((2n * magnitude + divisor) / (2n * divisor));
  return dividend < 0n ? -rounded : rounded;
}
