// Drawdown of an index that starts at 1 and compounds returns, so deposits and withdrawals do not show. The start counts as a peak.
import { compound } from './time-weighted-return.js';

export type MaxDrawdown = Readonly<{
  /** Lowest fall from the peak before it, as a fraction: 0 or less, −0.2 is 20 % down. */
  depth: number;
  /** Places in the returns; null when the index never fell. A peak at the start lies one place before the first return, which may be −1. */
  peakIndex: number | null;
  troughIndex: number | null;
  /** The first place after the trough where the index is back at its peak; null while it is not. */
  recoveryIndex: number | null;
}>;

/**
 * The deepest drawdown, the earliest of equals, with the last place the index stood at its peak. `returns` are simple, as fractions, of
 * consecutive sessions; a NaN is a gap: no return, and the index goes on from where it was. A return of −1 or less ends the index, and what
 * comes after cannot bring it back. Null when there is no return.
 */
export function maxDrawdown(returns: ArrayLike<number>): MaxDrawdown | null {
  const first = firstReturn(returns);
  if (first === returns.length) return null;
  let level = 1;
  let peak = 1;
  let peakIndex = first - 1;
  let depth = 0;
  let deepestPeak = 1;
  let deepestPeakIndex = peakIndex;
  let troughIndex = peakIndex;
  let recoveryIndex = -1;
  for (let i = first; i < returns.length; i++) {
    const value = returns[i] as number;
    if (Number.isNaN(value)) continue;
    level = compound(level, value);
    if (level >= deepestPeak && recoveryIndex < 0 && depth < 0) recoveryIndex = i;
    if (level >= peak) {
      peak = level;
      peakIndex = i;
    } else if (level / peak - 1 < depth) {
      depth = level / peak - 1;
      deepestPeak = peak;
      deepestPeakIndex = peakIndex;
      troughIndex = i;
      recoveryIndex = -1;
    }
  }
  if (depth === 0) return { depth, peakIndex: null, troughIndex: null, recoveryIndex: null };
  return { depth, peakIndex: deepestPeakIndex, troughIndex, recoveryIndex: recoveryIndex < 0 ? null : recoveryIndex };
}

/** The drawdown of each session, as a fraction of the highest level so far: 0 or less; NaN where the return is. As long as `returns`. */
export function drawdownSeries(returns: ArrayLike<number>): Float64Array {
  const drawdowns = new Float64Array(returns.length).fill(Number.NaN);
  let level = 1;
  let peak = 1;
  for (let i = 0; i < returns.length; i++) {
    const value = returns[i] as number;
    if (Number.isNaN(value)) continue;
    level = compound(level, value);
    peak = Math.max(peak, level);
    drawdowns[i] = level / peak - 1;
  }
  return drawdowns;
}

function firstReturn(returns: ArrayLike<number>): number {
  let index = 0;
  while (index < returns.length && Number.isNaN(returns[index])) index += 1;
  return index;
}
