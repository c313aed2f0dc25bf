import { calculatePortfolios } from '../batch/calculate-portfolios.js';
import type { Handler } from '../context.js';

/** Some portfolios of a batch, read and written in bulk. What another job computes meanwhile is counted, not repeated. */
export const calculateChunk: Handler<'calculate-chunk'> = async (context, { payload, hold, signal }) => {
  const { portfolioIds, sessionDate } = payload;
  const report = await calculatePortfolios(context, { portfolioIds, targetSession: sessionDate, hold, signal });
  const skipped = { up_to_date: report.upToDate.length, duplicate_run: report.claimedElsewhere.length };
  // What changed while it was computed has right figures of the ledger that was read; the batch computes it once more before it ends.
  const succeeded = report.succeeded.length + report.changedMeanwhile.length;
  const seen = succeeded + report.failed.length + skipped.up_to_date + skipped.duplicate_run;
  return {
    outcome: 'done',
    status: report.failed.length > 0 ? 'partial' : 'completed',
    result: {
      processed: portfolioIds.length,
      succeeded,
      // The phases done so far have no part that can fail alone.
      partial: 0,
      failed: report.failed.length,
      skipped: { ...skipped, deleted: portfolioIds.length - seen },
      sessions: report.sessions,
      failures: report.failed.map(({ portfolioId, message }) => ({ portfolio_id: portfolioId, message })),
    },
  };
};
