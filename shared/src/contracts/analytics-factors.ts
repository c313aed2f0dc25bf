// What the holdings have in common with the market and its styles.
import { z } from 'zod';
import { analyticsRead } from './analytics.js';
import { endpoint } from './endpoint.js';
import { date, fraction, id, money, pageLimit } from './fields.js';
import { symbolList } from './symbol-field.js';

const SYMBOLS_ASKED_MAX = 100;
const SYMBOL_CHARACTERS_MAX = 100;

/** Where a figure is null, the message of its line says why. */
const message = z.string().nullable().describe('why figures are null; null when none is');

const factor = z.object({
  name: z.string(),
  model_factor: z.string().describe('the column of the regression; value and growth are the two ends of one'),
  proxy: z.string().nullable().describe('the fund that stands for it in this session; null: none has prices'),
  beta: z.number().nullable().describe('exposure_dollar / equity'),
  exposure_dollar: money.nullable().describe('Σ over positions of delta-adjusted value × beta'),
  standard_error: z.number().nullable().describe("of beta, as if the symbols' own movements were independent"),
  t_stat: z.number().nullable(),
  message,
});

const metadata = z.object({
  factor_model: z.array(z.string()).describe('the columns of the regression'),
  calculation_method: z.literal('multivariate_regression_qr'),
  coverage: fraction.nullable().describe('share of the gross delta-adjusted value that has betas'),
});

const factorExposures = z.object({
  available: z.literal(true),
  portfolio_id: id,
  calculation_date: date,
  factors: z.array(factor),
  metadata: metadata.extend({
    r_squared: fraction
      .nullable()
      .describe("share of the portfolio's variance that the factors explain, as if the symbols' own movements were independent"),
    observations: z.int().nullable().describe('the fewest returns behind a beta'),
    equity: money,
  }),
});

export const getFactorExposures = analyticsRead('factor-exposures', {
  summary: 'The portfolio in each factor, in dollars and by equity',
  answer: factorExposures,
});

const alone = z.object({
  beta: z.number().nullable(),
  standard_error: z.number().nullable(),
  r_squared: fraction.nullable(),
  observations: z.int(),
});

const position = z.object({
  position_id: id,
  symbol: z.string(),
  priced_by: z
    .string()
    .nullable()
    .describe("the symbol whose betas these are: of an option its underlying's; null for private holdings and cash"),
  delta_adjusted_value: money.nullable(),
  exposures: z.record(z.string(), z.number()).nullable().describe('beta by factor'),
  exposure_dollars: z
    .record(z.string(), money)
    .nullable()
    .describe('delta-adjusted value × beta by factor; they sum to those of the portfolio'),
  r_squared: fraction.nullable(),
  observations: z.int().nullable(),
  extreme: z.boolean().describe('a beta lies beyond ±5; it is shown as it is'),
  sensitivity_alone: z
    .object({ spy_90: alone, spy_252: alone, tlt_90: alone })
    .nullable()
    .describe('slopes on one fund alone, over 90 and 252 sessions: another figure, never to be added up'),
  message,
});

const positionFactorExposures = z.object({
  available: z.literal(true),
  portfolio_id: id,
  calculation_date: date,
  total: z.int().describe('positions asked for'),
  limit: z.int(),
  offset: z.int(),
  positions: z.array(position).describe('by market value, the largest first'),
  metadata,
});

const symbols = symbolList(z.string().max(SYMBOL_CHARACTERS_MAX), SYMBOLS_ASKED_MAX);

export const getPositionFactorExposures = analyticsRead('positions/factor-exposures', {
  summary: 'Each position in each factor',
  query: z.object({
    limit: pageLimit(200, 50),
    offset: z.coerce.number().int().min(0).default(0),
    symbols: symbols.optional().describe('only these, separated by commas; an option also by its underlying'),
  }),
  answer: positionFactorExposures,
});

export const getFactorDefinitions = endpoint({
  method: 'get',
  path: '/analytics/factors/definitions',
  summary: 'The factors as shown, and what stands for each',
  tag: 'Analytics',
  auth: 'user',
  responses: {
    200: {
      description: 'Eight names for seven columns of one regression',
      schema: z.object({
        factors: z.array(
          z.object({
            id: z.string(),
            name: z.string(),
            proxy: z.string(),
            fallbacks: z.array(z.string()).describe('tried in order where the proxy has no prices'),
            model_factor: z.string(),
          }),
        ),
      }),
    },
  },
  errors: [],
});

export type FactorExposuresAnswer = z.output<typeof factorExposures>;
export type PositionFactorExposures = z.output<typeof positionFactorExposures>;
