// The risk figures of a portfolio's session as an export has them: stored figures under the names of the API's answers. Pure.
import { viewOverview } from '../ledger/overview.js';
import type { ExcludedSymbol } from '../risk/joint-window.js';
import { MISSING_WORDS } from '../risk/missing-words.js';
import { shownFactors } from '../risk/shown-factors.js';
import type { MissingReason, RiskPart } from '../risk/risk-figures.js';
import { STRESS_SCENARIOS } from '../stress/scenarios.js';
import type { PortfolioFigures } from './portfolio-figures.js';

/** A part without figures says why. */
export type Unavailable = Readonly<{ available: false; reason: 'no_calculation_available' | 'no_results'; message: string }>;
type Part<T> = (Readonly<{ available: true }> & Readonly<T>) | Unavailable;

export type ExportedAnalytics = ReturnType<typeof exportedAnalytics>;

export function exportedAnalytics(figures: PortfolioFigures) {
  return {
    overview: overviewOf(figures),
    risk_metrics: riskMetricsOf(figures),
    value_at_risk: valueAtRiskOf(figures),
    volatility: volatilityOf(figures),
    concentration: concentrationOf(figures),
    factor_exposures: factorExposuresOf(figures),
    stress_test: stressTestOf(figures),
  };
}

function overviewOf({ portfolio, snapshot, pnl }: PortfolioFigures) {
  return snapshot === null || pnl === null ? NOTHING_CALCULATED : viewOverview(portfolio, snapshot, pnl);
}

function riskMetricsOf(figures: PortfolioFigures) {
  return ofPart(figures, 'metrics', ({ metrics, exposures, equity }) => {
    if (metrics === null) return missing('insufficient_history');
    if (metrics.annualized_volatility === null)
      return missing(metrics.reasons['annualized_volatility'] ?? 'insufficient_history');
    const { lookback, reasons: _reasons, ...shown } = metrics;
    const market = exposures?.[figures.model?.factors.indexOf('MKT') ?? -1];
    const bottomUp = market === undefined || !(equity > 0) ? null : market / equity;
    return { available: true as const, lookback_days: lookback, ...shown, bottom_up_beta: bottomUp };
  });
}

function valueAtRiskOf(figures: PortfolioFigures) {
  return ofPart(figures, 'value_at_risk', ({ valueAtRisk }) => {
    if (valueAtRisk === null) return missing('no_holdings');
    const { dollars, lookback, reason, excluded, ...shown } = valueAtRisk;
    if (dollars === null) return missing(reason ?? 'nothing_covered');
    return { available: true as const, lookback_days: lookback, ...shown, excluded: listed(excluded), dollars };
  });
}

function volatilityOf(figures: PortfolioFigures) {
  return ofPart(figures, 'volatility', ({ volatility }) => {
    if (volatility === null) return missing('no_holdings');
    const { lookback, volatility: value, reason, excluded, ...shown } = volatility;
    if (value === null) return missing(reason ?? 'nothing_covered');
    return {
      available: true as const,
      lookback_days: lookback,
      annualized_volatility: value,
      ...shown,
      excluded: listed(excluded),
    };
  });
}

function concentrationOf(figures: PortfolioFigures) {
  return ofPart(figures, 'concentration', ({ concentration }) =>
    concentration === null ? missing('no_holdings') : { available: true as const, ...concentration },
  );
}

function factorExposuresOf(figures: PortfolioFigures) {
  const { model } = figures;
  return ofPart(figures, 'exposures', ({ exposures, equity, coverage }) => {
    if (model === null || exposures === null) return missing(model?.factors.length === 0 ? 'no_market' : 'nothing_covered');
    const factors = shownFactors(model).map(({ definition, proxy, of }) => {
      const dollars = of(exposures);
      return {
        name: definition.name,
        proxy,
        beta: dollars === null || !(equity > 0) ? null : dollars / equity,
        exposure_dollar: dollars,
      };
    });
    return { available: true as const, coverage, factors };
  });
}

const SCENARIOS = new Map(STRESS_SCENARIOS.map((scenario) => [scenario.id, scenario]));

function stressTestOf(figures: PortfolioFigures) {
  return ofPart(figures, 'stress', ({ stress, equity, coverage }) => {
    if (stress === null) return missing('nothing_covered');
    const scenarios = stress.flatMap(({ scenarioId, direct, correlated }) => {
      const scenario = SCENARIOS.get(scenarioId);
      if (scenario === undefined) return [];
      const { id, name, category, severity } = scenario;
      const total = correlated?.total ?? null;
      return {
        id,
        name,
        category,
        severity,
        dollar_impact: total,
        direct_dollar_impact: direct.total,
        percentage_impact: total === null || !(equity > 0) ? null : (100 * total) / equity,
        new_portfolio_value: total === null ? null : equity + total,
      };
    });
    const order = ({ category, name }: (typeof scenarios)[number]): string => `${category} ${name}`;
    return {
      available: true as const,
      portfolio_value: equity,
      coverage,
      scenarios: scenarios.sort((a, b) => (order(a) < order(b) ? -1 : 1)),
    };
  });
}

/** Without a list: figures stored by a version that kept none. */
function listed(excluded: readonly ExcludedSymbol[] = []): readonly ExcludedSymbol[] {
  return excluded;
}

type Risk = NonNullable<PortfolioFigures['risk']>;

function ofPart<T>({ snapshot, risk }: PortfolioFigures, part: RiskPart, view: (risk: Risk) => Part<T>): Part<T> {
  if (snapshot === null) return NOTHING_CALCULATED;
  if (risk === null) return unavailable(`The risk figures of ${snapshot.snapshot_date} are not calculated.`);
  if (risk.failedParts[part] !== undefined)
    return unavailable(`This part of the calculation of ${snapshot.snapshot_date} failed. The next calculation tries it again.`);
  return view(risk);
}

const NOTHING_CALCULATED = unavailable('Nothing has been calculated for this portfolio yet.');

function unavailable(message: string): Unavailable {
  return { available: false, reason: 'no_calculation_available', message };
}

function missing(reason: MissingReason): Unavailable {
  return { available: false, reason: 'no_results', message: MISSING_WORDS[reason] };
}
