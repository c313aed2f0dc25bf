// What the risk of every portfolio of a session is worked out from, loaded once for all of them. Types only.
import type { ModelFactor } from '../calc/factors.js';
import type { ScenarioMoves } from '../stress/scenario-moves.js';
import type { ReturnCovariances } from './return-covariances.js';

export type RiskMarket = Readonly<{
  sessionDate: string;
  /** The columns of all betas; none without a factor model. */
  factors: readonly ModelFactor[];
  scenarios: readonly ScenarioMoves[];
  /** By symbol, in the order of the factors; absent or null where there is no regression. */
  betas: ReadonlyMap<string, Float64Array | null>;
  /** The last sessions, oldest first: the last one is the session itself. */
  sessions: readonly string[];
  /** By symbol over these sessions: simple total returns, NaN where there is none. */
  returns: ReadonlyMap<string, Float64Array>;
  /** Of the returns of one session over the last year of them, by row of two symbols. */
  covariances: ReturnCovariances;
  /** What stands for the market, SPY or its fallback; null without any. */
  benchmark: string | null;
}>;

/** The realised daily returns of a portfolio over its last sessions, oldest first; NaN where there is none. */
export type RealisedReturns = Readonly<{
  sessions: readonly string[];
  returns: Float64Array;
  /** The session before the first: where a drawdown may begin. */
  previousSession: string;
}>;
