// Every factor's move in a scenario, once per session for everybody.
import { modelFactorReturns } from '../calc/factor-model.js';
import type { FactorProxy, ModelFactor } from '../calc/factors.js';
import { factorShocks, type BondSensitivity } from './factor-shocks.js';
import { propagateShocks } from './propagation.js';
import type { StressScenario } from './scenarios.js';

/** Beyond this many standard deviations a scenario is flagged. */
const PLAUSIBILITY_MAX = 6;

/** The factors of a session, in the order of the betas' columns, and how they move together. */
export type FactorModel = Readonly<{
  factors: readonly ModelFactor[];
  /** Of one session's returns, factors × factors, row-major; null when there are too few sessions to tell. */
  covariance: Float64Array | null;
}>;

export type ScenarioMoves = Readonly<{
  scenario: StressScenario;
  /** `table`: the shocks as written. `measured`: what the factors did in the window of a replay. */
  source: 'table' | 'measured';
  /** Decimal return per factor; 0 where not shocked. */
  direct: Float64Array;
  /** The same with the others moving as the shocked ones lead to expect; null without a covariance that tells. */
  correlated: Float64Array | null;
  /** Implied volatilities are multiplied by it. */
  volatilityFactor: number;
  /** Standard deviations of 21 sessions; null without a covariance that tells. */
  plausibility: number | null;
  /** Plausibility above 6: nothing like it is in the years the covariance is from. */
  isImplausible: boolean;
  /** Factors that the scenario shocks and the model lacks; that part of it is left out. */
  absent: readonly ModelFactor[];
}>;

/** The moves of a scenario as written in the table; null when the model has none of the factors it shocks. */
export function scenarioMoves(scenario: StressScenario, model: FactorModel, bond?: BondSensitivity): ScenarioMoves | null {
  const { shocks, absent } = factorShocks(scenario, model.factors, bond);
  if (shocks.every(Number.isNaN)) return null;
  return movesOf(scenario, 'table', model, shocks, absent);
}

/**
 * The moves of a replay as measured: each proxy's compound return over the sessions from index `first` to `last`, both included, and the
 * factors as spreads of those. The spreads' own daily returns are not compounded: that would be a portfolio rebalanced every day, and gives
 * SIZ −10.3 % over the covid crash instead of −6.8 %. `returns`: by symbol, daily, decimal. Implied volatilities are the table's.
 * Null when the window does not lie inside the history of every factor of the model, without a gap.
 */
export function measuredMoves(
  scenario: StressScenario,
  model: FactorModel,
  proxies: readonly FactorProxy[],
  returns: ReadonlyMap<string, Float64Array>,
  { first, last }: Readonly<{ first: number; last: number }>,
): ScenarioMoves | null {
  const compounded = new Map(
    [...returns].map(([symbol, daily]) => [symbol, Float64Array.of(compoundReturn(daily, first, last))]),
  );
  const measured = modelFactorReturns(proxies, compounded);
  const shocks = Float64Array.from(
    model.factors,
    (factor) => measured.returns[measured.names.indexOf(factor)]?.[0] ?? Number.NaN,
  );
  if (shocks.length === 0 || shocks.some(Number.isNaN)) return null;
  return movesOf(scenario, 'measured', model, shocks, factorShocks(scenario, model.factors).absent);
}

function movesOf(
  scenario: StressScenario,
  source: ScenarioMoves['source'],
  { covariance }: FactorModel,
  shocks: Float64Array,
  absent: readonly ModelFactor[],
): ScenarioMoves {
  const propagation = covariance && propagateShocks(covariance, shocks);
  const plausibility = propagation?.plausibility ?? null;
  // With every factor shocked there is nothing left to expect.
  const given = shocks.some(Number.isNaN) ? null : shocks;
  return {
    scenario,
    source,
    direct: shocks.map((shock) => (Number.isNaN(shock) ? 0 : shock)),
    correlated: propagation?.moves ?? given,
    volatilityFactor: scenario.volatilityFactor ?? 1,
    plausibility,
    isImplausible: plausibility !== null && plausibility > PLAUSIBILITY_MAX,
    absent,
  };
}

/** NaN when a return of the window is missing. */
function compoundReturn(returns: Float64Array, first: number, last: number): number {
  let growth = 1;
  for (let i = first; i <= last; i++) growth *= 1 + (returns[i] ?? Number.NaN);
  return growth - 1;
}
