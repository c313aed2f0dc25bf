// Where the P&L of some sessions came from.
import { z } from 'zod';
import { analyticsRead } from './analytics.js';
import { date, fraction, id, money } from './fields.js';

const OF_START = 'as a fraction of the equity before the first session; null when that is not above 0';

const line = z.object({ pnl: money, contribution: fraction.nullable().describe(OF_START) });

const attribution = z.object({
  available: z.literal(true),
  portfolio_id: id,
  from_date: date.describe('the first session counted'),
  to_date: date.describe('the last one'),
  sessions: z.int(),
  total: line.extend({ equity_before: money.describe('at the close before the first session') }),
  by_position: z
    .array(line.extend({ position_id: id, symbol: z.string(), sector: z.string().nullable() }))
    .describe('every lot held in one of the sessions, the largest gain first; they sum to the total, to the last digit'),
  by_sector: z
    .array(
      line.extend({ sector: z.string().nullable().describe('null: not known, or a holding without one'), positions: z.int() }),
    )
    .describe('the same sum, the largest gain first'),
  by_tag: z
    .array(line.extend({ tag_id: id.nullable(), name: z.string().nullable(), color: z.string().nullable(), positions: z.int() }))
    .describe(
      'by your tags, the largest gain first; a lot with several tags counts in each, so that they need not sum to the total. ' +
        'null: the lots without a tag',
    ),
  metadata: z.object({
    method: z.literal('ledger_and_closes').describe('trades at their prices, all else at the close, dividends included'),
  }),
});

export const getAttribution = analyticsRead('attribution', {
  summary: 'P&L by position, by sector and by tag',
  query: z
    .object({
      from: date.optional().describe('first day; the month of `to` from its start unless told'),
      to: date.optional().describe('last day; the newest calculated session unless told'),
    })
    .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
      path: ['from'],
      error: 'must not be after to',
    }),
  answer: attribution,
});

export type Attribution = z.output<typeof attribution>;
