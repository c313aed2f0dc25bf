// How the factors move together, as the propagation of shocks wants it.
import { sampleCovariance, type Covariance } from '../calc/covariance.js';
import { ledoitWolf } from '../calc/ledoit-wolf.js';

const SESSIONS_MAX = 1_260;

/** With fewer, the sample's covariance says more about the sample than about the factors. */
const SESSIONS_PER_FACTOR_MIN = 10;

export type FactorCovariance = Covariance &
  Readonly<{
    /** Too few sessions for the sample's own: drawn towards equal variances without correlation. */
    isShrunk: boolean;
  }>;

/**
 * Covariance of the factors' daily returns over the last 1,260 sessions given, those only where all have one. `returns`: one array by
 * factor, decimal, by session, ending at the session of the calculation and never later; NaN where missing. Null with fewer than two
 * complete sessions, or without a factor. Throws RangeError when lengths differ.
 */
export function factorCovariance(returns: readonly Float64Array[]): FactorCovariance | null {
  const recent = returns.map((values) => values.subarray(-SESSIONS_MAX));
  const sample = sampleCovariance(recent);
  if (sample === null) return null;
  if (sample.observations >= SESSIONS_PER_FACTOR_MIN * returns.length) return { ...sample, isShrunk: false };
  const shrunk = ledoitWolf(recent);
  return shrunk && { matrix: shrunk.matrix, observations: shrunk.observations, isShrunk: true };
}
