// Every endpoint below /api/v1. The OpenAPI document is made of this list; a test fails when a route is mounted that it lacks, or the reverse.
import { cleanUpIncomplete, getRun, listBatchHistory, listRuns, runBatch } from './admin.js';
import { listAudit } from './admin-audit.js';
import { getDataQuality } from './admin-data-quality.js';
import { triggerPhase } from './admin-triggers.js';
import { acceptQuarantined } from './admin-quarantine.js';
import { cancelJob, getJob, listFailures, listJobs, retryFailures, retryJob } from './admin-jobs.js';
import { getOverview } from './analytics.js';
import {
  getAggregateBeta,
  getAggregateFactorExposures,
  getAggregateOverview,
  getAggregateStressTest,
  getAggregateVolatility,
} from './analytics-aggregate.js';
import { getAttribution } from './analytics-attribution.js';
import { getCorrelationMatrix, getDiversificationScore } from './analytics-correlation.js';
import { getFactorDefinitions, getFactorExposures, getPositionFactorExposures } from './analytics-factors.js';
import { calculateGreeksOfRequest, getGreeks } from './analytics-greeks.js';
import { getConcentration, getRiskMetrics, getSectorExposure, getValueAtRisk, getVolatility } from './analytics-risk.js';
import { getStressScenarios, getStressTest } from './analytics-stress.js';
import { logIn, logOut, me, refresh, register } from './auth.js';
import { calculatePortfolio, cancelRun, followRun, getBatchStatus, getReadiness, inPlural } from './calculation.js';
import { getCompanyProfiles } from './company-profiles.js';
import { openApiDocument } from './documents.js';
import type { Endpoint } from './endpoint.js';
import { live, prerequisites, ready } from './health.js';
import { createPortfolioFromCsv, getCsvTemplate, getImport, getImportErrors, previewImport } from './onboarding.js';
import { getHistory } from './portfolio-history.js';
import { getPortfolio, listPortfolios } from './portfolios.js';
import { getQuotes } from './quotes.js';
import { getPortfolioDataQuality } from './portfolio-data-quality.js';
import { getSnapshot } from './snapshots.js';

const ACCOUNTS = [register, logIn, refresh, logOut, me] as const;
const ONBOARDING = [getCsvTemplate, createPortfolioFromCsv, previewImport, getImport, getImportErrors] as const;
const CALCULATION = [calculatePortfolio, getBatchStatus, followRun, cancelRun, getReadiness] as const;
const PORTFOLIOS = [listPortfolios, getPortfolio] as const;
const HISTORY = [getHistory, getSnapshot] as const;
const RAW_DATA = [getPortfolioDataQuality, inPlural(getPortfolioDataQuality)] as const;
const ANALYTICS = [
  getOverview,
  getCorrelationMatrix,
  getDiversificationScore,
  getFactorExposures,
  getPositionFactorExposures,
  getRiskMetrics,
  getStressTest,
  getVolatility,
  getGreeks,
  getConcentration,
  getSectorExposure,
  getValueAtRisk,
  getAttribution,
] as const;
const AGGREGATES = [
  getAggregateOverview,
  getAggregateBeta,
  getAggregateVolatility,
  getAggregateFactorExposures,
  getAggregateStressTest,
] as const;
const RISK_TABLES = [getFactorDefinitions, getStressScenarios, calculateGreeksOfRequest] as const;
const SECURITIES = [getCompanyProfiles] as const;
const ADMIN_BATCH = [runBatch, listRuns, getRun, listBatchHistory, cleanUpIncomplete, triggerPhase] as const;
const ADMIN_JOBS = [listJobs, listFailures, getJob, retryFailures, retryJob, cancelJob] as const;
const ADMIN_AUDIT = [listAudit] as const;
const ADMIN_DATA = [getDataQuality, acceptQuarantined] as const;
const SYSTEM = [live, ready, prerequisites, openApiDocument] as const;

export const ENDPOINTS: readonly Endpoint[] = [
  ...ACCOUNTS,
  ...ONBOARDING,
  ...CALCULATION,
  ...CALCULATION.map(inPlural),
  ...PORTFOLIOS,
  ...HISTORY,
  ...HISTORY.map(inPlural),
  getQuotes,
  ...RAW_DATA,
  ...ANALYTICS,
  ...ANALYTICS.map(inPlural),
  ...AGGREGATES,
  ...RISK_TABLES,
  ...SECURITIES,
  ...ADMIN_BATCH,
  ...ADMIN_JOBS,
  ...ADMIN_AUDIT,
  ...ADMIN_DATA,
  ...SYSTEM,
];
