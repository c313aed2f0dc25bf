// An export as one JSON document: the figures of the API's own answers.
import { exportedAnalytics } from './analytics.js';
import type { ExportPart } from './export-request.js';
import type { ExportedPosition, PortfolioFigures } from './portfolio-figures.js';

/** Parts that were not asked for are absent. `exportedAt`: an instant. */
export function exportDocument(figures: PortfolioFigures, parts: readonly ExportPart[], exportedAt: string) {
  const { portfolio, snapshot, positions, history } = figures;
  const { id, name, dirty_from: dirtyFrom, ...stated } = portfolio;
  return {
    portfolio_id: id,
    portfolio_name: name,
    ...stated,
    snapshot_date: snapshot?.snapshot_date ?? null,
    figures_current: dirtyFrom === null,
    exported_at: exportedAt,
    ...(parts.includes('positions') ? { positions: positions.map(positionJson) } : {}),
    ...(parts.includes('history') ? { history } : {}),
    ...(parts.includes('analytics') ? { analytics: exportedAnalytics(figures) } : {}),
  };
}

function positionJson({ quantity, entry_price, exit_price, strike_price, ...rest }: ExportedPosition) {
  return {
    ...rest,
    quantity: Number(quantity),
    entry_price: Number(entry_price),
    exit_price: exit_price === null ? null : Number(exit_price),
    strike_price: strike_price === null ? null : Number(strike_price),
  };
}
