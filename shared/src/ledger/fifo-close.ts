// Which lots a sale closes, first in first out, and what that brings in. A purchase covers short lots the same way. Pure; a lot stays as it
// was entered, so its shares and those of the trade differ by the splits in between.
import { lotValueE4, parseScaled, type ShareRatio } from '../calc/exact-value.js';
import { ratioBetween, type SplitEvent } from '../calc/price-series.js';
import type { LedgerLot } from './ledger.js';

export type ClosingTrade = Readonly<{
  /** Above zero, in units of 1e-8: shares of the trade's date. */
  quantityE8: bigint;
  /** A share, in units of 1e-6. */
  priceE6: number;
  date: string;
  /** Of the symbol. */
  splits: readonly SplitEvent[];
}>;

type MarketLot = Pick<LedgerLot, 'positionId' | 'quantity' | 'entryPrice' | 'entryDate'>;

/** What of one lot is closed, in shares as entered and units of 1e-8, below zero for a short. */
export type LotClosing = Readonly<{
  positionId: string;
  closedE8: bigint;
  /** What stays open; 0 when the whole lot is closed. */
  keptE8: bigint;
  /** Exit against entry, in units of 1e-4. */
  realisedE4: number;
}>;

export type FifoClose = Readonly<{
  closings: readonly LotClosing[];
  /** Shares of the trade's date that the lots had, and those of the trade that are left over; neither below zero. */
  heldE8: bigint;
  restE8: bigint;
  realisedE4: number;
}>;

/** `lots`: open, of the side that the trade closes, in the order they are closed in. */
export function closeFirstIn(lots: readonly MarketLot[], trade: ClosingTrade): FifoClose {
  const closings: LotClosing[] = [];
  let heldE8 = 0n;
  let restE8 = trade.quantityE8;
  for (const lot of lots) {
    const ratio = ratioBetween(trade.splits, lot.entryDate, trade.date);
    const sharesE8 = sharesOf(lot, ratio);
    heldE8 += sharesE8;
    if (restE8 === 0n) continue;
    const wantedE8 = restE8 < sharesE8 ? asEntered(restE8, ratio) : null;
    closings.push(closeLot(lot, wantedE8, trade.priceE6, ratio));
    restE8 = wantedE8 === null ? restE8 - sharesE8 : 0n;
  }
  return { closings, heldE8, restE8, realisedE4: closings.reduce((sum, { realisedE4 }) => sum + realisedE4, 0) };
}

/** Shares by now, without sign; what a split leaves below 1e-8 is let go. */
function sharesOf({ quantity }: MarketLot, { numerator, denominator }: ShareRatio): bigint {
  return (magnitude(parseScaled(quantity, 8)) * BigInt(numerator)) / BigInt(denominator);
}

/** Shares of today in shares as entered, to the nearest 1e-8 and at least that. */
function asEntered(sharesE8: bigint, { numerator, denominator }: ShareRatio): bigint {
  const [dividend, divisor] = [sharesE8 * BigInt(denominator), BigInt(numerator)];
  const rounded = (2n * dividend + divisor) / (2n * divisor);
  return rounded === 0n ? 1n : rounded;
}

/** `wantedE8`: how much, without sign; null for all of it. */
function closeLot(lot: MarketLot, wantedE8: bigint | null, priceE6: number, ratio: ShareRatio): LotClosing {
  const enteredE8 = parseScaled(lot.quantity, 8);
  const isWhole = wantedE8 === null || wantedE8 >= magnitude(enteredE8);
  const partE8 = enteredE8 < 0n ? -(wantedE8 ?? 0n) : (wantedE8 ?? 0n);
  const closedE8 = isWhole ? enteredE8 : partE8;
  const size = { quantityE8: closedE8, multiplier: 1 };
  const realisedE4 = lotValueE4(size, priceE6, ratio) - lotValueE4(size, Number(parseScaled(lot.entryPrice, 6)));
  return { positionId: lot.positionId, closedE8, keptE8: enteredE8 - closedE8, realisedE4 };
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

export type Holding = Readonly<{
  /** Shares in units of 1e-8, below zero when short. */
  sharesE8: bigint;
  /** What a share of the lots cost, as of the date; null with no lot, or with lots of both sides. */
  averageCost: number | null;
}>;

/** The open lots of one symbol together, in shares of `date`. */
export function holdingOf(lots: readonly MarketLot[], date: string, splits: readonly SplitEvent[]): Holding {
  let sharesE8 = 0n;
  let costE4 = 0;
  for (const lot of lots) {
    const quantityE8 = parseScaled(lot.quantity, 8);
    const held = sharesOf(lot, ratioBetween(splits, lot.entryDate, date));
    sharesE8 += quantityE8 < 0n ? -held : held;
    costE4 += lotValueE4({ quantityE8, multiplier: 1 }, Number(parseScaled(lot.entryPrice, 6)));
  }
  const isOneSided = lots.every(({ quantity }) => quantity.startsWith('-') === sharesE8 < 0n);
  return { sharesE8, averageCost: sharesE8 === 0n || !isOneSided ? null : costE4 / 1e4 / (Number(sharesE8) / 1e8) };
}
