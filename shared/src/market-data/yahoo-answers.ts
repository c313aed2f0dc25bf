// The outer shape of what Yahoo answers: where the client of yahoo-finance2 expects objects. It prints whatever else it finds there, so an
// answer is held against these before the client sees it. The fields inside are for the client's schema and for those who read them.
import { z } from 'zod';

const fields = z.looseObject({});
const recordOf = <T extends z.ZodType>(entry: T) => z.record(z.string(), entry);

const chart = z.looseObject({
  meta: z.looseObject({
    currentTradingPeriod: recordOf(fields).optional(),
    // Of charts by minutes: dropped, as nobody reads it.
    tradingPeriods: z
      .unknown()
      .optional()
      .transform(() => undefined),
  }),
  events: recordOf(recordOf(fields)).optional(),
  indicators: recordOf(z.array(fields)),
});

const summary = recordOf(fields).and(
  z.looseObject({ assetProfile: z.looseObject({ companyOfficers: z.array(fields).optional() }).optional() }),
);

/** By the beginning of the request's path. */
export const YAHOO_ANSWERS = {
  '/v8/finance/chart/': z.object({ chart: z.looseObject({ result: z.tuple([chart]) }) }),
  '/v7/finance/quote': z.object({ quoteResponse: z.looseObject({ result: z.array(fields) }) }),
  '/v10/finance/quoteSummary/': z.object({ quoteSummary: z.looseObject({ result: z.tuple([summary]) }) }),
  // News are not asked for, and dropped where they come all the same.
  '/v1/finance/search': z.looseObject({
    quotes: z.array(fields),
    news: z
      .unknown()
      .optional()
      .transform(() => []),
  }),
} as const;
