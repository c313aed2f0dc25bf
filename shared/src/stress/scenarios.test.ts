import { expect, it } from 'vitest';
import { STRESS_SCENARIOS } from './scenarios.js';

// The design's table: category, id, shocks, yield change, volatility factor, severity.
const TABLE = [
  ['base_cases', 'market_up_5', { MKT: 0.05 }, undefined, undefined, 'base'],
  ['base_cases', 'market_down_5', { MKT: -0.05 }, undefined, undefined, 'base'],
  ['base_cases', 'rates_up_50bp', {}, 0.005, undefined, 'base'],
  ['base_cases', 'rates_down_50bp', {}, -0.005, undefined, 'base'],
  ['market_risk', 'market_up_10', { MKT: 0.1 }, undefined, undefined, 'moderate'],
  ['market_risk', 'market_down_10', { MKT: -0.1 }, undefined, undefined, 'moderate'],
  ['market_risk', 'market_crash_35', { MKT: -0.35 }, undefined, undefined, 'severe'],
  ['market_risk', 'market_rally_25', { MKT: 0.25 }, undefined, undefined, 'severe'],
  ['interest_rate_risk', 'rates_up_25bp', {}, 0.0025, undefined, 'mild'],
  ['interest_rate_risk', 'rates_down_25bp', {}, -0.0025, undefined, 'mild'],
  ['interest_rate_risk', 'rates_up_100bp', {}, 0.01, undefined, 'moderate'],
  ['interest_rate_risk', 'rates_down_100bp', {}, -0.01, undefined, 'moderate'],
  ['interest_rate_risk', 'rate_spike_300bp', {}, 0.03, undefined, 'severe'],
  ['factor_rotations', 'value_rotation_20', { VMG: 0.3 }, undefined, undefined, 'moderate'],
  ['factor_rotations', 'growth_rally_15', { VMG: -0.15, MOM: 0.1 }, undefined, undefined, 'moderate'],
  ['factor_rotations', 'small_cap_outperformance_10', { SIZ: 0.1 }, undefined, undefined, 'mild'],
  ['factor_rotations', 'quality_flight_12', { QUA: 0.12, MKT: -0.05 }, undefined, undefined, 'mild'],
  ['volatility_risk', 'vix_spike_150', { MKT: -0.15, LOV: 0.04 }, undefined, 2.5, 'severe'],
  ['volatility_risk', 'liquidity_crisis', { MKT: -0.2, SIZ: -0.07, QUA: 0.02, LOV: 0.06 }, undefined, 2, 'severe'],
  [
    'historical_replays',
    'financial_crisis_2008',
    { MKT: -0.45, VMG: -0.08, SIZ: -0.05, QUA: 0.08, LOV: 0.08 },
    -0.015,
    2.5,
    'extreme',
  ],
  [
    'historical_replays',
    'covid_crash_2020',
    { MKT: -0.35, VMG: -0.046, MOM: -0.002, QUA: -0.002, SIZ: -0.068, LOV: 0.009 },
    -0.008,
    3,
    'extreme',
  ],
  [
    'historical_replays',
    'dotcom_crash_2000',
    { MKT: -0.45, VMG: 0.4, MOM: -0.1, QUA: 0.08, SIZ: 0.15, LOV: 0.25 },
    -0.025,
    undefined,
    'extreme',
  ],
] as const;

it('the scenarios are the design’s 18 and 4 base cases, number by number', () => {
  expect(
    STRESS_SCENARIOS.map(({ category, id, shocks, yieldChange, volatilityFactor, severity }) => [
      category,
      id,
      shocks,
      yieldChange,
      volatilityFactor,
      severity,
    ]),
  ).toEqual(TABLE);
  expect(STRESS_SCENARIOS.filter(({ category }) => category !== 'base_cases')).toHaveLength(18);
});

it('every scenario has an id and a name of its own, and says what happens without stray digits', () => {
  for (const field of ['id', 'name', 'description'] as const) {
    expect(new Set(STRESS_SCENARIOS.map((scenario) => scenario[field])).size, field).toBe(22);
  }
  for (const { description } of STRESS_SCENARIOS) expect(description).not.toMatch(/\d\.\d{3}/);
});
