// Every kind and its handler; the compiler demands a line for each kind of shared/src/jobs.ts.
import type { JobKind } from '@closebell/shared/jobs';
import type { Handler } from '../context.js';
import { buildExport } from './build-export.js';
import { buildReport } from './build-report.js';
import { calculateChunk } from './calculate-chunk.js';
import { calculatePortfolio } from './calculate-portfolio.js';
import { cleanupIncomplete } from './cleanup-incomplete.js';
import { importPositions } from './import-positions.js';
import { ping } from './ping.js';
import { preparePortfolio } from './prepare-portfolio.js';
import { pruneJobs } from './prune-jobs.js';
import { refreshPrices } from './refresh-prices.js';
import { refreshProfiles } from './refresh-profiles.js';
import { recordValues } from './record-values.js';
import { refreshQuotes } from './refresh-quotes.js';
import { runBatch } from './run-batch.js';
import { sweepSnapshots } from './sweep-snapshots.js';

export const HANDLERS: { readonly [K in JobKind]: Handler<K> } = {
  'import-positions': importPositions,
  'prepare-portfolio': preparePortfolio,
  'calculate-portfolio': calculatePortfolio,
  'run-batch': runBatch,
  'calculate-chunk': calculateChunk,
  'refresh-prices': refreshPrices,
  'refresh-profiles': refreshProfiles,
  'refresh-quotes': refreshQuotes,
  'record-values': recordValues,
  'build-export': buildExport,
  'build-report': buildReport,
  'sweep-snapshots': sweepSnapshots,
  'prune-jobs': pruneJobs,
  'cleanup-incomplete': cleanupIncomplete,
  ping,
};
