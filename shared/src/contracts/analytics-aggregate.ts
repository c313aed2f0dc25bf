// Several portfolios as one: sums of dollars, never averages of averages.
import { z } from 'zod';
import { UNAVAILABLE_REASONS } from './analytics.js';
import { factorLine, scenarioList } from './analytics-stress.js';
import { endpoint } from './endpoint.js';
import { excludedSymbols } from './excluded-symbols.js';
import { date, fraction, id, money } from './fields.js';

/** Portfolios of one answer at most. */
export const AGGREGATED_MAX = 50;

const portfolioIds = z
  .string()
  .transform((list) => [...new Set(list.split(',').map((each) => each.trim().toLowerCase()))].filter((each) => each !== ''))
  .pipe(z.array(id).min(1).max(AGGREGATED_MAX))
  .optional()
  .describe(`separated by commas, at most ${AGGREGATED_MAX}; all of yours unless told`);

const leftOut = z.object({ portfolio_id: id, reason: z.enum(UNAVAILABLE_REASONS), message: z.string() });

/** What every answer says of the portfolios behind it. */
const together = {
  available: z.literal(true),
  portfolio_ids: z.array(id).describe('those the figures are of'),
  left_out: z.array(leftOut),
  calculation_date: date.describe('the newest session that any of them is calculated for: all figures are of it'),
  equity: money.describe('of the portfolios the figures are of'),
  coverage: fraction
    .nullable()
    .describe(
      'share that this equity has of all portfolios asked for, those left out with their last known one; null when that is not above 0',
    ),
};

const unavailable = z.object({
  available: z.literal(false),
  reason: z.enum(UNAVAILABLE_REASONS),
  message: z.string(),
  portfolio_ids: z.array(id),
});

function aggregateRead<S extends z.ZodRawShape, Q extends z.ZodRawShape = Record<never, never>>(
  name: string,
  { summary, answer, query }: Readonly<{ summary: string; answer: S; query?: Q }>,
) {
  return endpoint({
    method: 'get',
    path: `/analytics/aggregate/${name}`,
    summary,
    tag: 'Analytics',
    auth: 'user',
    query: z.object({ portfolio_ids: portfolioIds, ...(query as Q) }),
    responses: {
      200: {
        description: 'The sums, or why there are none',
        schema: z.union([z.object({ ...together, ...answer }), unavailable]),
      },
    },
    errors: ['ERR_PORT_404', 'ERR_REQ_001'],
  });
}

const OF_EQUITY = 'as a fraction of the equity of all; null when that is not above 0';

export const getAggregateOverview = aggregateRead('overview', {
  summary: 'Value, exposures and P&L of several portfolios together',
  answer: {
    net_asset_value: money,
    cash_balance: money,
    leverage: z.number().nullable().describe(`gross exposure ${OF_EQUITY}`),
    exposures: z.object({
      long_exposure: money,
      short_exposure: money.describe('negative'),
      gross_exposure: money,
      net_exposure: money,
      long_percentage: fraction.nullable().describe(OF_EQUITY),
      short_percentage: fraction.nullable(),
      gross_percentage: fraction.nullable(),
      net_percentage: fraction.nullable(),
    }),
    pnl: z.object({
      daily_pnl: money,
      mtd_pnl: money,
      ytd_pnl: money,
      realized_pnl: money,
      unrealized_pnl: money.nullable().describe('null when the lots of one are not valued'),
    }),
    position_count: z.int(),
  },
});

const exposedPortfolio = z.object({
  portfolio_id: id,
  equity: money,
  exposure_dollar: money,
  beta: z.number().nullable(),
  coverage: fraction.nullable().describe('share of its gross delta-adjusted value that has betas'),
});

export const getAggregateBeta = aggregateRead('beta', {
  summary: 'Market beta of several portfolios together',
  answer: {
    beta: z.number().nullable().describe(`exposure_dollar ${OF_EQUITY}`),
    exposure_dollar: money,
    portfolios: z.array(exposedPortfolio).describe('their dollars sum to the whole'),
  },
});

export const getAggregateFactorExposures = aggregateRead('factor-exposures', {
  summary: 'Factor exposures of several portfolios together',
  answer: {
    factors: z.array(
      z.object({
        name: z.string(),
        model_factor: z.string(),
        proxy: z.string().nullable(),
        beta: z.number().nullable().describe(`exposure_dollar ${OF_EQUITY}`),
        exposure_dollar: money.nullable().describe('null: the factor is absent from this session'),
      }),
    ),
  },
});

export const getAggregateVolatility = aggregateRead('volatility', {
  summary: 'Volatility of several portfolios together, from all their holdings',
  answer: {
    volatility: fraction.nullable().describe('of the equity of all, a year; what hedges across portfolios counts'),
    contributions: z.array(z.object({ symbol: z.string(), contribution: z.number() })).describe('they sum to the volatility'),
    lookback_days: z.int().describe('sessions'),
    holdings_coverage: fraction.nullable().describe('share of the gross delta-adjusted value that the figure covers'),
    excluded: excludedSymbols,
    message: z.string().nullable().describe('why there is no volatility'),
    portfolios: z
      .array(z.object({ portfolio_id: id, equity: money, volatility: fraction.nullable() }))
      .describe('each alone; they do not add up'),
  },
});

export const getAggregateStressTest = aggregateRead('stress-test', {
  summary: 'What several portfolios lose together in each scenario',
  query: { scenarios: scenarioList },
  answer: {
    scenarios: z
      .array(
        z.object({
          id: z.string(),
          name: z.string(),
          category: z.string(),
          severity: z.string(),
          impact: z.object({
            dollar_impact: money.nullable(),
            direct_dollar_impact: money,
            correlation_effect: money.nullable(),
            percentage_impact: z.number().nullable().describe('points of the equity of all'),
            new_portfolio_value: money.nullable(),
            by_factor: z.array(factorLine),
          }),
          portfolios: z.array(z.object({ portfolio_id: id, dollar_impact: money.nullable(), direct_dollar_impact: money })),
        }),
      )
      .describe('by category, then by name'),
  },
});
