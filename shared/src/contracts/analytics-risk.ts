// How much a portfolio moves and can lose: from its realised returns, and from what it holds today.
import { z } from 'zod';
import { analyticsRead, queryInteger } from './analytics.js';
import { excludedSymbols } from './excluded-symbols.js';
import { date, fraction, id, money } from './fields.js';

const reasons = z.record(z.string(), z.string()).describe('by figure that is null: why');

const tailLosses = (unit: z.ZodNumber) =>
  z.object({
    value_at_risk_95: unit.nullable(),
    expected_shortfall_95: unit.nullable(),
    value_at_risk_99: unit.nullable(),
    expected_shortfall_99: unit.nullable(),
    parametric_value_at_risk_95: unit.nullable().describe('as if returns were normal'),
    parametric_expected_shortfall_95: unit.nullable(),
    parametric_value_at_risk_99: unit.nullable(),
    parametric_expected_shortfall_99: unit.nullable(),
  });

const riskMetrics = z.object({
  available: z.literal(true),
  portfolio_id: id,
  risk_metrics: tailLosses(fraction).extend({
    portfolio_beta: z.number().nullable().describe("regression of the portfolio's daily returns on the benchmark's"),
    bottom_up_beta: z.number().nullable().describe("today's exposure to the market factor by equity"),
    annualized_volatility: fraction.nullable(),
    max_drawdown: fraction.nullable().describe('0 or less, deposits and withdrawals left out'),
    sharpe_ratio: z.number().nullable(),
    sortino_ratio: z.number().nullable(),
  }),
  metadata: z.object({
    calculation_date: date,
    lookback_days: z.int().describe('sessions'),
    date_range: z.object({ start: date.nullable(), end: date.nullable() }),
    observations: z.int().describe('daily returns there were'),
    benchmark: z.string().nullable(),
    beta_observations: z.int(),
    drawdown_peak: date.nullable(),
    drawdown_trough: date.nullable(),
    drawdown_recovery: date.nullable(),
    method: z.literal('realised_daily_returns'),
    reasons,
  }),
});

export const getRiskMetrics = analyticsRead('risk-metrics', {
  summary: 'Beta, volatility, drawdown and losses, from the realised daily returns',
  query: z.object({ lookback_days: queryInteger(30, 252, 90).describe('sessions; 20 returns are needed in them') }),
  answer: riskMetrics,
});

const likelihoodRatio = z.object({ statistic: z.number(), p_value: fraction });

const backTest = z.object({
  observations: z.int().describe('sessions with a forecast of the evening before, at most 250'),
  exceptions: z.int().describe('those that lost more'),
  exceptions_expected: z.number(),
  kupiec: likelihoodRatio.describe('the right number of exceptions; a p-value below 0.05 is evidence against'),
  christoffersen: likelihoodRatio
    .nullable()
    .describe('exceptions do not follow one another; null without a session after an exception'),
  conditional_coverage: likelihoodRatio.nullable().describe('both at once'),
});

const valueAtRisk = z.object({
  available: z.literal(true),
  portfolio_id: id,
  calculation_date: date,
  horizon_sessions: z.literal(1),
  dollars: tailLosses(money).describe('losses are positive'),
  fractions: tailLosses(fraction).nullable().describe('of equity; null when that is not above 0'),
  back_test: z.object({
    value_at_risk_95: backTest.nullable().describe('null below 20 sessions'),
    value_at_risk_99: backTest.nullable().describe('null below 100 sessions'),
  }),
  metadata: z.object({
    lookback_days: z.int().describe('sessions'),
    start_date: date.nullable(),
    observations: z.int().describe('sessions in which every covered holding has a return'),
    coverage: fraction.nullable().describe('share of the gross delta-adjusted value that the figures cover'),
    excluded: excludedSymbols,
    method: z.literal('historical_holdings').describe("today's holdings on past returns; quantile of type 7"),
  }),
});

export const getValueAtRisk = analyticsRead('value-at-risk', {
  summary: "What today's holdings lose in a bad session, and how such forecasts have held",
  answer: valueAtRisk,
});

const figures = {
  realized_21: fraction.nullable(),
  realized_63: fraction.nullable(),
  ewma: fraction.nullable(),
  forecast: fraction.nullable().describe('of the next 21 sessions'),
  trend: z.number().nullable().describe('realized_21 / realized_63 − 1'),
  percentile: fraction.nullable().describe("where realized_21 lies among the last year's"),
};

const volatility = z.object({
  available: z.literal(true),
  portfolio_id: id,
  calculation_date: date,
  holdings: z
    .object({
      volatility: fraction.nullable().describe('of equity a year'),
      contributions: z
        .array(z.object({ symbol: z.string(), contribution: z.number() }))
        .describe('the largest first; they sum to the volatility, and a hedge is below 0'),
      lookback_days: z.int().describe('sessions'),
      coverage: fraction.nullable(),
      excluded: excludedSymbols,
      message: z.string().nullable().describe('why there is no volatility'),
    })
    .nullable()
    .describe("from today's holdings and the covariances of their returns; null when that part of the calculation failed"),
  realised: z.object({ ...figures, observations: z.int() }).describe("from the portfolio's own daily returns"),
  symbols: z
    .array(z.object({ symbol: z.string(), ...figures, message: z.string().nullable() }))
    .describe('by weight, the largest first'),
});

export const getVolatility = analyticsRead('volatility', {
  summary: 'Volatility of the portfolio and of its holdings, as fractions a year',
  answer: volatility,
});

const ofGross = 'share of gross market value';

const concentration = z.object({
  available: z.literal(true),
  portfolio_id: id,
  calculation_date: date,
  herfindahl_index: fraction.describe('Σ share²: 1 for a single position'),
  effective_positions: z.number().describe('as many equal ones would be as concentrated'),
  top3_share: fraction,
  top10_share: fraction,
  positions: z.int().describe('symbols with a value'),
  metadata: z.object({ method: z.literal('gross_market_value') }),
});

export const getConcentration = analyticsRead('concentration', {
  summary: 'How much lies in few positions',
  answer: concentration,
});

const sectorExposure = z.object({
  available: z.literal(true),
  portfolio_id: id,
  calculation_date: date,
  sectors: z.array(
    z.object({
      sector: z.string().nullable().describe('null: not known, or a holding without one'),
      weight: fraction.describe(ofGross),
      net_weight: z.number().describe(`long less short, as a ${ofGross}`),
      gross_market_value: money,
    }),
  ),
  metadata: z.object({
    coverage: fraction.describe(`${ofGross} whose sector is known`),
    method: z.literal('gross_market_value'),
  }),
});

export const getSectorExposure = analyticsRead('sector-exposure', {
  summary: 'Weights by sector, the largest first',
  answer: sectorExposure,
});

export type RiskMetrics = z.output<typeof riskMetrics>;
export type ValueAtRisk = z.output<typeof valueAtRisk>;
export type VolatilityAnswer = z.output<typeof volatility>;
export type ConcentrationAnswer = z.output<typeof concentration>;
export type SectorExposure = z.output<typeof sectorExposure>;
