// Betas on all model factors at once, and the dollars that positions have in each. The factors are spreads, since the raw ETFs
// move as one.
import { isExtremeBeta } from './betas.js';
import type { FACTORS, FactorProxy, ModelFactor } from './factors.js';
import { regressEach, type NoRegression, type Regression } from './regression.js';

const OBSERVATIONS_MIN = 60;

type ProxyId = (typeof FACTORS)[number]['id'];

/** Each column of the regression: the return of its proxy, less that of the other where one is named. */
const MODEL_FACTORS: readonly Readonly<{ name: ModelFactor; proxy: ProxyId; less: ProxyId | null }>[] = [
  { name: 'MKT', proxy: 'market_beta', less: null },
  { name: 'VMG', proxy: 'value', less: 'growth' },
  { name: 'MOM', proxy: 'momentum', less: 'market_beta' },
  { name: 'QUA', proxy: 'quality', less: 'market_beta' },
  { name: 'SIZ', proxy: 'size', less: 'market_beta' },
  { name: 'LOV', proxy: 'low_volatility', less: 'market_beta' },
  { name: 'RAT', proxy: 'interest_rate', less: null },
];

export type ModelFactorReturns = Readonly<{
  names: readonly ModelFactor[];
  /** One array by name, decimal returns by session; NaN where a proxy has none. */
  returns: readonly Float64Array[];
}>;

/**
 * The factors for which there are proxies with returns, in the order of the table above; one whose proxy is absent is left out.
 * `returns` by symbol, decimal and by session, all over the same sessions (252, say).
 */
export function modelFactorReturns(
  proxies: readonly FactorProxy[],
  returns: ReadonlyMap<string, Float64Array>,
): ModelFactorReturns {
  const returnsOf = (id: ProxyId): Float64Array | undefined => {
    return returns.get(proxies.find(({ factor }) => factor.id === id)?.symbol ?? '');
  };
  const columns = MODEL_FACTORS.flatMap(({ name, proxy, less }) => {
    const own = returnsOf(proxy);
    const other = less === null ? null : returnsOf(less);
    if (own === undefined || other === undefined) return [];
    return [{ name, values: other === null ? own : own.map((value, t) => value - (other[t] as number)) }];
  });
  return { names: columns.map(({ name }) => name), returns: columns.map(({ values }) => values) };
}

export type FactorRegression =
  | (Regression &
      Readonly<{
        /** Factors with a beta beyond ±5: shown as it is, never capped. */
        extreme: readonly ModelFactor[];
      }>)
  | NoRegression
  | Readonly<{ ok: false; reason: 'no_factors'; observations: 0; conditionNumber: null }>;

/**
 * One regression of each symbol's returns on all factors, with intercept: coefficients are betas, in the order of
 * `factors.names`. Over the sessions where symbol and factors are all present; not below 60 of them, nor above a condition number
 * of 1e8. Throws RangeError when lengths differ.
 */
export function factorRegressions(
  symbolReturns: readonly Float64Array[],
  factors: ModelFactorReturns,
): readonly FactorRegression[] {
  if (factors.names.length === 0) {
    return symbolReturns.map(() => ({ ok: false, reason: 'no_factors', observations: 0, conditionNumber: null }));
  }
  return regressEach(symbolReturns, factors.returns, { observationsMin: OBSERVATIONS_MIN }).map((regression) => {
    if (!regression.ok) return regression;
    return { ...regression, extreme: factors.names.filter((_, k) => isExtremeBeta(regression.coefficients[k] as number)) };
  });
}
