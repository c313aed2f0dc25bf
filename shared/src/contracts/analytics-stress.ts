// What a portfolio would lose if something happened.
import { z } from 'zod';
import { STRESS_SCENARIOS } from '../stress/scenarios.js';
import { analyticsRead } from './analytics.js';
import { endpoint } from './endpoint.js';
import { date, fraction, id, money } from './fields.js';

/** Positions told of in each scenario: the largest by market value. */
export const STRESSED_POSITIONS_MAX = 200;

export const scenarioId = z.enum(STRESS_SCENARIOS.map(({ id: own }) => own));

export const scenarioList = z
  .string()
  .transform((list) => [...new Set(list.split(',').map((each) => each.trim()))].filter((each) => each !== ''))
  .pipe(z.array(scenarioId).min(1))
  .optional()
  .describe('ids separated by commas; all unless told');

const description = {
  id: z.string(),
  name: z.string(),
  description: z.string(),
  category: z.string(),
  severity: z.string(),
};

const NO_MOVES = 'null without a covariance that tells how the other factors move';

export const factorLine = z.object({
  factor: z
    .string()
    .describe(
      "a model factor, or option_rest: what full revaluation adds to the options' delta, or price_floor: what prices that cannot fall below zero give back",
    ),
  dollar_impact: money.nullable(),
  direct_dollar_impact: money,
});

const impact = z.object({
  dollar_impact: money.nullable().describe(`the other factors moving along; ${NO_MOVES}`),
  direct_dollar_impact: money.describe('only the factors of the scenario move'),
  correlation_effect: money.nullable().describe('dollar_impact − direct_dollar_impact'),
  percentage_impact: z.number().nullable().describe('points of equity: −10 is a tenth lost; null when equity is not above 0'),
  new_portfolio_value: money.nullable(),
  by_factor: z.array(factorLine).describe('they sum to the impact'),
  by_position: z
    .array(
      z.object({
        position_id: id,
        symbol: z.string(),
        dollar_impact: money.nullable().describe('null: not covered, or no covariance'),
        direct_dollar_impact: money.nullable().describe('null: not covered'),
      }),
    )
    .describe('by market value, the largest first; they sum to the impact, together with other_positions'),
  other_positions: z
    .object({ positions: z.int(), dollar_impact: money.nullable(), direct_dollar_impact: money })
    .nullable()
    .describe(`beyond the ${STRESSED_POSITIONS_MAX} largest; null when there are none`),
});

const window = z
  .object({ from: date, to: date })
  .nullable()
  .describe('of a replay: from the close of the one to the close of the other');

const SOURCES = ['table', 'measured'] as const;

const scenario = z.object({
  ...description,
  source: z.enum(SOURCES),
  window,
  impact_type: z.literal('correlated'),
  impact,
  factor_moves: z.record(z.string(), z.number()).describe('decimal return of each model factor, the others moving along'),
  plausibility: z.object({
    standard_deviations: z.number().nullable().describe('of a month, how far the shocks lie from no move together'),
    is_implausible: z.boolean().describe('above 6: nothing like it in the years measured'),
  }),
  absent_factors: z.array(z.string()).describe('shocked by the scenario, and absent from this session: that part is left out'),
});

const unavailableScenario = z.object({
  id: z.string(),
  name: z.string(),
  available: z.literal(false),
  reason: z.enum(['no_factor', 'settings_changed', 'no_window', 'no_history']),
  message: z.string().describe('what is missing, and what to do'),
});

const stressTest = z.object({
  available: z.literal(true),
  portfolio_id: id,
  data: z.object({
    scenarios: z.array(scenario).describe('by category, then by name'),
    unavailable_scenarios: z.array(unavailableScenario).describe('those asked for that have no result'),
    portfolio_value: money.describe('equity'),
    calculation_date: date,
  }),
  metadata: z.object({
    source: z.enum(SOURCES),
    scenarios_requested: z.array(z.string()),
    without_result: z.array(z.string()).describe('ids of unavailable_scenarios'),
    coverage: fraction
      .nullable()
      .describe('share of the gross delta-adjusted value that the figures cover; the rest is not known'),
    covariance_observations: z.int().describe('sessions that tell how the factors move together'),
    covariance_shrunk: z.boolean(),
    method: z.enum(['factor_shocks_propagated', 'measured_factor_returns']),
  }),
});

export const getStressTest = analyticsRead('stress-test', {
  summary: 'Dollars lost or gained in each scenario, by factor and by position',
  query: z.object({
    scenarios: scenarioList,
    source: z
      .enum(SOURCES)
      .default('table')
      .describe('measured: replays with what the funds did in their window, worked out on request where their closes are stored'),
  }),
  answer: stressTest,
});

export const getStressScenarios = endpoint({
  method: 'get',
  path: '/analytics/stress/scenarios',
  summary: 'Every stress scenario and what it shocks',
  tag: 'Analytics',
  auth: 'user',
  responses: {
    200: {
      description: 'By category, then by name',
      schema: z.object({
        scenarios: z.array(
          z.object({
            ...description,
            shocks: z.record(z.string(), z.number()).describe('decimal returns of model factors'),
            yield_change: z.number().nullable().describe('parallel, in decimals a year: 0.01 is 100 basis points'),
            volatility_factor: z.number().nullable().describe('multiplies implied volatilities'),
            window,
          }),
        ),
      }),
    },
  },
  errors: [],
});

export type StressTestAnswer = z.output<typeof stressTest>;
export type StressSource = (typeof SOURCES)[number];
export type UnavailableScenario = z.output<typeof unavailableScenario>;
export type FactorLine = z.output<typeof factorLine>;
