// Factor exposures as they are shown, of a portfolio and of its positions. Pure.
import type { ValuedLot } from '@closebell/prisma/valued-lots';
import { SESSIONS_PER_YEAR } from '@closebell/shared/calc/statistics';
import type { FactorExposuresAnswer, PositionFactorExposures } from '@closebell/shared/contracts/analytics-factors';
import type { SymbolStatistics } from '@closebell/shared/risk/symbol-statistics';
import { riskLot } from '@closebell/shared/risk/risk-lots';
import { absenceOf } from './absent-factors.js';
import { betasOf, type FactorStanding } from './analysed-risk.js';
import { heldSymbols } from './held-symbols.js';
import { MISSING_WORDS } from '@closebell/shared/risk/missing-words';
import { byFactorName, shownFactors, type ShownFactor } from '@closebell/shared/risk/shown-factors';

export function viewFactorExposures(standing: FactorStanding): FactorExposuresAnswer {
  const { row, model } = standing;
  const weighed = weighSymbols(standing);
  return {
    available: true,
    portfolio_id: row.portfolioId,
    calculation_date: row.sessionDate,
    factors: shownFactors(model).map((factor) => viewFactor(factor, standing, weighed)),
    metadata: {
      ...viewModel(standing),
      r_squared: explainedVariance(standing, weighed),
      observations: weighed.length === 0 ? null : Math.min(...weighed.map(({ observations }) => observations)),
      equity: row.equity,
    },
  };
}

type WeighedSymbol = Readonly<{ weight: number; observations: number; standardErrors: Float64Array; residualVolatility: number }>;

/** Symbols with betas, by their dollars as a share of equity; none when equity is not above 0. */
function weighSymbols({ row, lots, statistics }: FactorStanding): readonly WeighedSymbol[] {
  if (!(row.equity > 0)) return [];
  return heldSymbols(lots.map((lot) => riskLot(lot))).flatMap(({ symbol, dollars }) => {
    const { betas, standardErrors, residualVolatility, observations } = statistics.get(symbol) ?? {};
    if (!betas || !standardErrors || residualVolatility == null || observations === undefined) return [];
    return [{ weight: dollars / row.equity, observations, standardErrors, residualVolatility }];
  });
}

function viewFactor(
  { definition, proxy, of }: ShownFactor,
  { row, exposures, model }: FactorStanding,
  weighed: readonly WeighedSymbol[],
): FactorExposuresAnswer['factors'][number] {
  const dollars = of(exposures);
  const beta = dollars === null || !(row.equity > 0) ? null : dollars / row.equity;
  const variance = weighed.reduce((sum, { weight, standardErrors }) => sum + (weight * (of(standardErrors) ?? 0)) ** 2, 0);
  const error = beta === null || variance === 0 ? null : Math.sqrt(variance);
  return {
    name: definition.name,
    model_factor: definition.modelFactor,
    proxy,
    beta,
    exposure_dollar: dollars,
    standard_error: error,
    t_stat: beta === null || error === null ? null : beta / error,
    message: factorMessage(
      dollars,
      beta,
      error,
      () => `${definition.name} is absent: ${absenceOf(model, [definition.modelFactor])}`,
    ),
  };
}

function factorMessage(dollars: number | null, beta: number | null, error: number | null, absence: () => string): string | null {
  if (dollars === null) return absence();
  if (beta === null) return MISSING_WORDS.no_equity;
  return error === null ? 'Cash alone is held: its beta is 0 for certain.' : null;
}

/** b′Sb by b′Sb + Σ w²σ², all of a year. */
function explainedVariance({ row, exposures, model }: FactorStanding, weighed: readonly WeighedSymbol[]): number | null {
  const { covariance, factors } = model;
  if (covariance === null || weighed.length === 0) return null;
  let systematic = 0;
  for (let i = 0; i < factors.length; i++) {
    for (let j = 0; j < factors.length; j++) {
      systematic += (exposures[i] as number) * (covariance[i * factors.length + j] as number) * (exposures[j] as number);
    }
  }
  systematic *= SESSIONS_PER_YEAR / row.equity ** 2;
  const own = weighed.reduce((sum, { weight, residualVolatility }) => sum + (weight * residualVolatility) ** 2, 0);
  return systematic + own > 0 ? systematic / (systematic + own) : null;
}

export type PositionPage = Readonly<{ lots: readonly ValuedLot[]; total: number; limit: number; offset: number }>;

export function viewPositionFactorExposures(standing: FactorStanding, { lots, ...page }: PositionPage): PositionFactorExposures {
  const { row, model } = standing;
  const shown = shownFactors(model);
  return {
    available: true,
    portfolio_id: row.portfolioId,
    calculation_date: row.sessionDate,
    ...page,
    positions: lots.map((lot) => viewPosition(shown, standing, lot)),
    metadata: viewModel(standing),
  };
}

type PositionView = PositionFactorExposures['positions'][number];

function viewPosition(shown: readonly ShownFactor[], standing: FactorStanding, lot: ValuedLot): PositionView {
  const moved = riskLot(lot);
  const own = moved.riskSymbol === null ? null : (standing.statistics.get(moved.riskSymbol) ?? null);
  const betas = betasOf(standing, moved);
  return {
    position_id: lot.positionId,
    symbol: lot.symbol,
    priced_by: moved.riskSymbol,
    delta_adjusted_value: lot.deltaAdjustedValue,
    exposures: betas && byFactorName(shown, betas),
    exposure_dollars:
      betas &&
      byFactorName(
        shown,
        betas.map((beta) => moved.deltaValue * beta),
      ),
    r_squared: own?.rSquared ?? null,
    observations: own?.observations ?? null,
    extreme: own?.isExtreme ?? false,
    sensitivity_alone: own?.univariate ?? null,
    message: betas === null ? uncoveredMessage(lot, own) : null,
  };
}

function uncoveredMessage(lot: ValuedLot, statistics: SymbolStatistics | null): string {
  if (lot.investmentClass === 'PRIVATE') return 'A private holding has no market prices, so nothing is known of how it moves.';
  return MISSING_WORDS[statistics?.reasons.regression ?? 'no_returns'];
}

function viewModel({ row, model }: FactorStanding) {
  return {
    factor_model: [...model.factors],
    calculation_method: 'multivariate_regression_qr' as const,
    coverage: row.coverage,
  };
}
