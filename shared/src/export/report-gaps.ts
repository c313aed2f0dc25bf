// What a report's figures do not cover, a sentence each.
import type { ExportedAnalytics, Unavailable } from './analytics.js';
import type { ExportedPosition, PortfolioFigures } from './portfolio-figures.js';
import { percent } from './report-numbers.js';

const SYMBOLS_NAMED_MAX = 20;

export function missingLines(figures: PortfolioFigures, analytics: ExportedAnalytics): readonly string[] {
  return [...staleness(figures), ...valuation(figures), ...leftOut(analytics), ...unavailableParts(analytics)];
}

function staleness({ portfolio, snapshot }: PortfolioFigures): readonly string[] {
  return portfolio.dirty_from === null || snapshot === null
    ? []
    : [`Something has changed from ${portfolio.dirty_from} on, and waits for a calculation: these figures are from before it.`];
}

function valuation({ snapshot, pnl, positions }: PortfolioFigures): readonly string[] {
  if (snapshot === null) return [];
  const open = positions.filter(({ exit_date: exit }) => exit === null);
  const coverage = snapshot.coverage === null || snapshot.coverage === 1 ? [] : [coverageLine(snapshot.coverage)];
  return [
    ...coverage,
    ...symbolLine(open, 'no_price', 'never had a price, and count at what they cost'),
    ...symbolLine(open, 'stale', 'have no price of the session, and stand at an earlier one'),
    ...symbolLine(open, 'model_stale', 'are options whose underlying has no price of the session, and stand at an earlier one'),
    ...(pnl?.has_simulated_prices === true ? ['Some prices are simulated: the figures are made up with them.'] : []),
  ];
}

function coverageLine(coverage: number): string {
  return `${percent(coverage)} of gross value has a price of the session.`;
}

function symbolLine(positions: readonly ExportedPosition[], source: string, words: string): readonly string[] {
  const symbols = positions.filter((lot) => lot.price_source === source).map(({ symbol }) => symbol);
  return symbols.length === 0 ? [] : [`${named(symbols)} ${words}.`];
}

function named(all: readonly string[]): string {
  const symbols = [...new Set(all)];
  const more = symbols.length > SYMBOLS_NAMED_MAX ? ` and ${symbols.length - SYMBOLS_NAMED_MAX} more` : '';
  return `${symbols.slice(0, SYMBOLS_NAMED_MAX).join(', ')}${more}`;
}

function leftOut({ value_at_risk: losses }: ExportedAnalytics): readonly string[] {
  if (!losses.available || losses.excluded.length === 0) return [];
  const symbols = losses.excluded.map(({ symbol }) => symbol);
  return [`${named(symbols)} cannot be part of the value at risk: too few of their returns are known.`];
}

const PART_NAMES: Readonly<Record<keyof ExportedAnalytics, string>> = {
  overview: 'Overview',
  risk_metrics: 'Realised risk',
  value_at_risk: 'Value at risk',
  volatility: 'Volatility',
  concentration: 'Concentration',
  factor_exposures: 'Factor exposures',
  stress_test: 'Stress scenarios',
};

function unavailableParts(analytics: ExportedAnalytics): readonly string[] {
  const parts = Object.entries(analytics) as readonly (readonly [keyof ExportedAnalytics, Unavailable | { available: true }])[];
  return parts.flatMap(([name, part]) => (part.available ? [] : [`${PART_NAMES[name]}: ${part.message}`]));
}
