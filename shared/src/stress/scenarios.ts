// Every stress scenario as a table. Shocks are decimal returns of the model factors; yieldChange is parallel, in decimals a year;
// volatilityFactor multiplies implied volatilities.

import type { ModelFactor } from '../calc/factors.js';

/** Rates are shocked by a change of yields. */
export type ShockedFactor = Exclude<ModelFactor, 'RAT'>;
export type ScenarioCategory =
  | 'base_cases'
  | 'market_risk'
  | 'interest_rate_risk'
  | 'factor_rotations'
  | 'volatility_risk'
  | 'historical_replays';

export type StressScenario = Readonly<{
  id: string;
  name: string;
  description: string;
  category: ScenarioCategory;
  severity: 'base' | 'mild' | 'moderate' | 'severe' | 'extreme';
  shocks: Readonly<Partial<Record<ShockedFactor, number>>>;
  yieldChange?: number;
  volatilityFactor?: number;
  /**
   * A replay, which can be asked for as measured: from the close of `from` to the close of `to`, the highest and the lowest of the S&P 500 in that fall.
   */
  window?: Readonly<{ from: string; to: string }>;
}>;

const market = (
  id: string,
  name: string,
  change: number,
  category: ScenarioCategory,
  severity: StressScenario['severity'],
): StressScenario => ({
  id,
  name,
  description: `The market ${change > 0 ? 'rises' : 'falls'} by ${Math.abs(change * 100)} %; what it usually takes along follows.`,
  category,
  severity,
  shocks: { MKT: change },
});

const rates = (
  id: string,
  basisPoints: number,
  category: ScenarioCategory,
  severity: StressScenario['severity'],
): StressScenario => ({
  id,
  name: `Rates ${basisPoints > 0 ? 'up' : 'down'} ${Math.abs(basisPoints)} bp`,
  description: `All yields ${basisPoints > 0 ? 'rise' : 'fall'} by ${Math.abs(basisPoints) / 100} percentage points at once.`,
  category,
  severity,
  shocks: {},
  yieldChange: basisPoints / 10_000,
});

export const STRESS_SCENARIOS: readonly StressScenario[] = [
  market('market_up_5', 'Market up 5 %', 0.05, 'base_cases', 'base'),
  market('market_down_5', 'Market down 5 %', -0.05, 'base_cases', 'base'),
  rates('rates_up_50bp', 50, 'base_cases', 'base'),
  rates('rates_down_50bp', -50, 'base_cases', 'base'),
  market('market_up_10', 'Market up 10 %', 0.1, 'market_risk', 'moderate'),
  market('market_down_10', 'Market down 10 %', -0.1, 'market_risk', 'moderate'),
  market('market_crash_35', 'Market crash 35 %', -0.35, 'market_risk', 'severe'),
  market('market_rally_25', 'Market rally 25 %', 0.25, 'market_risk', 'severe'),
  rates('rates_up_25bp', 25, 'interest_rate_risk', 'mild'),
  rates('rates_down_25bp', -25, 'interest_rate_risk', 'mild'),
  rates('rates_up_100bp', 100, 'interest_rate_risk', 'moderate'),
  rates('rates_down_100bp', -100, 'interest_rate_risk', 'moderate'),
  { ...rates('rate_spike_300bp', 300, 'interest_rate_risk', 'severe'), name: 'Rate spike 300 bp' },
  {
    id: 'value_rotation_20',
    name: 'Rotation into value',
    description: 'Value gains 20 % while growth loses 10 %.',
    category: 'factor_rotations',
    severity: 'moderate',
    shocks: { VMG: 0.3 },
  },
  {
    id: 'growth_rally_15',
    name: 'Growth rally',
    description: 'Growth gains 15 % on value, and momentum 10 % on the market.',
    category: 'factor_rotations',
    severity: 'moderate',
    shocks: { VMG: -0.15, MOM: 0.1 },
  },
  {
    id: 'small_cap_outperformance_10',
    name: 'Small caps outperform',
    description: 'Small companies gain 10 % on the market.',
    category: 'factor_rotations',
    severity: 'mild',
    shocks: { SIZ: 0.1 },
  },
  {
    id: 'quality_flight_12',
    name: 'Flight to quality',
    description: 'Quality gains 12 % on a market that falls by 5 %.',
    category: 'factor_rotations',
    severity: 'mild',
    shocks: { QUA: 0.12, MKT: -0.05 },
  },
  {
    id: 'vix_spike_150',
    name: 'Volatility spike',
    description: 'Implied volatilities rise to two and a half times their level as the market falls by 15 %.',
    category: 'volatility_risk',
    severity: 'severe',
    shocks: { MKT: -0.15, LOV: 0.04 },
    volatilityFactor: 2.5,
  },
  {
    id: 'liquidity_crisis',
    name: 'Liquidity crisis',
    description: 'The market falls by 20 %, small companies by more, and implied volatilities double.',
    category: 'volatility_risk',
    severity: 'severe',
    shocks: { MKT: -0.2, SIZ: -0.07, QUA: 0.02, LOV: 0.06 },
    volatilityFactor: 2,
  },
  {
    id: 'financial_crisis_2008',
    name: 'Financial crisis 2008',
    description:
      'The fall of 2008: the market loses 45 %, yields fall by 1.5 points, implied volatilities rise to two and a half times.',
    category: 'historical_replays',
    severity: 'extreme',
    shocks: { MKT: -0.45, VMG: -0.08, SIZ: -0.05, QUA: 0.08, LOV: 0.08 },
    yieldChange: -0.015,
    volatilityFactor: 2.5,
    window: { from: '2007-10-09', to: '2009-03-09' },
  },
  {
    id: 'covid_crash_2020',
    name: 'Covid crash 2020',
    description:
      'The five weeks from 19 February to 23 March 2020: the market loses 35 %, styles move as they did then, implied volatilities triple.',
    category: 'historical_replays',
    severity: 'extreme',
    shocks: { MKT: -0.35, VMG: -0.046, MOM: -0.002, QUA: -0.002, SIZ: -0.068, LOV: 0.009 },
    yieldChange: -0.008,
    volatilityFactor: 3,
    window: { from: '2020-02-19', to: '2020-03-23' },
  },
  {
    id: 'dotcom_crash_2000',
    name: 'Dot-com crash 2000',
    description:
      'The fall of growth stocks from 2000 to 2002: the market loses 45 % while value holds up and yields fall by 2.5 points.',
    category: 'historical_replays',
    severity: 'extreme',
    shocks: { MKT: -0.45, VMG: 0.4, MOM: -0.1, QUA: 0.08, SIZ: 0.15, LOV: 0.25 },
    yieldChange: -0.025,
    window: { from: '2000-03-24', to: '2002-10-09' },
  },
];
