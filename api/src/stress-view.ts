// Stress results as they are shown, with what each position adds. Pure.
import {
  STRESSED_POSITIONS_MAX,
  type FactorLine,
  type StressSource,
  type StressTestAnswer,
} from '@closebell/shared/contracts/analytics-stress';
import type { ValuedLot } from '@closebell/prisma/valued-lots';
import type { OptionImpacts } from '@closebell/shared/risk/risk-figures';
import type { ScenarioImpact, StressLines } from '@closebell/shared/risk/packed-stress';
import { symbolMove } from '@closebell/shared/stress/lot-impacts';
import type { ScenarioMoves } from '@closebell/shared/stress/scenario-moves';
import { STRESS_SCENARIOS, type StressScenario } from '@closebell/shared/stress/scenarios';
import { riskLot } from '@closebell/shared/risk/risk-lots';
import { betasOf, type FactorStanding } from './analysed-risk.js';
import type { ScenarioResult, StressResults } from './stress-results.js';

/** By category, then by name: the order of every list of scenarios. */
export const SCENARIOS_SHOWN: readonly StressScenario[] = STRESS_SCENARIOS.toSorted((a, b) =>
  a.category === b.category ? compare(a.name, b.name) : compare(a.category, b.category),
);

type ScenarioView = StressTestAnswer['data']['scenarios'][number];

/** `requested`: the ids asked for. */
export function viewStressTest(
  standing: FactorStanding,
  requested: readonly string[],
  source: StressSource,
  { results, unavailable, optionImpacts }: StressResults,
): StressTestAnswer {
  const { row, model } = standing;
  const lots = standing.lots.map((lot) => stressedLot(standing, lot, optionImpacts));
  return {
    available: true,
    portfolio_id: row.portfolioId,
    data: {
      scenarios: results.map((result) => viewScenario(standing, lots, result)),
      unavailable_scenarios: [...unavailable],
      portfolio_value: row.equity,
      calculation_date: row.sessionDate,
    },
    metadata: {
      source,
      scenarios_requested: [...requested],
      without_result: unavailable.map(({ id }) => id),
      coverage: row.coverage,
      covariance_observations: model.observations,
      covariance_shrunk: model.isShrunk,
      method: source === 'table' ? 'factor_shocks_propagated' : 'measured_factor_returns',
    },
  };
}

function viewScenario(
  { row, model }: FactorStanding,
  lots: readonly StressedLot[],
  { moves, impact, place }: ScenarioResult,
): ScenarioView {
  const { id, name, description, category, severity, window } = moves.scenario;
  return {
    id,
    name,
    description,
    category,
    severity,
    source: moves.source,
    window: window ?? null,
    impact_type: 'correlated',
    impact: { ...viewImpact(row.equity, model.factors, impact), ...viewPositions(lots, moves, place) },
    factor_moves: Object.fromEntries(model.factors.map((factor, k) => [factor, (moves.correlated ?? moves.direct)[k] as number])),
    plausibility: { standard_deviations: moves.plausibility, is_implausible: moves.isImplausible },
    absent_factors: [...moves.absent],
  };
}

/** Of any equity and any sum of results in the same factors. */
export function viewImpact(equity: number, factors: readonly string[], { direct, correlated }: ScenarioImpact) {
  const total = correlated?.total ?? null;
  return {
    dollar_impact: total,
    direct_dollar_impact: direct.total,
    correlation_effect: total === null ? null : total - direct.total,
    percentage_impact: total === null || !(equity > 0) ? null : (100 * total) / equity,
    new_portfolio_value: total === null ? null : equity + total,
    by_factor: viewLines(factors, direct, correlated),
  };
}

function viewLines(factors: readonly string[], direct: StressLines, correlated: StressLines | null): FactorLine[] {
  const line = (factor: string, of: (lines: StressLines) => number): FactorLine => ({
    factor,
    dollar_impact: correlated && of(correlated),
    direct_dollar_impact: of(direct),
  });
  return [
    ...factors.map((factor, k) => line(factor, ({ byFactor }) => byFactor[k] as number)),
    line('option_rest', ({ optionRest }) => optionRest),
    line('price_floor', ({ priceFloor }) => priceFloor),
  ];
}

type PositionImpacts = Pick<ScenarioView['impact'], 'by_position' | 'other_positions'>;

function viewPositions(lots: readonly StressedLot[], moves: ScenarioMoves, place: number): PositionImpacts {
  const impacts = lots.map((lot) => {
    const { direct, correlated } = lotImpact(lot, moves, place);
    return { position_id: lot.positionId, symbol: lot.symbol, dollar_impact: correlated, direct_dollar_impact: direct };
  });
  const others = impacts.slice(STRESSED_POSITIONS_MAX);
  return {
    by_position: impacts.slice(0, STRESSED_POSITIONS_MAX),
    other_positions:
      others.length === 0
        ? null
        : {
            positions: others.length,
            dollar_impact: moves.correlated && others.reduce((sum, { dollar_impact: dollars }) => sum + (dollars ?? 0), 0),
            direct_dollar_impact: others.reduce((sum, { direct_dollar_impact: dollars }) => sum + (dollars ?? 0), 0),
          },
  };
}

/** A lot with what its impact is worked out from: the stored revaluation of an option, or betas; neither where it is not covered. */
type StressedLot = Readonly<{
  positionId: string;
  symbol: string;
  marketValue: number;
  option: OptionImpacts | null;
  betas: Float64Array | null;
}>;

function stressedLot(standing: FactorStanding, lot: ValuedLot, optionImpacts: StressResults['optionImpacts']): StressedLot {
  const { positionId, symbol, marketValue } = lot;
  const moved = riskLot(lot);
  const betas = moved.kind === 'option' ? null : betasOf(standing, moved);
  return { positionId, symbol, marketValue, option: optionImpacts[positionId] ?? null, betas };
}

type LotImpact = Readonly<{ direct: number | null; correlated: number | null }>;

/** Of a share its value × β′f, no price falling below zero. */
function lotImpact({ marketValue, option, betas }: StressedLot, moves: ScenarioMoves, place: number): LotImpact {
  if (option !== null) return { direct: option.direct[place] ?? null, correlated: option.correlated[place] ?? null };
  if (betas === null) return { direct: null, correlated: null };
  const own = { values: betas, factorCount: betas.length };
  const impact = (factorMoves: Float64Array): number => marketValue * Math.max(-1, symbolMove(own, 0, factorMoves));
  return { direct: impact(moves.direct), correlated: moves.correlated && impact(moves.correlated) };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
