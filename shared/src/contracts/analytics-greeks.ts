// Greeks: of the options a portfolio holds, and of any option a request describes.
import { z } from 'zod';
import { GREEKS_POSITIONS_MAX } from '../calc/greeks-request.js';
import { analyticsRead } from './analytics.js';
import { endpoint } from './endpoint.js';
import { date, fraction, id, money } from './fields.js';

const figures = {
  price: z.number(),
  delta: z.number().describe('per dollar of the share'),
  gamma: z.number().describe('change of delta per dollar of the share'),
  theta_per_day: z.number().describe('over one calendar day'),
  vega_per_vol_point: z.number().describe('when volatility rises by 0.01'),
  rho_per_pct: z.number().describe('when the rate rises by 0.01'),
};
const perShare = z.object(figures);
const ofPosition = perShare.describe('× quantity × 100: delta in shares, the others in dollars');

const heldOption = z.object({
  position_id: id,
  symbol: z.string(),
  underlying_symbol: z.string(),
  quantity: z.number().describe('contracts, negative when short'),
  market_value: money,
  underlying_price: z.number().describe('in the basis of the contract: splits since the entry are undone'),
  implied_volatility: fraction,
  iv_source: z
    .enum(['entry', 'realised'])
    .describe('implied by the premium paid, or the 63 sessions of the underlying where that implies none'),
  rate: fraction,
  years_to_expiry: z.number().describe('of 365 days'),
  greeks: perShare.nullable().describe('per share; null when the terms have none'),
  position_greeks: ofPosition.nullable(),
});

const totals = z.object({
  delta_adjusted_value: money.describe('dollars of the underlyings that the options move like'),
  gamma_dollars_per_pct: z.number().describe('change of delta_adjusted_value when every underlying rises by 1 %, by gamma alone'),
  theta_per_day: z.number(),
  vega_per_vol_point: z.number(),
  rho_per_pct: z.number(),
});

const portfolioGreeks = z.object({
  available: z.literal(true),
  portfolio_id: id,
  calculation_date: date,
  positions: z.array(heldOption).describe('option lots with a mark, by market value, the largest first'),
  totals: totals.describe('dollars, summed over the positions; 0 when no option is held'),
  metadata: z.object({
    options: z.int().describe('option lots held'),
    without_greeks: z.array(z.object({ position_id: id, symbol: z.string(), message: z.string() })),
    method: z.literal('black_scholes_merton'),
  }),
});

export const getGreeks = analyticsRead('greeks', {
  summary: 'Greeks of the options held, from the marks of the newest calculated session',
  answer: portfolioGreeks,
});

const asked = z.object({
  type: z.enum(['call', 'put']),
  spot: z.number(),
  strike: z.number(),
  years: z.number().describe('to expiry, of 365 days'),
  volatility: z.number().describe('of a year: 0.25 is 25 %'),
  rate: z.number().describe('continuously compounded, a year'),
  dividend_yield: z.number().optional(),
  quantity: z.number().optional().describe('contracts of 100 shares, negative when short'),
});

const result = z.union([
  perShare.extend({ available: z.literal(true), position: ofPosition.optional() }),
  z.object({ available: z.literal(false), reason: z.enum(['impossible_terms', 'out_of_range']) }),
]);

export const calculateGreeksOfRequest = endpoint({
  method: 'post',
  path: '/analytics/greeks/calculate',
  summary: 'Price and Greeks of options as you describe them',
  tag: 'Analytics',
  auth: 'user',
  body: z.object({ positions: z.array(asked).min(1).max(GREEKS_POSITIONS_MAX) }),
  responses: {
    200: {
      description: 'One result for each position, in their order',
      schema: z.object({ results: z.array(result) }),
    },
  },
  errors: ['ERR_REQ_001'],
});

export type PortfolioGreeks = z.output<typeof portfolioGreeks>;
