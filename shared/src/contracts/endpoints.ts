// Every endpoint below /api/v1. The OpenAPI document is made of this list; a test fails when a route is mounted that it lacks, or the reverse.
import { cleanUpIncomplete, getRun, listBatchHistory, listRuns, runBatch } from './admin.js';
import { listAudit } from './admin-audit.js';
import { getDataQuality } from './admin-data-quality.js';
import { cancelJob, getJob, listFailures, listJobs, retryFailures, retryJob } from './admin-jobs.js';
import { getOverview } from './analytics.js';
import { logIn, logOut, me, refresh, register } from './auth.js';
import { calculatePortfolio, cancelRun, followRun, getBatchStatus, getReadiness, inPlural } from './calculation.js';
import { openApiDocument } from './documents.js';
import type { Endpoint } from './endpoint.js';
import { live, prerequisites, ready } from './health.js';
import { createPortfolioFromCsv, getCsvTemplate, getImport, getImportErrors, previewImport } from './onboarding.js';
import { getHistory, getPortfolio, listPortfolios } from './portfolios.js';
import { getSnapshot } from './snapshots.js';

const ACCOUNTS = [register, logIn, refresh, logOut, me] as const;
const ONBOARDING = [getCsvTemplate, createPortfolioFromCsv, previewImport, getImport, getImportErrors] as const;
const CALCULATION = [calculatePortfolio, getBatchStatus, followRun, cancelRun, getReadiness] as const;
const PORTFOLIOS = [listPortfolios, getPortfolio, getHistory, getSnapshot, inPlural(getSnapshot)] as const;
const ANALYTICS = [getOverview] as const;
const ADMIN_BATCH = [runBatch, listRuns, getRun, listBatchHistory, cleanUpIncomplete] as const;
const ADMIN_JOBS = [listJobs, listFailures, getJob, retryFailures, retryJob, cancelJob] as const;
const ADMIN_AUDIT = [listAudit] as const;
const ADMIN_DATA = [getDataQuality] as const;
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
  ...ADMIN_AUDIT,
  ...ADMIN_DATA,
  ...SYSTEM,
];
