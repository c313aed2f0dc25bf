import { inPlural } from '@closebell/shared/contracts/calculation';
import { getStressScenarios, getStressTest } from '@closebell/shared/contracts/analytics-stress';
import type { Router } from 'express';
import { answerAnalysed } from '../analysed-portfolio.js';
import { noExposures, readFactorStanding } from '../analysed-risk.js';
import type { ApiContext } from '../context.js';
import { route } from '../route.js';
import { SCENARIOS_SHOWN, viewStressTest } from '../stress-view.js';

export function stressRoutes(router: Router, context: ApiContext): void {
  for (const definition of [getStressTest, inPlural(getStressTest)]) {
    route(router, context, definition, ({ params, principal, query }) =>
      answerAnalysed(context, params.id, principal.userId, async (analysed) => {
        const standing = await readFactorStanding(context, analysed, 'stress');
        if ('reason' in standing) return standing;
        const { stress } = standing.row;
        if (stress === null) return noExposures(standing.model);
        return viewStressTest(standing, stress, query.scenarios ?? SCENARIOS_SHOWN.map(({ id }) => id));
      }),
    );
  }

  route(router, context, getStressScenarios, async () => ({
    status: 200,
    body: {
      scenarios: SCENARIOS_SHOWN.map(({ id, name, description, category, severity, shocks, yieldChange, volatilityFactor }) => ({
        id,
        name,
        description,
        category,
        severity,
        shocks,
        yield_change: yieldChange ?? null,
        volatility_factor: volatilityFactor ?? null,
      })),
    },
  }));
}
