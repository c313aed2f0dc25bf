import {
  getStressScenarios,
  getStressTest,
  type StressSource,
  type StressTestAnswer,
} from '@closebell/shared/contracts/analytics-stress';
import type { Router } from 'express';
import { answerAnalysed, type NoFigures } from '../analysed-portfolio.js';
import { noExposures, readFactorStanding, type FactorStanding } from '../analysed-risk.js';
import type { ApiContext } from '../context.js';
import { route, routeBoth } from '../route.js';
import { measuredResults, storedResults } from '../stress-results.js';
import { SCENARIOS_SHOWN, viewStressTest } from '../stress-view.js';

export function stressRoutes(router: Router, context: ApiContext): void {
  routeBoth(router, context, getStressTest, ({ params, principal, query }) =>
    answerAnalysed(context, params.id, principal.userId, async (analysed) => {
      const standing = await readFactorStanding(context, analysed, 'stress');
      if ('reason' in standing) return standing;
      return readStress(context, standing, query);
    }),
  );

  route(router, context, getStressScenarios, async () => ({
    status: 200,
    body: {
      scenarios: SCENARIOS_SHOWN.map(
        ({ id, name, description, category, severity, shocks, yieldChange, volatilityFactor, window }) => ({
          id,
          name,
          description,
          category,
          severity,
          shocks,
          yield_change: yieldChange ?? null,
          volatility_factor: volatilityFactor ?? null,
          window: window ?? null,
        }),
      ),
    },
  }));
}

async function readStress(
  context: ApiContext,
  standing: FactorStanding,
  { scenarios: ids, source }: Readonly<{ scenarios?: readonly string[] | undefined; source: StressSource }>,
): Promise<StressTestAnswer | NoFigures> {
  const { stress } = standing.row;
  if (stress === null) return noExposures(standing.model);
  const all = source === 'table' ? SCENARIOS_SHOWN : SCENARIOS_SHOWN.filter(({ window }) => window !== undefined);
  const asked = ids === undefined ? all : SCENARIOS_SHOWN.filter(({ id }) => ids.includes(id));
  const results =
    source === 'table'
      ? storedResults(standing, stress, asked, context.config.tltSensitivity)
      : await measuredResults(context, standing, asked);
  return viewStressTest(standing, ids ?? all.map(({ id }) => id), source, results);
}
