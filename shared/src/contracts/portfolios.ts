// The user's portfolios.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { date, fraction, id, idParams, instant, money } from './fields.js';
import { followingFigures } from './ledger-change.js';
import { priceOrigin } from './positions.js';

/** More than any account has: the list is never cut in earnest, and never without bound. */
export const PORTFOLIOS_MAX = 1_000;
/** Positions shown with a portfolio. */
export const POSITIONS_SHOWN_MAX = 1_000;

/** What its owner has said of a portfolio. */
export const account = {
  portfolio_name: z.string(),
  account_name: z.string(),
  account_type: z.string(),
  currency: z.string(),
  equity_balance: money.describe('as you stated it at the close of equity_as_of'),
  equity_as_of: date,
  created_at: instant,
};

const portfolio = z.object({
  id,
  ...account,
  description: z.string().nullable(),
  net_asset_value: money.nullable().describe('of the newest calculated session; null before the first'),
  snapshot_date: date.nullable(),
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

const FIELD_CHARACTERS_MAX = 5_000;
const text = z.string().max(FIELD_CHARACTERS_MAX);
const balance = z
  .union([z.number(), z.string().max(100)])
  .describe('a number above 0, below 1 billion, or decimal text; at most 4 decimals');

/** Described for the documentation; the checks are in portfolio-form.ts, which gives each fault its own code. */
const newPortfolio = z.object({
  portfolio_name: text.optional().describe('required; 1 to 255 characters'),
  account_name: text.optional().describe('required; 1 to 100 characters, unique among your portfolios'),
  account_type: text.optional().describe('required; taxable, ira, roth_ira, 401k, 403b, 529, hsa, trust or other'),
  equity_balance: balance.optional(),
  equity_as_of: text.optional().describe('the session at whose close it was worth that; without it the last complete one'),
  description: text.nullable().optional(),
});

const FORM_ERRORS = [
  'ERR_PORT_001',
  'ERR_PORT_002',
  'ERR_PORT_003',
  'ERR_PORT_004',
  'ERR_PORT_005',
  'ERR_PORT_006',
  'ERR_PORT_009',
  'ERR_PORT_010',
  'ERR_PORT_011',
  'ERR_REQ_001',
] as const;

export const createPortfolio = endpoint({
  method: 'post',
  path: '/portfolios',
  summary: 'Makes a portfolio without positions; /onboarding/create-portfolio makes one from a CSV file',
  tag: 'Portfolios',
  auth: 'user',
  idempotent: true,
  body: newPortfolio,
  responses: {
    201: {
      description: 'Made',
      schema: portfolio.extend({ positions_url: z.string().describe('where to enter its positions'), calculate_url: z.string() }),
    },
  },
  errors: FORM_ERRORS,
});

export const getPortfolio = endpoint({
  method: 'get',
  path: '/portfolios/:id',
  summary: 'One portfolio, valued now',
  tag: 'Portfolios',
  auth: 'user',
  params: idParams,
  responses: {
    200: {
      description:
        'What it is worth now: its cash, and its open positions at the latest quote, or else the last close. net_asset_value is of the newest calculated session',
      schema: portfolio.extend({
        valued_at: instant,
        total_value: money.describe('cash_balance and the positions together'),
        cash_balance: money.describe('negative on margin'),
        cash_is_estimated: z.boolean().describe('some lot behind it has no close of the time it is reckoned from'),
        positions_value: money,
        position_count: z.int().describe('open lots'),
        positions: z
          .array(
            z.object({
              id,
              symbol: z.string(),
              quantity: z.number().describe('after splits, negative for a short'),
              market_value: money,
              price: money,
              ...priceOrigin,
            }),
          )
          .describe(`open lots by symbol and entry date, the first ${POSITIONS_SHOWN_MAX}; /portfolios/{id}/positions shows all`),
        figures_current: z.boolean().describe('false while a change waits to be calculated'),
      }),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});

export const changePortfolio = endpoint({
  method: 'put',
  path: '/portfolios/:id',
  summary: 'Changes some fields of a portfolio; another balance, or another day of it, has its whole history computed again',
  tag: 'Portfolios',
  auth: 'user',
  params: idParams,
  body: newPortfolio,
  responses: {
    200: {
      description: 'The portfolio; the fields of the run only where equity_balance or equity_as_of is another',
      schema: portfolio.omit({ net_asset_value: true, snapshot_date: true }).extend(z.object(followingFigures).partial().shape),
    },
  },
  errors: [...FORM_ERRORS, 'ERR_PORT_404', 'ERR_OWNER_001'],
});

export const deletePortfolio = endpoint({
  method: 'delete',
  path: '/portfolios/:id',
  summary: 'Deletes a portfolio and cancels its runs; its account name is free again',
  tag: 'Portfolios',
  auth: 'user',
  params: idParams,
  responses: { 204: { description: 'Deleted' } },
  errors: ['ERR_PORT_404', 'ERR_OWNER_001', 'ERR_REQ_001'],
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
