// Every endpoint below /api/v1. The OpenAPI document is made of this list; a test fails when a route is mounted that it lacks, or the reverse.
import {
  cancelJob,
  cleanUpIncomplete,
  getRun,
  listBatchHistory,
  listFailures,
  listJobs,
  listRuns,
  retryFailures,
  retryJob,
  runBatch,
} from './admin.js';
import { getOverview } from './analytics.js';
import { logIn, logOut, me, refresh, register } from './auth.js';
import { calculatePortfolio, cancelRun, getBatchStatus, getReadiness, inPlural } from './calculation.js';
import { openApiDocument } from './documents.js';
import type { Endpoint } from './endpoint.js';
import { live, prerequisites, ready } from './health.js';
import { createPortfolioFromCsv, getCsvTemplate, getImport, getImportErrors, previewImport } from './onboarding.js';
import { getHistory, getPortfolio, listPortfolios } from './portfolios.js';

const ACCOUNTS = [register, logIn, refresh, logOut, me] as const;
const ONBOARDING = [getCsvTemplate, createPortfolioFromCsv, previewImport, getImport, getImportErrors] as const;
const CALCULATION = [calculatePortfolio, getBatchStatus, cancelRun, getReadiness] as const;
const PORTFOLIOS = [listPortfolios, getPortfolio, getHistory] as const;
const ANALYTICS = [getOverview] as const;
const ADMIN_BATCH = [runBatch, listRuns, getRun, listBatchHistory, cleanUpIncomplete] as const;
const ADMIN_JOBS = [listJobs, listFailures, retryFailures, retryJob, cancelJob] as const;
const SYSTEM = [live, ready, prerequisites, openApiDocument] as const;

export const ENDPOINTS: readonly Endpoint[] = [
  ...ACCOUNTS,
  ...ONBOARDING,
  ...CALCULATION,
  ...CALCULATION.map(inPlural),
  ...PORTFOLIOS,
  ...ANALYTICS,
  ...ADMIN_BATCH,
  ...ADMIN_JOBS,
  ...SYSTEM,
];
