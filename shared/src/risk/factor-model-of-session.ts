// What all symbols of one session are measured against. Worked out once for everybody.
import { modelFactorReturns, type ModelFactorReturns } from '../calc/factor-model.js';
import { chooseProxies, type FACTORS, type FactorProxy, type ModelFactor } from '../calc/factors.js';
import { countPresent } from '../calc/statistics.js';
import { factorCovariance } from '../stress/factor-covariance.js';

export type FactorId = (typeof FACTORS)[number]['id'];

export type FactorModelOfSession = Readonly<{
  sessionDate: string;
  /** The order of every array of betas, exposures and shocks of the session. Empty without a market: spreads alone are no model. */
  factors: readonly ModelFactor[];
  /** The symbol that stood for each factor as shown; null: there was none with enough closes. */
  proxies: Readonly<Record<FactorId, string | null>>;
  /** Of daily returns (decimal, squared), row by row; null with fewer than two sessions or without a factor. */
  covariance: Float64Array | null;
  /** Sessions of the covariance. */
  observations: number;
  /** Too few sessions for the sample's own covariance. */
  isShrunk: boolean;
}>;

/** Returns of a regression: factors, proxies of single sensitivities. */
export const REGRESSION_SESSIONS = 252;
/** Closes of a symbol that its statistics are made of. */
export const SYMBOL_CLOSES = 504;
/** Closes of the factors' proxies: the covariance is of up to 1,260 returns. */
export const FACTOR_CLOSES = 1_261;

/** By symbol, the last one of the session itself; NaN is a gap. */
type BySession = ReadonlyMap<string, Float64Array>;

/** Everything the regressions of a session share. */
export type FactorBasis = Readonly<{
  proxies: FactorModelOfSession['proxies'];
  /** Over the 252 sessions that end at the session. */
  factors: ModelFactorReturns;
  /** Returns of what stands for the market and for rates over the same sessions; null where nothing does. */
  market: Float64Array | null;
  rates: Float64Array | null;
}>;

/** Chooses the proxies by their closes in the window; `closes` and `returns` of every symbol that may be one. */
export function factorBasis(closes: BySession, returns: BySession): FactorBasis {
  const chosen = choose(closes);
  const recent = new Map([...returns].map(([symbol, values]) => [symbol, values.subarray(-REGRESSION_SESSIONS)]));
  const proxies = proxySymbols(chosen);
  const returnsOf = (symbol: string | null): Float64Array | null => (symbol === null ? null : (recent.get(symbol) ?? null));
  return {
    proxies,
    factors: withMarket(modelFactorReturns(chosen, recent)),
    market: returnsOf(proxies.market_beta),
    rates: returnsOf(proxies.interest_rate),
  };
}

/** The model that is stored. `returns` reach as far back as there are any, 1,260 at most count. */
export function factorModelOfSession(sessionDate: string, closes: BySession, returns: BySession): FactorModelOfSession {
  const chosen = choose(closes);
  const { names, returns: columns } = withMarket(modelFactorReturns(chosen, returns));
  const covariance = factorCovariance(columns);
  return {
    sessionDate,
    factors: names,
    proxies: proxySymbols(chosen),
    covariance: covariance?.matrix ?? null,
    observations: covariance?.observations ?? 0,
    isShrunk: covariance?.isShrunk ?? false,
  };
}

function choose(closes: BySession): readonly FactorProxy[] {
  return chooseProxies(
    new Map([...closes].map(([symbol, values]) => [symbol, countPresent(values.subarray(-REGRESSION_SESSIONS))])),
  );
}

function proxySymbols(chosen: readonly FactorProxy[]): FactorModelOfSession['proxies'] {
  return Object.fromEntries(chosen.map(({ factor, symbol }) => [factor.id, symbol])) as FactorModelOfSession['proxies'];
}

function withMarket(factors: ModelFactorReturns): ModelFactorReturns {
  return factors.names.includes('MKT') ? factors : { names: [], returns: [] };
}
