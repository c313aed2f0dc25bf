// Contributions and withdrawals. The paths exist under /portfolio and under /portfolios.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { date, id, idParams, instant, money, pageLimit } from './fields.js';
import { decimalField } from './json-decimal.js';
import { followingFigures } from './ledger-change.js';

const EQUITY_CHANGES_PAGE_MAX = 200;
const NOTES_CHARACTERS_MAX = 1_000;
export const EDIT_DAYS = 7;
export const DELETE_DAYS = 30;

export const CHANGE_TYPES = ['CONTRIBUTION', 'WITHDRAWAL'] as const;
const changeType = z.enum(CHANGE_TYPES);
export type EquityChangeType = z.output<typeof changeType>;

const changeParams = idParams.extend({ change: id });
const amount = decimalField({ decimals: 4, below: 1e9, belowWords: '1 billion' }).describe('above zero; the type says which way');
const notes = z.string().max(NOTES_CHARACTERS_MAX).nullable();

const equityChange = z.object({
  id,
  portfolio_id: id,
  change_type: changeType,
  amount: money.describe('above zero; the type says which way'),
  change_date: date,
  notes: z.string().nullable(),
  created_at: instant,
  editable_until: instant,
  deletable_until: instant,
});

const FOLLOWS =
  'After equity_as_of it moves equity and cash from its session on; at or before it, it is inside the stated balance and moves earlier sessions only';

export const listEquityChanges = endpoint({
  method: 'get',
  path: '/portfolio/:id/equity-changes',
  summary: 'Contributions and withdrawals of a portfolio, the latest date first',
  tag: 'Equity changes',
  auth: 'user',
  params: idParams,
  query: z.object({
    change_type: changeType.optional(),
    from: date.optional(),
    to: date.optional(),
    limit: pageLimit(EQUITY_CHANGES_PAGE_MAX, 50),
    cursor: id.optional().describe('next_cursor of the page before'),
  }),
  responses: {
    200: {
      description: 'One page; next_cursor is null at the end',
      schema: z.object({ portfolio_id: id, equity_changes: z.array(equityChange), next_cursor: id.nullable() }),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});

const totals = {
  total_contributions: money,
  total_withdrawals: money,
  net_change: money.describe('contributions less withdrawals'),
  contributions_count: z.int(),
  withdrawals_count: z.int(),
};

export const summariseEquityChanges = endpoint({
  method: 'get',
  path: '/portfolio/:id/equity-changes/summary',
  summary: 'What was paid in and taken out altogether',
  tag: 'Equity changes',
  auth: 'user',
  params: idParams,
  responses: {
    200: {
      description: 'Sums over all changes; last_change is the one of the latest date',
      schema: z.object({ portfolio_id: id, ...totals, last_change: equityChange.nullable() }),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});

export const addEquityChange = endpoint({
  method: 'post',
  path: '/portfolio/:id/equity-changes',
  summary: `Enters a contribution or withdrawal. ${FOLLOWS}`,
  tag: 'Equity changes',
  auth: 'user',
  idempotent: true,
  params: idParams,
  body: z.object({
    change_type: changeType,
    amount,
    change_date: date.describe('not in the future, in New York'),
    notes: notes.optional(),
  }),
  responses: {
    201: {
      description:
        'The change. A withdrawal after equity_as_of may be as large as the smallest equity known from its date on: of the sessions that ' +
        'are calculated and hold, and of the flows since',
      schema: equityChange.extend(followingFigures),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_OWNER_001', 'ERR_EQUITY_001', 'ERR_EQUITY_002', 'ERR_EQUITY_003', 'ERR_REQ_001'],
});

export const getEquityChange = endpoint({
  method: 'get',
  path: '/portfolio/:id/equity-changes/:change',
  summary: 'One contribution or withdrawal',
  tag: 'Equity changes',
  auth: 'user',
  params: changeParams,
  responses: { 200: { description: 'The change', schema: equityChange } },
  errors: ['ERR_PORT_404', 'ERR_EQUITY_008', 'ERR_REQ_001'],
});

export const editEquityChange = endpoint({
  method: 'put',
  path: '/portfolio/:id/equity-changes/:change',
  summary: `Corrects a contribution or withdrawal within ${EDIT_DAYS} days of its entry; fields that are left out stay`,
  tag: 'Equity changes',
  auth: 'user',
  params: changeParams,
  body: z
    .object({
      change_type: changeType.optional(),
      amount: amount.optional(),
      change_date: date.optional(),
      notes: notes.optional(),
    })
    .refine((body) => Object.values(body).some((value) => value !== undefined), 'name at least one field to change'),
  responses: { 200: { description: 'The change as it is now', schema: equityChange.extend(followingFigures) } },
  errors: [
    'ERR_PORT_404',
    'ERR_OWNER_001',
    'ERR_EQUITY_001',
    'ERR_EQUITY_002',
    'ERR_EQUITY_003',
    'ERR_EQUITY_006',
    'ERR_EQUITY_008',
    'ERR_REQ_001',
  ],
});

export const deleteEquityChange = endpoint({
  method: 'delete',
  path: '/portfolio/:id/equity-changes/:change',
  summary: `Takes back a contribution or withdrawal within ${DELETE_DAYS} days of its entry`,
  tag: 'Equity changes',
  auth: 'user',
  params: changeParams,
  responses: {
    200: { description: 'It is gone', schema: z.object({ id, deleted: z.literal(true), ...followingFigures }) },
  },
  errors: ['ERR_PORT_404', 'ERR_OWNER_001', 'ERR_EQUITY_007', 'ERR_EQUITY_008', 'ERR_REQ_001'],
});
