// How a lot stands in one session: its shares after splits, its price, and where that comes from.
import { parseScaled } from '../calc/exact-value.js';
import { pricesOf, priceSourceAt, shareRatioAt, type PriceSource } from '../calc/lot-history.js';
import { pricedSymbol } from '../lot-kind.js';
import type { BuiltLot, LotSources } from './lots.js';

export type LotStanding = Readonly<{
  /** In units of 1e-8, after splits. */
  quantityE8: bigint;
  /** In units of 1e-6: the close, the model's mark, the owner's mark, or for want of any the entry price. */
  priceE6: number;
  priceSource: PriceSource;
  /** The session of the close behind the price, of an option its underlying's; null without one. */
  priceDate: string | null;
  /** Sessions since then. */
  ageSessions: number;
}>;

/** Session `i` of the axis, in which the lot is open. */
export function lotStanding(
  { axis, prices }: Pick<LotSources, 'axis' | 'prices'>,
  { lot, entry }: BuiltLot,
  i: number,
): LotStanding {
  const { numerator, denominator } = shareRatioAt(lot, i);
  const priceSource = priceSourceAt(axis, lot, i);
  const symbol = pricedSymbol(entry);
  const series = symbol === null ? null : prices.series(symbol, axis);
  const closeIndex = series?.closeIndex[i] ?? -1;
  const aged = closeIndex !== -1 && priceSource !== 'no_price';
  const own = pricesOf(lot)?.[i] ?? Number.NaN;
  return {
    quantityE8: (lot.size.quantityE8 * BigInt(numerator)) / BigInt(denominator),
    priceE6: Number.isNaN(own) ? Number(parseScaled(entry.entryPrice, 6)) : own,
    priceSource,
    priceDate: aged ? axis.dateOf(closeIndex) : null,
    ageSessions: aged ? axis.firstIndex + i - closeIndex : 0,
  };
}
