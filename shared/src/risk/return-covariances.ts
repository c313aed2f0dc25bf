// How the returns of symbols move together, pair by pair: once per session for all portfolios that hold them.
import { pairIndex, pairwiseCorrelations } from '../calc/correlation.js';
import { countPresent, standardDeviation, VOLATILITY_OBSERVATIONS_MIN } from '../calc/statistics.js';
import { currentSymbols, type ExclusionReason } from './joint-window.js';

export const COVARIANCE_LOOKBACK = 252;

export type ReturnCovariances = Readonly<{
  /** Symbol → its row. */
  rows: ReadonlyMap<string, number>;
  /** As many rows as columns, row by row, in the square of one session's returns; NaN where it is not known. */
  matrix: Float64Array;
  /** Of the symbols without a variance: why. */
  unknown: ReadonlyMap<string, ExclusionReason>;
}>;

/**
 * Over the last 252 sessions of `returns` (NaN is a gap), each pair over those that both have, at least 30; a variance from 20 on. A price that stands
 * still has covariances of 0; one that has stopped trading has none, since they would be of another time. No entry depends on what other symbols there are.
 */
export function returnCovariances(returns: ReadonlyMap<string, Float64Array>): ReturnCovariances {
  const unknown = unknownVariances(returns);
  const series = [...returns.values()].map((values) => values.subarray(-COVARIANCE_LOOKBACK));
  const size = series.length;
  const { coefficients } = pairwiseCorrelations(series);
  const deviations = [...returns.keys()].map((symbol, i) =>
    unknown.has(symbol) ? Number.NaN : (standardDeviation(series[i] as Float64Array) ?? Number.NaN),
  );
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const own = deviations[i] as number;
    matrix[i * size + i] = own * own;
    for (let j = i + 1; j < size; j++) {
      const other = deviations[j] as number;
      const stands = own === 0 || other === 0;
      const covariance = stands ? 0 : (coefficients[pairIndex(i, j, size)] as number) * (own * other);
      matrix[i * size + j] = covariance;
      matrix[j * size + i] = covariance;
    }
  }
  return { rows: new Map([...returns.keys()].map((symbol, row) => [symbol, row])), matrix, unknown };
}

function unknownVariances(returns: ReadonlyMap<string, Float64Array>): ReturnCovariances['unknown'] {
  const { included, excluded } = currentSymbols([...returns.keys()], returns);
  const isShort = (symbol: string): boolean =>
    countPresent((returns.get(symbol) as Float64Array).subarray(-COVARIANCE_LOOKBACK)) < VOLATILITY_OBSERVATIONS_MIN;
  return new Map([
    ...excluded.map(({ symbol, reason }) => [symbol, reason] as const),
    ...included.filter(isShort).map((symbol) => [symbol, 'insufficient_history'] as const),
  ]);
}
