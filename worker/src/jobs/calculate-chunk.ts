import { calculatePortfolios } from '../batch/calculate-portfolios.js';
import type { Handler } from '../context.js';

/** Some portfolios of a batch, read and written in bulk. What another job computes meanwhile is counted, not repeated. */
export const calculateChunk: Handler<'calculate-chunk'> = async (context, { job, payload, hold, signal, phase }) => {
  const { runId: batchRunId, portfolioIds, sessionDate } = payload;
  const isLastTry = job.attempts_made >= job.attempts_max;
  const request = { portfolioIds, targetSession: sessionDate, hold, signal, phase, batchRunId, isLastTry };
  const report = await calculatePortfolios(context, request);
  const skipped = { up_to_date: report.upToDate.length, duplicate_run: report.claimedElsewhere.length };
  // What changed while it was computed has right figures of the ledger that was read; the batch computes it once more before it ends.
  const succeeded = report.succeeded.length + report.changedMeanwhile.length;
  const seen = succeeded + report.partial.length + report.failed.length + skipped.up_to_date + skipped.duplicate_run;
  return {
    outcome: 'done',
    status: report.failed.length + report.partial.length > 0 ? 'partial' : 'completed',
    result: {
      processed: portfolioIds.length,
      succeeded,
      partial: report.partial.length,
      failed: report.failed.length,
      skipped: { ...skipped, deleted: portfolioIds.length - seen },
      sessions: report.sessions,
      failures: report.failed.map(({ portfolioId, message }) => ({ portfolio_id: portfolioId, message })),
      partials: report.partial.map(({ portfolioId, failedParts }) => ({ portfolio_id: portfolioId, failed_parts: failedParts })),
    },
  };
};
