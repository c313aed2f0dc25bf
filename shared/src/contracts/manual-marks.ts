// What the owner of a private lot says it is worth, from a day on.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { date, id, idParams, instant, money, pageLimit } from './fields.js';
import { decimalField } from './json-decimal.js';
import { followingFigures } from './ledger-change.js';

const MARKS_PAGE_MAX = 1_000;

const mark = z.object({ mark_date: date, price: money.describe('a unit'), created_at: instant });

export const listMarks = endpoint({
  method: 'get',
  path: '/positions/:id/marks',
  summary: 'The marks of a private position, newest first',
  tag: 'Positions',
  auth: 'user',
  params: idParams,
  query: z.object({
    limit: pageLimit(MARKS_PAGE_MAX, 100),
    cursor: date.optional().describe('next_cursor of the page before'),
  }),
  responses: {
    200: {
      description: 'One page; next_cursor is null at the end. Before the first mark the position is worth its entry price',
      schema: z.object({ position_id: id, marks: z.array(mark), next_cursor: date.nullable() }),
    },
  },
  errors: ['ERR_POSITION_404', 'ERR_REQ_001'],
});

export const setMark = endpoint({
  method: 'post',
  path: '/positions/:id/marks',
  summary: 'Says what a unit of a private position is worth from a day on, until the next mark; replaces a mark of the same day',
  tag: 'Positions',
  auth: 'user',
  idempotent: true,
  params: idParams,
  body: z.object({
    mark_date: date.describe('not before the entry, nor in the future'),
    price: decimalField({ decimals: 6, below: 1e7, belowWords: '10 million' }).nonnegative(),
  }),
  responses: {
    200: {
      description: 'The mark',
      schema: mark.extend({
        position_id: id,
        replaced: z.boolean().describe('a mark of the same day was there'),
        ...followingFigures,
      }),
    },
  },
  errors: ['ERR_POSITION_404', 'ERR_MARK_002', 'ERR_OWNER_001', 'ERR_REQ_001'],
});

export const deleteMark = endpoint({
  method: 'delete',
  path: '/positions/:id/marks/:date',
  summary: 'Takes a mark back: the mark before it holds on',
  tag: 'Positions',
  auth: 'user',
  params: idParams.extend({ date }),
  responses: {
    200: {
      description: 'It is gone',
      schema: z.object({ position_id: id, mark_date: date, deleted: z.literal(true), ...followingFigures }),
    },
  },
  errors: ['ERR_POSITION_404', 'ERR_MARK_001', 'ERR_OWNER_001', 'ERR_REQ_001'],
});
