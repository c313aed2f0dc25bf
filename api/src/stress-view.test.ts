import type { ValuedLot } from '@closebell/prisma/valued-lots';
import type { ScenarioImpact, StressLines } from '@closebell/shared/risk/packed-stress';
import { TLT_SENSITIVITY } from '@closebell/shared/stress/factor-shocks';
import { STRESS_SCENARIOS } from '@closebell/shared/stress/scenarios';
import { expect, it } from 'vitest';
import type { FactorStanding } from './analysed-risk.js';
import { storedResults } from './stress-results.js';
import { viewStressTest } from './stress-view.js';

const lot = (place: number): ValuedLot => ({
  portfolioId: 'p',
  positionId: `lot ${place}`,
  symbol: 'AAA',
  investmentClass: 'PUBLIC',
  investmentSubtype: null,
  underlyingSymbol: null,
  entryDate: '2025-01-02',
  quantity: 1,
  marketValue: 1_000 - place,
  deltaAdjustedValue: 1_000 - place,
  priceSource: 'close',
  priceDate: '2025-03-12',
  sector: null,
  strikePrice: null,
  expirationDate: null,
  optionType: null,
});

/** One factor, a beta for all lots, and a scenario that moves it by −10 %. */
function standing(lots: readonly ValuedLot[], beta: number): FactorStanding {
  const model = {
    sessionDate: '2025-03-12',
    factors: ['MKT'],
    proxies: {},
    covariance: Float64Array.of(1e-4),
    observations: 252,
    isShrunk: false,
  };
  const row = { portfolioId: 'p', sessionDate: '2025-03-12', equity: 1e6, coverage: 1, optionImpacts: {} };
  const statistics = new Map([['AAA', { betas: Float64Array.of(beta) }]]);
  return { row, model, lots, statistics, exposures: Float64Array.of(10) } as unknown as FactorStanding;
}

const total = (dollars: number): ScenarioImpact => {
  const lines: StressLines = { total: dollars, byFactor: Float64Array.of(dollars), optionRest: 0, priceFloor: 0 };
  return { scenarioId: 'market_down_10', direct: lines, correlated: lines };
};
const DOWN_10 = STRESS_SCENARIOS.filter(({ id }) => id === 'market_down_10');
const viewed = (lots: readonly ValuedLot[], beta: number) => {
  const whole = standing(lots, beta);
  const results = storedResults(whole, [total(-1)], DOWN_10, TLT_SENSITIVITY);
  return viewStressTest(whole, ['market_down_10'], 'table', results).data.scenarios[0]!.impact;
};

it('tells of the 200 largest positions and of the sum of the others: nothing is lost', () => {
  const lots = Array.from({ length: 203 }, (_, place) => lot(place));
  const { by_position: shown, other_positions: others } = viewed(lots, 1);
  expect(shown).toHaveLength(200);
  expect(others).toEqual({
    positions: 3,
    dollar_impact: expect.closeTo(-239.7, 9),
    direct_dollar_impact: expect.closeTo(-239.7, 9),
  });
  expect(viewed(lots.slice(0, 200), 1).other_positions).toBeNull();
});

it('a position never loses more than it is worth', () => {
  expect(viewed([lot(0)], 12).by_position).toMatchObject([{ dollar_impact: -1_000, direct_dollar_impact: -1_000 }]);
});
