// Value at risk and expected shortfall over one session: losses are positive, as fractions of what the returns are returns of.
import { normalPdf } from './normal-distribution.js';
import { quantileOfSorted, sortedPresent } from './quantile.js';
import { countPresent, mean, standardDeviation } from './statistics.js';

export type Confidence = 0.95 | 0.99;

type Level = Readonly<{
  /** 1 − confidence, which subtraction would not give exactly: a tail of whole returns must not lose its last one to rounding. */
  tail: number;
  /** How many standard deviations below its mean a normal variable lies with the tail's probability. */
  normalDistance: number;
  observationsMin: number;
}>;

export const CONFIDENCE_LEVELS: Readonly<Record<Confidence, Level>> = {
  0.95: { tail: 0.05, normalDistance: 1.6448536269514722, observationsMin: 20 },
  0.99: { tail: 0.01, normalDistance: 2.3263478740408408, observationsMin: 100 },
};

export type TailLoss = Readonly<{
  /** The loss exceeded with the tail's probability. Below 0 where even that is a gain. */
  valueAtRisk: number;
  /** The mean loss in the tail; never below `valueAtRisk`. */
  expectedShortfall: number;
}>;

/**
 * From the returns as they were: value at risk is their quantile (type 7), expected shortfall the mean of those at or beyond it (Acerbi and
 * Tasche, 2002). `returns` are simple, one session each; NaN is a gap. Null with fewer than 20 returns at 95 %, 100 at 99 %.
 */
export function historicalTailLoss(returns: ArrayLike<number>, confidence: Confidence): TailLoss | null {
  const { tail, observationsMin } = CONFIDENCE_LEVELS[confidence];
  const sorted = sortedPresent(returns);
  const threshold = quantileOfSorted(sorted, tail);
  if (threshold === null || sorted.length < observationsMin) return null;
  let beyond = 0;
  let count = 0;
  for (; count < sorted.length && (sorted[count] as number) <= threshold; count++)
    beyond += threshold - (sorted[count] as number);
  return { valueAtRisk: -threshold, expectedShortfall: -threshold + beyond / count };
}

/**
 * As if the returns were normal with the mean and standard deviation (n − 1) they have. Thin tails: shown beside the historical figures, not
 * instead. Null where those are.
 */
export function normalTailLoss(returns: ArrayLike<number>, confidence: Confidence): TailLoss | null {
  const { tail, normalDistance, observationsMin } = CONFIDENCE_LEVELS[confidence];
  if (countPresent(returns) < observationsMin) return null;
  const centre = mean(returns);
  const deviation = standardDeviation(returns);
  if (centre === null || deviation === null) return null;
  return {
    valueAtRisk: normalDistance * deviation - centre,
    expectedShortfall: (normalPdf(normalDistance) / tail) * deviation - centre,
  };
}
