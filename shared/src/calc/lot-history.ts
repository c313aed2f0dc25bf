// One lot along a run of sessions: what it is worth at each close and what it earned in each session, in units of 1e-4.
import { lotValueE4, NO_SPLIT, type LotSize, type ShareRatio } from './exact-value.js';
import { ratioBetween, type PriceSeries, type SessionAxis } from './price-series.js';

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
  /** The user's own mark: the entry price. */
  | Readonly<{ by: 'manual' }>
  /** Cash: entry price × quantity, always. */
  | Readonly<{ by: 'par' }>;

export type LotHistory = Readonly<{
  /** Signed market value at each close; 0 outside the lot's life. */
  valueE4: Float64Array;
  /** Earned in each session, dividends included; the first session of the axis has no predecessor and earns nothing here. */
  pnlE4: Float64Array;
}>;

/** Values and P&L of a lot. Session 0 of the axis is the predecessor: it has a value, its P&L is not asked for. */
export function lotHistory(axis: SessionAxis, lot: Lot): LotHistory {
  const length = axis.sessions.length;
  const valueE4 = new Float64Array(length);
  const pnlE4 = new Float64Array(length);
  const first = Math.max(lot.entryIndex, 0);
  const valueAt = valuer(axis, lot);
  for (let i = first; i < Math.min(lot.exitIndex, length); i++) valueE4[i] = valueAt(i);
  for (let i = Math.max(first, 1); i <= Math.min(lot.exitIndex, length - 1); i++) {
    const before = i === lot.entryIndex ? lot.entryValueE4 : valueE4[i - 1]!;
    const after = i === lot.exitIndex ? lot.exitValueE4 : valueE4[i]!;
    pnlE4[i] = after - before;
  }
  addDividends(axis, lot, pnlE4);
  return { valueE4, pnlE4 };
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
export function shareRatioAt(axis: SessionAxis, { pricing, entryDate }: Lot, i: number): ShareRatio {
  if (pricing.by !== 'close' || pricing.series.splits.length === 0) return NO_SPLIT;
  const closeIndex = pricing.series.closeIndex[i]!;
  return closeIndex === -1 ? NO_SPLIT : ratioBetween(pricing.series.splits, entryDate, axis.dateOf(closeIndex));
}

function valuer(axis: SessionAxis, lot: Lot): (i: number) => number {
  const { pricing, size, entryValueE4 } = lot;
  if (pricing.by === 'manual' || pricing.by === 'par') return () => entryValueE4;
  const prices = pricing.by === 'close' ? pricing.series.closeE6 : pricing.markE6;
  const splits = pricing.by === 'close' && pricing.series.splits.length > 0;
  return (i) => {
    const priceE6 = prices[i]!;
    if (Number.isNaN(priceE6)) return entryValueE4;
    return lotValueE4(size, priceE6, splits ? shareRatioAt(axis, lot, i) : NO_SPLIT);
  };
}

/** Income on lots held at the close before the ex-date, in the session of the ex-date; a short pays it. */
function addDividends(axis: SessionAxis, lot: Lot, pnlE4: Float64Array): void {
  if (lot.pricing.by !== 'close') return;
  for (const { exDate, amountE8 } of lot.pricing.series.dividends) {
    const i = axis.sessions.findIndex((session) => session >= exDate);
    if (i < 1 || lot.entryIndex >= i || lot.exitIndex < i) continue;
    const ratio = ratioBetween(lot.pricing.series.splits, lot.entryDate, axis.sessions[i - 1]!);
    pnlE4[i] = pnlE4[i]! + dividendE4(lot.size, amountE8, ratio);
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
