// What holdings gain when their price goes from one value to another.
import type { LotSize, ShareRatio } from './exact-value.js';

/** `ratio`: today's shares for each share as entered. */
export type TargetLot = Readonly<{ size: LotSize; ratio: ShareRatio }>;

/**
 * Σ quantity × multiplier × ratio × (to − from) in units of 1e-4, each lot rounded half away from zero; below 0 for a loss, as of a short whose
 * price rises. Exact at any size: a target may be far from any price.
 *
 * @param fromE6, toE6 prices in units of 1e-6
 */
export function targetGainE4(lots: readonly TargetLot[], fromE6: number, toE6: number): bigint {
  return lots.reduce((gain, lot) => gain + lotGainE4(lot, BigInt(toE6) - BigInt(fromE6)), 0n);
}

function lotGainE4({ size: { quantityE8, multiplier }, ratio }: TargetLot, moveE6: bigint): bigint {
  const dividend = quantityE8 * BigInt(multiplier) * BigInt(ratio.numerator) * moveE6;
  const divisor = 10n ** 10n * BigInt(ratio.denominator);
  const magnitude = dividend < 0n ? -dividend : dividend;
  const rounded = (2n * magnitude + divisor) / (2n * divisor);
  return dividend < 0n ? -rounded : rounded;
}
