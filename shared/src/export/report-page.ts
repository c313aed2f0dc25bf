// A report as one page that needs nothing else: no script, no font, no address. Every text that is not ours goes in escaped.
import { escapeHtml, page, table, type Cell } from '../html.js';
import { exportedAnalytics, type ExportedAnalytics } from './analytics.js';
import type { PortfolioFigures } from './portfolio-figures.js';
import { periodPerformances } from './report-document.js';
import { money, number, percent } from './report-numbers.js';
import { missingLines } from './report-gaps.js';

const POSITIONS_SHOWN_MAX = 20;

/** `madeAt`: an instant. */
export function reportPage(figures: PortfolioFigures, madeAt: string): string {
  const { portfolio, snapshot } = figures;
  const analytics = exportedAnalytics(figures);
  const title = escapeHtml(`${portfolio.name}: portfolio report`);
  const session = snapshot === null ? 'Nothing has been calculated yet.' : `Figures of the session ${snapshot.snapshot_date}.`;
  const intro = `${session} Account ${portfolio.account_name} (${portfolio.account_type}), in ${portfolio.currency}. Made at ${madeAt}.`;
  return page(
    title,
    [
      `<p>${escapeHtml(intro)}</p>`,
      ...overviewSections(analytics.overview),
      performanceSection(figures),
      positionSection(figures),
      ...concentrationSections(analytics),
      ...riskSections(analytics),
      factorSection(analytics.factor_exposures),
      stressSection(analytics.stress_test),
      gapSection(figures, analytics),
    ].join('\n'),
  );
}

function section(title: string, body: string): string {
  return `<section>\n<h2>${title}</h2>\n${body}\n</section>`;
}

function figureTable(title: string, rows: readonly (readonly [string, Cell])[]): string {
  return section(title, table(['Figure', 'Value'], rows));
}

/** A section without figures says why. */
function absent(title: string, { message }: Readonly<{ message: string }>): string {
  return section(title, `<p>${escapeHtml(message)}</p>`);
}

function overviewSections(overview: ExportedAnalytics['overview']): readonly string[] {
  if (!overview.available) return [absent('Overview', overview)];
  const { exposures, pnl, position_count: count } = overview;
  return [
    figureTable('Overview', [
      ['Net asset value', money(overview.net_asset_value)],
      ['Cash', money(overview.cash_balance)],
      ['Leverage', number(overview.leverage)],
      ['Stated equity balance', money(overview.equity_balance)],
      [
        'Positions',
        `${count.total_positions} (long ${count.long_count}, short ${count.short_count}, options ${count.option_count})`,
      ],
      ['Profit and loss of the session', money(pnl.daily_pnl)],
      ['Month to date', money(pnl.mtd_pnl)],
      ['Year to date', money(pnl.ytd_pnl)],
      ['Unrealised', money(pnl.unrealized_pnl)],
      ['Realised', money(pnl.realized_pnl)],
    ]),
    section(
      'Exposures',
      table(
        ['Exposure', 'Value', 'Of equity'],
        [
          ['Long', money(exposures.long_exposure), percent(exposures.long_percentage)],
          ['Short', money(exposures.short_exposure), percent(exposures.short_percentage)],
          ['Gross', money(exposures.gross_exposure), percent(exposures.gross_percentage)],
          ['Net', money(exposures.net_exposure), percent(exposures.net_percentage)],
        ],
      ),
    ),
  ];
}

function performanceSection({ history }: PortfolioFigures): string {
  const rows = periodPerformances(history).map((each) => [
    each.period,
    each.start_date,
    each.end_date,
    percent(each.time_weighted_return),
    money(each.pnl),
    money(each.capital_flow),
  ]);
  return section('Performance', table(['Period', 'From', 'To', 'Time-weighted return', 'Profit and loss', 'Paid in, net'], rows));
}

const NO_VALUES = 'No position has a value: none is held, or the session is not the newest, whose values alone are kept.';

function positionSection({ positions }: PortfolioFigures): string {
  const valued = positions
    .filter(({ market_value: value }) => value !== null)
    .toSorted((a, b) => Math.abs(b.market_value ?? 0) - Math.abs(a.market_value ?? 0));
  const rows = valued
    .slice(0, POSITIONS_SHOWN_MAX)
    .map((lot) => [
      lot.symbol,
      number(lot.current_quantity),
      money(lot.price),
      money(lot.market_value),
      money(lot.unrealized_pnl),
      percent(lot.weight),
      lot.price_source,
    ]);
  const headings = ['Symbol', 'Quantity', 'Price', 'Market value', 'Unrealised', 'Of gross value', 'Priced by'];
  if (valued.length === 0) return section('Top positions', `<p>${NO_VALUES}</p>`);
  return section('Top positions', `<p>The ${rows.length} largest of ${valued.length}.</p>\n${table(headings, rows)}`);
}

function concentrationSections({ concentration }: ExportedAnalytics): readonly string[] {
  if (!concentration.available) return [absent('Concentration', concentration)];
  const { sectors } = concentration;
  return [
    figureTable('Concentration', [
      ['Effective number of positions', number(concentration.effective_positions)],
      ['Herfindahl index', number(concentration.herfindahl_index)],
      ['Three largest', percent(concentration.top3_share)],
      ['Ten largest', percent(concentration.top10_share)],
    ]),
    section(
      'Sectors',
      table(
        ['Sector', 'Of gross value', 'Net'],
        sectors.map(({ sector, weight, net_weight: net }) => [sector ?? 'not known', percent(weight), percent(net)]),
      ),
    ),
  ];
}

function riskSections({ risk_metrics: metrics, value_at_risk: losses, volatility }: ExportedAnalytics): readonly string[] {
  return [
    metrics.available
      ? figureTable('Realised risk', [
          ['Volatility of a year', percent(metrics.annualized_volatility)],
          ['Largest drawdown', percent(metrics.max_drawdown)],
          ['Beta', number(metrics.portfolio_beta)],
          ['Beta by holdings', number(metrics.bottom_up_beta)],
          ['Sharpe ratio', number(metrics.sharpe_ratio)],
          ['Sortino ratio', number(metrics.sortino_ratio)],
          ['Returns used', metrics.observations],
        ])
      : absent('Realised risk', metrics),
    losses.available
      ? figureTable('Value at risk of the holdings, one session', [
          ['Loss at 95 %', money(losses.dollars.value_at_risk_95)],
          ['Mean loss beyond it', money(losses.dollars.expected_shortfall_95)],
          ['Loss at 99 %', money(losses.dollars.value_at_risk_99)],
          ['Coverage', percent(losses.coverage)],
        ])
      : absent('Value at risk of the holdings', losses),
    volatility.available
      ? figureTable('Volatility of the holdings', [
          ['A year', percent(volatility.annualized_volatility)],
          ['Coverage', percent(volatility.coverage)],
        ])
      : absent('Volatility of the holdings', volatility),
  ];
}

function factorSection(exposures: ExportedAnalytics['factor_exposures']): string {
  if (!exposures.available) return absent('Factor exposures', exposures);
  const rows = exposures.factors.map(({ name, beta, exposure_dollar: dollars }) => [name, number(beta), money(dollars)]);
  return section('Factor exposures', table(['Factor', 'Beta', 'Exposure'], rows));
}

function stressSection(stress: ExportedAnalytics['stress_test']): string {
  if (!stress.available) return absent('Stress scenarios', stress);
  const rows = stress.scenarios.map((each) => [
    each.name,
    each.severity,
    money(each.dollar_impact),
    each.percentage_impact === null ? null : percent(each.percentage_impact / 100),
    money(each.direct_dollar_impact),
  ]);
  return section('Stress scenarios', table(['Scenario', 'Severity', 'Impact', 'Of equity', 'Without correlations'], rows));
}

function gapSection(figures: PortfolioFigures, analytics: ExportedAnalytics): string {
  const lines = missingLines(figures, analytics);
  const body =
    lines.length === 0
      ? '<p>Every position has a price of the session, and every figure is there.</p>'
      : `<ul>\n${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('\n')}\n</ul>`;
  return section('Coverage and what is missing', body);
}
