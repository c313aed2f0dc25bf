// The user's portfolios.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { date, fraction, id, idParams, instant, money } from './fields.js';

/** More than any account has: the list is never cut in earnest, and never without bound. */
export const PORTFOLIOS_MAX = 1_000;

const portfolio = z.object({
  id,
  portfolio_name: z.string(),
  account_name: z.string(),
  account_type: z.string(),
  currency: z.string(),
  equity_balance: money.describe('as you stated it at the close of equity_as_of'),
  equity_as_of: date,
  description: z.string().nullable(),
  net_asset_value: money.nullable().describe('of the newest calculated session; null before the first'),
  snapshot_date: date.nullable(),
  created_at: instant,
});

export const listPortfolios = endpoint({
  method: 'get',
  path: '/portfolios',
  summary: 'Your portfolios and what they are worth together',
  tag: 'Portfolios',
  auth: 'user',
  responses: {
    200: {
      description: 'Oldest first',
      schema: z.object({
        portfolios: z.array(portfolio),
        total_count: z.int(),
        active_count: z.int(),
        net_asset_value: money.nullable().describe('sum over the portfolios that have one; null when none has'),
        without_net_asset_value: z.int().describe('portfolios that the sum leaves out'),
      }),
    },
  },
  errors: [],
});

export const getPortfolio = endpoint({
  method: 'get',
  path: '/portfolios/:id',
  summary: 'One portfolio',
  tag: 'Portfolios',
  auth: 'user',
  params: idParams,
  responses: {
    200: {
      description: 'The portfolio, valued at its newest calculated session',
      schema: portfolio.extend({
        total_value: money.nullable(),
        cash_balance: money.nullable(),
        position_count: z.int().nullable(),
        figures_current: z.boolean().describe('false while a change waits to be calculated'),
      }),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});

/** The figures of one session. */
export const snapshot = z.object({
  snapshot_date: date,
  equity: money,
  total_value: money,
  cash: money,
  long: money,
  short: money.describe('negative'),
  gross: money,
  net: money,
  daily_pnl: money,
  daily_return: fraction.nullable(),
  capital_flow: money,
  status: z.enum(['full', 'partial']).describe('partial: some lots had no price of that session'),
  coverage: fraction.nullable(),
});
