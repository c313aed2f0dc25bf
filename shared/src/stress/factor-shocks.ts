// What a scenario says about the model factors: its shocks in their columns, and its yield change as the return of TLT.
import type { ModelFactor } from '../calc/factors.js';
import type { StressScenario } from './scenarios.js';

/** Modified duration in years, convexity in years². */
export type BondSensitivity = Readonly<{ duration: number; convexity: number }>;

/** Of TLT: a portfolio of Treasury bonds of 20 years and more. */
export const TLT_SENSITIVITY: BondSensitivity = { duration: 16.5, convexity: 380 };

export type FactorShocks = Readonly<{
  /** Per factor the decimal return the scenario sets; NaN where it sets none. */
  shocks: Float64Array;
  /** Factors the scenario shocks but the model lacks, as RAT without TLT. That part of the scenario is left out. */
  absent: readonly ModelFactor[];
}>;

/** The shocks of a scenario in the columns of `factors`. */
export function factorShocks(
  scenario: StressScenario,
  factors: readonly ModelFactor[],
  bond: BondSensitivity = TLT_SENSITIVITY,
): FactorShocks {
  const given = new Map(Object.entries(scenario.shocks) as [ModelFactor, number][]);
  if (scenario.yieldChange !== undefined) given.set('RAT', bondReturn(scenario.yieldChange, bond));
  return {
    shocks: Float64Array.from(factors, (factor) => given.get(factor) ?? Number.NaN),
    absent: [...given.keys()].filter((factor) => !factors.includes(factor)),
  };
}

/**
 * Return of a bond fund, as a fraction, when all yields change at once: −D·dy + ½·C·dy², the second-order expansion of its price.
 * `yieldChange` in decimals a year: 0.01 is 100 basis points up, and a loss.
 */
export function bondReturn(yieldChange: number, { duration, convexity }: BondSensitivity): number {
  return -duration * yieldChange + 0.5 * convexity * yieldChange * yieldChange;
}
