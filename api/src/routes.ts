// Every resource of the API. The endpoints themselves are listed in shared/src/contracts/endpoints.ts; a test holds both lists together.
import type { Router } from 'express';
import type { ApiContext } from './context.js';
import { adminRoutes } from './routes/admin.js';
import { adminAuditRoutes } from './routes/admin-audit.js';
import { adminDataQualityRoutes } from './routes/admin-data-quality.js';
import { adminQuarantineRoutes } from './routes/admin-quarantine.js';
import { adminRetryRoutes } from './routes/admin-retries.js';
import { adminJobRoutes } from './routes/admin-jobs.js';
import { adminTriggerRoutes } from './routes/admin-triggers.js';
import { analyticsRoutes } from './routes/analytics.js';
import { authRoutes } from './routes/auth.js';
import { calculationRoutes } from './routes/calculation.js';
import { companyProfileRoutes } from './routes/company-profiles.js';
import { documentRoutes } from './routes/documents.js';
import { healthRoutes } from './routes/health.js';
import { importRoutes } from './routes/imports.js';
import { onboardingRoutes } from './routes/onboarding.js';
import { portfolioDataQualityRoutes } from './routes/portfolio-data-quality.js';
import { portfolioHistoryRoutes } from './routes/portfolio-history.js';
import { portfolioRoutes } from './routes/portfolios.js';
import { quoteRoutes } from './routes/quotes.js';

export function mountApi(router: Router, context: ApiContext): void {
  authRoutes(router, context);
  onboardingRoutes(router, context);
  importRoutes(router, context);
  calculationRoutes(router, context);
  portfolioRoutes(router, context);
  portfolioHistoryRoutes(router, context);
  quoteRoutes(router, context);
  portfolioDataQualityRoutes(router, context);
  analyticsRoutes(router, context);
  companyProfileRoutes(router, context);
  adminRoutes(router, context);
  adminJobRoutes(router, context);
  adminRetryRoutes(router, context);
  adminAuditRoutes(router, context);
  adminTriggerRoutes(router, context);
  adminDataQualityRoutes(router, context);
  adminQuarantineRoutes(router, context);
  healthRoutes(router, context);
  documentRoutes(router, context);
}
