// Sums over portfolios as they are shown. Pure.
import type { PortfolioRiskRow } from '@closebell/prisma/portfolio-risk';
import type { Overview } from '@closebell/shared/contracts/analytics';
import type { FactorModelOfSession } from '@closebell/shared/risk/factor-model-of-session';
import type { ScenarioImpact, StressLines } from '@closebell/shared/risk/packed-stress';
import { sumMoney } from './aggregated-portfolios.js';
import { shownFactors } from '@closebell/shared/risk/shown-factors';
import { SCENARIOS_SHOWN, viewImpact } from './stress-view.js';

/** Dollars of each portfolio in each model factor. */
export type ExposedPortfolio = Readonly<{ row: PortfolioRiskRow; part: Float64Array }>;

export function viewAggregateOverview(overviews: readonly Overview[]) {
  const sum = (of: (overview: Overview) => number): number => sumMoney(overviews.map(of));
  const value = sum((overview) => overview.net_asset_value);
  const ofEquity = (dollars: number): number | null => (value > 0 ? dollars / value : null);
  const long = sum(({ exposures }) => exposures.long_exposure);
  const short = sum(({ exposures }) => exposures.short_exposure);
  const unrealised = overviews.map(({ pnl }) => pnl.unrealized_pnl);
  return {
    net_asset_value: value,
    cash_balance: sum((overview) => overview.cash_balance),
    leverage: ofEquity(sumMoney([long, -short])),
    exposures: {
      long_exposure: long,
      short_exposure: short,
      gross_exposure: sumMoney([long, -short]),
      net_exposure: sumMoney([long, short]),
      long_percentage: ofEquity(long),
      short_percentage: ofEquity(short),
      gross_percentage: ofEquity(sumMoney([long, -short])),
      net_percentage: ofEquity(sumMoney([long, short])),
    },
    pnl: {
      daily_pnl: sum(({ pnl }) => pnl.daily_pnl),
      mtd_pnl: sum(({ pnl }) => pnl.mtd_pnl),
      ytd_pnl: sum(({ pnl }) => pnl.ytd_pnl),
      realized_pnl: sum(({ pnl }) => pnl.realized_pnl),
      unrealized_pnl: unrealised.includes(null) ? null : sumMoney(unrealised.map((pnl) => pnl ?? 0)),
    },
    position_count: overviews.reduce((count, overview) => count + overview.position_count.total_positions, 0),
  };
}

/** `factor`: place of the market among the model's columns. */
export function viewAggregateBeta(exposed: readonly ExposedPortfolio[], factor: number) {
  const portfolios = exposed.map(({ row, part }) => {
    const dollars = part[factor] as number;
    return {
      portfolio_id: row.portfolioId,
      equity: row.equity,
      exposure_dollar: dollars,
      beta: share(dollars, row.equity),
      coverage: row.coverage,
    };
  });
  const dollars = portfolios.reduce((sum, portfolio) => sum + portfolio.exposure_dollar, 0);
  return { beta: share(dollars, equityOf(exposed)), exposure_dollar: dollars, portfolios };
}

export function viewAggregateFactors(exposed: readonly ExposedPortfolio[], model: FactorModelOfSession) {
  const sums = Float64Array.from(model.factors, (_, k) => exposed.reduce((sum, { part }) => sum + (part[k] as number), 0));
  return {
    factors: shownFactors(model).map(({ definition, proxy, of }) => {
      const dollars = of(sums);
      return {
        name: definition.name,
        model_factor: definition.modelFactor,
        proxy,
        beta: dollars === null ? null : share(dollars, equityOf(exposed)),
        exposure_dollar: dollars,
      };
    }),
  };
}

export type StressedPortfolio = Readonly<{ row: PortfolioRiskRow; part: readonly ScenarioImpact[] }>;

/** Scenarios that every portfolio has a result of. */
export function viewAggregateStress(
  stressed: readonly StressedPortfolio[],
  factors: readonly string[],
  requested: readonly string[] | undefined,
) {
  const shown = SCENARIOS_SHOWN.filter(({ id }) => requested === undefined || requested.includes(id));
  return {
    scenarios: shown.flatMap(({ id, name, category, severity }) => {
      const results = stressed.flatMap(({ row, part }) => {
        const result = part.find(({ scenarioId }) => scenarioId === id);
        return result === undefined ? [] : [{ row, result }];
      });
      if (results.length < stressed.length) return [];
      const together = addImpacts(
        id,
        results.map(({ result }) => result),
      );
      return [
        {
          id,
          name,
          category,
          severity,
          impact: viewImpact(equityOf(stressed), factors, together),
          portfolios: results.map(({ row, result }) => ({
            portfolio_id: row.portfolioId,
            dollar_impact: result.correlated?.total ?? null,
            direct_dollar_impact: result.direct.total,
          })),
        },
      ];
    }),
  };
}

function addImpacts(scenarioId: string, impacts: readonly ScenarioImpact[]): ScenarioImpact {
  const correlated = impacts.flatMap((impact) => impact.correlated ?? []);
  return {
    scenarioId,
    direct: addLines(impacts.map(({ direct }) => direct)),
    correlated: correlated.length < impacts.length ? null : addLines(correlated),
  };
}

function addLines(lines: readonly StressLines[]): StressLines {
  const sum = (of: (one: StressLines) => number): number => lines.reduce((total, one) => total + of(one), 0);
  return {
    total: sum(({ total }) => total),
    byFactor: Float64Array.from(lines[0]?.byFactor ?? [], (_, k) => sum(({ byFactor }) => byFactor[k] as number)),
    optionRest: sum(({ optionRest }) => optionRest),
    priceFloor: sum(({ priceFloor }) => priceFloor),
  };
}

function equityOf(portfolios: readonly Readonly<{ row: PortfolioRiskRow }>[]): number {
  return sumMoney(portfolios.map(({ row }) => row.equity));
}

function share(dollars: number, equity: number): number | null {
  return equity > 0 ? dollars / equity : null;
}
