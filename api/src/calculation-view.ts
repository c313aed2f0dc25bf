// One portfolio's run as its owner polls it. Pure.
import type { Run } from '@closebell/prisma/runs';
import { viewRun } from './run-view.js';

export function viewCalculation(run: Run, portfolioId: string) {
  const { root, children } = run;
  const view = viewRun(run);
  const isLive = view.finished_at === null;
  return {
    ...view,
    portfolio_id: portfolioId,
    preprocessing: viewPreprocessing(children.findLast(({ kind }) => kind === 'prepare-portfolio')?.result ?? null),
    // While it is live the row may carry the error of a try that is being repeated: that is no end, and not the owner's concern.
    error: isLive || root.error === null ? null : { code: root.error.code, message: root.error.message },
    cancel_requested_at: root.cancel_requested_at?.toISOString() ?? null,
  };
}

const PREPROCESSING_FIELDS = [
  'symbols_count',
  'prices_bootstrapped',
  'price_coverage_percentage',
  'ready_for_batch',
  'warnings',
] as const;

function viewPreprocessing(result: Readonly<Record<string, unknown>> | null) {
  return result === null ? null : Object.fromEntries(PREPROCESSING_FIELDS.map((field) => [field, result[field] ?? null]));
}
