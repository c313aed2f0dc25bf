import type { JobRow } from '@closebell/prisma/jobs';
import { readGeneration } from '@closebell/prisma/portfolios';
import { calculatePortfolios, type CalculationReport } from '../batch/calculate-portfolios.js';
import type { Handler, JobRun, Outcome, WorkerContext } from '../context.js';

const CLAIMED_ELSEWHERE_DELAY_MS = 500;

/** A user's run: the prices as a child job first, then the figures. It waits while another job computes the portfolio. */
export const calculatePortfolio: Handler<'calculate-portfolio'> = async (context, run) => {
  const { portfolioId, sessionDate, onboarding } = run.payload;
  const prepare = {
    outcome: 'await',
    children: [{ kind: 'prepare-portfolio', payload: { portfolioId, sessionDate, onboarding } }],
  } as const satisfies Outcome;
  const prepared = run.children.findLast(({ kind }) => kind === 'prepare-portfolio');
  if (!prepared || isOutdated(prepared, await readGeneration(context.db.pool, portfolioId))) return prepare;
  const report = await calculate(context, run);
  // Changed between that look and the calculation's own: the figures may lack prices, and those that come make them void.
  if (isOutdated(prepared, report.generations.get(portfolioId) ?? null)) return prepare;
  return outcomeOf(report, portfolioId, sessionDate);
};

/** A change since the prices were prepared may have brought a symbol, or an earlier entry, that needs more of them. */
function isOutdated({ result }: JobRow, generation: number | null): boolean {
  const preparedGeneration = result?.['generation'] ?? null;
  return preparedGeneration !== null && generation !== null && preparedGeneration !== generation;
}

function calculate(
  context: WorkerContext,
  { job, payload, hold, signal, phase, progress }: JobRun<'calculate-portfolio'>,
): Promise<CalculationReport> {
  return calculatePortfolios(context, {
    portfolioIds: [payload.portfolioId],
    targetSession: payload.sessionDate,
    hold,
    signal,
    batchRunId: null,
    isLastTry: job.attempts_made >= job.attempts_max,
    phase: (part, work) => {
      progress({ phase: part.number, phase_name: part.name, done: 0, total: 1, unit: 'portfolios' });
      return phase(part, work);
    },
  });
}

function outcomeOf(report: CalculationReport, portfolioId: string, sessionDate: string): Outcome {
  if (report.claimedElsewhere.length > 0) {
    return { outcome: 'snooze', delayMs: CLAIMED_ELSEWHERE_DELAY_MS, reason: 'another job computes this portfolio' };
  }
  if (report.changedMeanwhile.length > 0)
    return { outcome: 'snooze', delayMs: 0, reason: 'the portfolio changed while it was computed' };
  const [failure] = report.failed;
  if (failure)
    return { outcome: 'stop', code: 'ERR_JOB_003', message: `The portfolio could not be computed: ${failure.message}` };
  const result = {
    portfolio_id: portfolioId,
    calculation_date: sessionDate,
    sessions_computed: report.sessions,
    lots_valued: report.lots,
  };
  const [partial] = report.partial;
  if (partial) return { outcome: 'done', status: 'partial', result: { ...result, failed_parts: partial.failedParts } };
  if (report.upToDate.length > 0)
    return { outcome: 'done', result: { ...result, note: 'every figure was there and still holds' } };
  if (report.succeeded.length > 0) return { outcome: 'done', result };
  return { outcome: 'stop', code: 'ERR_JOB_003', message: 'There is no such portfolio any more.' };
}
