// How the holdings move together. The answer to a query of another lookback is worked out when it is asked for.
import { z } from 'zod';
import { analyticsRead, queryInteger } from './analytics.js';
import { excludedSymbols } from './excluded-symbols.js';
import { date, fraction, id } from './fields.js';

/** Symbols that one answer works on at most: the largest by weight. */
export const CORRELATED_SYMBOLS_MAX = 300;

const SYMBOLS_SHOWN_MAX = 50;

const window = {
  lookback_days: queryInteger(30, 365, 90).describe('sessions'),
  min_overlap: queryInteger(10, 365, 30).describe('sessions that a pair needs in common; at most lookback_days'),
};

const metadata = z.object({
  calculation_date: date,
  lookback_days: z.int(),
  min_overlap: z.int(),
  observations: z.int().describe('the fewest sessions that a pair with a correlation has in common'),
  coverage: fraction.nullable().describe('share of the gross delta-adjusted value that is in symbols with a correlation'),
  excluded: excludedSymbols,
  method: z.literal('pearson_pairwise_complete').describe('of total returns; gaps are never filled'),
});

const correlationMatrix = z.object({
  available: z.literal(true),
  portfolio_id: id,
  data: z.object({
    matrix: z
      .record(z.string(), z.record(z.string(), z.number().nullable()))
      .describe('by weight, the largest first; 1 on the diagonal, null for a pair with too few sessions in common'),
    average_correlation: z.number().nullable().describe('of the pairs that have one, each once'),
  }),
  metadata: metadata.extend({
    positions_included: z.int().describe('symbols shown'),
    positions_total: z.int().describe('symbols held that have a price of their own'),
    repaired: z.literal(false).describe('the numbers are shown as measured'),
  }),
});

export const getCorrelationMatrix = analyticsRead('correlation-matrix', {
  summary: 'Correlation of every pair of holdings, the largest by weight',
  query: z.object({ ...window, max_symbols: queryInteger(2, SYMBOLS_SHOWN_MAX, 25) }),
  answer: correlationMatrix,
  errors: ['ERR_ANALYTICS_001'],
});

const diversificationScore = z.object({
  available: z.literal(true),
  portfolio_id: id,
  portfolio_correlation: fraction.describe('average size of the correlations, weighted by the product of both weights'),
  diversification_score: fraction.describe('1 − portfolio_correlation'),
  duration_days: z.int().describe('the lookback in sessions'),
  calculation_date: date,
  symbols_included: z.int(),
  metadata: metadata.extend({
    pairs: z.int().describe('with a correlation'),
    pairs_possible: z.int(),
  }),
});

export const getDiversificationScore = analyticsRead('diversification-score', {
  summary: 'How far the holdings move apart: 1 less their average correlation by weight',
  query: z.object(window),
  answer: diversificationScore,
  errors: ['ERR_ANALYTICS_001'],
});

export type CorrelationMatrix = z.output<typeof correlationMatrix>;
export type DiversificationScore = z.output<typeof diversificationScore>;
