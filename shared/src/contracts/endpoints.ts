// Every endpoint below /api/v1. The OpenAPI document is made of this list; a test fails when a route is mounted that it lacks, or the reverse.
import { cleanUpIncomplete, getRun, listBatchHistory, listRuns, runBatch } from './admin.js';
import { listAudit } from './admin-audit.js';
import { getDataQuality } from './admin-data-quality.js';
import { takeDailySnapshots, takePortfolioSnapshots } from './admin-snapshots.js';
import { triggerPhase } from './admin-triggers.js';
import { changeUser, listUsers } from './admin-users.js';
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
import { calculatePortfolio, cancelRun, followRun, getBatchStatus, getReadiness } from './calculation.js';
import { getCompanyProfiles } from './company-profiles.js';
import { openApiDocument } from './documents.js';
import { inPlural, type Endpoint } from './endpoint.js';
import {
  addEquityChange,
  deleteEquityChange,
  editEquityChange,
  getEquityChange,
  listEquityChanges,
  summariseEquityChanges,
} from './equity-changes.js';
import { exportPortfolio, exportReport, exportTrades } from './exports.js';
import { live, prerequisites, ready } from './health.js';
import { impersonate, stopImpersonation } from './impersonation.js';
import { changeInviteCode, createInviteCode, listInviteCodes, revokeInviteCode } from './invite-codes.js';
import { deleteMark, listMarks, setMark } from './manual-marks.js';
import { createPortfolioFromCsv, getCsvTemplate, getImport, getImportErrors, previewImport } from './onboarding.js';
import { getHistory } from './portfolio-history.js';
import { changePortfolio, createPortfolio, deletePortfolio, getPortfolio, listPortfolios } from './portfolios.js';
import { changePosition, createPositions, deletePosition, getPosition, listPositions } from './positions.js';
import { getPerformance } from './performance.js';
import { backfillSnapshots } from './backfill.js';
import { getQuotes } from './quotes.js';
import { getPortfolioDataQuality } from './portfolio-data-quality.js';
import { getCompletePortfolio, listDataPortfolios } from './data-portfolios.js';
import { getPositionDetails } from './data-positions.js';
import { getFactorPrices, getPortfolioPrices } from './price-history.js';
import { getSnapshot } from './snapshots.js';
import { listTrades, makeTrade } from './trades.js';
import { cancelSystemJob, getSystemJob, getSystemJobResult } from './system-jobs.js';
import {
  addPositionTags,
  createTag,
  deleteTag,
  getTag,
  listPositionTags,
  listTagPositions,
  listTags,
  removePositionTag,
  replacePositionTags,
  updateTag,
} from './tags.js';
import {
  createTargetPrice,
  deleteTargetPrice,
  exportTargetPrices,
  getTargetPrice,
  importTargetPrices,
  listTargetPrices,
  updateTargetPrice,
} from './target-prices.js';
import { addToWatchlist, getWatchlist, removeFromWatchlist } from './watchlist.js';

const ACCOUNTS = [register, logIn, refresh, logOut, me] as const;
const ONBOARDING = [getCsvTemplate, createPortfolioFromCsv, previewImport, getImport, getImportErrors] as const;
const CALCULATION = [calculatePortfolio, getBatchStatus, followRun, cancelRun, getReadiness] as const;
const PORTFOLIOS = [listPortfolios, createPortfolio, getPortfolio, changePortfolio, deletePortfolio] as const;
const PORTFOLIO_PARTS = [listPositions, createPositions, getPerformance, backfillSnapshots] as const;
const POSITIONS = [getPosition, changePosition, deletePosition] as const;
const HISTORY = [getHistory, getSnapshot] as const;
const TRADES = [makeTrade, listTrades] as const;
const EQUITY_CHANGES = [
  summariseEquityChanges,
  listEquityChanges,
  addEquityChange,
  getEquityChange,
  editEquityChange,
  deleteEquityChange,
] as const;
const MARKS = [listMarks, setMark, deleteMark] as const;
const RAW_DATA = [
  getPortfolioDataQuality,
  inPlural(getPortfolioDataQuality),
  listDataPortfolios,
  getCompletePortfolio,
  inPlural(getCompletePortfolio),
  getPositionDetails,
  getPortfolioPrices,
  getFactorPrices,
] as const;
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
const EXPORTS = [exportPortfolio, inPlural(exportPortfolio), exportTrades, exportReport] as const;
const SYSTEM_JOBS = [getSystemJob, getSystemJobResult, cancelSystemJob] as const;
const ADMIN_BATCH = [runBatch, listRuns, getRun, listBatchHistory, cleanUpIncomplete, triggerPhase] as const;
const ADMIN_JOBS = [listJobs, listFailures, getJob, retryFailures, retryJob, cancelJob] as const;
const ADMIN_AUDIT = [listAudit] as const;
const ADMIN_SNAPSHOTS = [takeDailySnapshots, takePortfolioSnapshots] as const;
const ADMIN_ACCOUNTS = [
  listUsers,
  changeUser,
  impersonate,
  stopImpersonation,
  listInviteCodes,
  createInviteCode,
  changeInviteCode,
  revokeInviteCode,
] as const;
const ADMIN_DATA = [getDataQuality, acceptQuarantined] as const;
const SYSTEM = [live, ready, prerequisites, openApiDocument] as const;
const WATCHLIST = [getWatchlist, addToWatchlist, removeFromWatchlist] as const;
const TAGS = [listTags, createTag, getTag, updateTag, deleteTag, listTagPositions] as const;
const TARGET_PRICES = [listTargetPrices, createTargetPrice, importTargetPrices, exportTargetPrices] as const;
const ONE_TARGET_PRICE = [getTargetPrice, updateTargetPrice, deleteTargetPrice] as const;
const POSITION_TAGS = [listPositionTags, addPositionTags, replacePositionTags, removePositionTag] as const;

export const ENDPOINTS: readonly Endpoint[] = [
  ...ACCOUNTS,
  ...ONBOARDING,
  ...CALCULATION,
  ...CALCULATION.map(inPlural),
  ...PORTFOLIOS,
  ...PORTFOLIO_PARTS,
  ...PORTFOLIO_PARTS.map(inPlural),
  ...POSITIONS,
  ...HISTORY,
  ...HISTORY.map(inPlural),
  ...TRADES,
  ...TRADES.map(inPlural),
  ...EQUITY_CHANGES,
  ...EQUITY_CHANGES.map(inPlural),
  ...MARKS,
  getQuotes,
  ...WATCHLIST,
  ...TAGS,
  ...POSITION_TAGS,
  ...TARGET_PRICES,
  ...TARGET_PRICES.map(inPlural),
  ...ONE_TARGET_PRICE,
  ...RAW_DATA,
  ...ANALYTICS,
  ...ANALYTICS.map(inPlural),
  ...AGGREGATES,
  ...RISK_TABLES,
  ...SECURITIES,
  ...EXPORTS,
  ...SYSTEM_JOBS,
  ...ADMIN_BATCH,
  ...ADMIN_JOBS,
  ...ADMIN_AUDIT,
  ...ADMIN_SNAPSHOTS,
  ...ADMIN_ACCOUNTS,
  ...ADMIN_DATA,
  ...SYSTEM,
];
