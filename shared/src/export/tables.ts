// The parts of an export as tables.
import { POSITION_COLUMNS, type ColumnField } from '../csv/columns.js';
import type { ExportPart } from './export-request.js';
import type { ColumnKind, ExportCell, ExportColumn, ExportTable } from './export-table.js';
import { exportedAnalytics } from './analytics.js';
import type { ExportedPosition, ExportedSession, PortfolioFigures } from './portfolio-figures.js';

export function exportTable(part: ExportPart, figures: PortfolioFigures): ExportTable {
  switch (part) {
    case 'positions':
      return positionTable(figures.positions);
    case 'history':
      return historyTable(figures.history);
    case 'analytics':
      return analyticsTable(exportedAnalytics(figures));
  }
}

/** By the template's columns: a file that begins with them imports again. */
const AS_ENTERED: Readonly<Record<ColumnField, readonly [keyof ExportedPosition, ColumnKind]>> = {
  symbol: ['symbol', 'text'],
  quantity: ['quantity', 'number'],
  entry_price_per_share: ['entry_price', 'number'],
  entry_date: ['entry_date', 'date'],
  investment_class: ['investment_class', 'text'],
  investment_subtype: ['investment_subtype', 'text'],
  underlying_symbol: ['underlying_symbol', 'text'],
  strike_price: ['strike_price', 'number'],
  expiration_date: ['expiration_date', 'date'],
  option_type: ['option_type', 'text'],
  exit_date: ['exit_date', 'date'],
  exit_price_per_share: ['exit_price', 'number'],
};

/** Beside them, under the names of the API: an import leaves them alone. */
const FIGURES: readonly (readonly [keyof ExportedPosition, ColumnKind])[] = [
  ['id', 'text'],
  ['current_quantity', 'number'],
  ['price', 'number'],
  ['price_source', 'text'],
  ['price_date', 'date'],
  ['age_sessions', 'number'],
  ['market_value', 'number'],
  ['cost_basis', 'number'],
  ['unrealized_pnl', 'number'],
  ['delta_adjusted_value', 'number'],
  ['weight', 'number'],
];

function positionTable(positions: readonly ExportedPosition[]): ExportTable {
  const columns = [
    ...POSITION_COLUMNS.map(({ name, field }) => [name, ...AS_ENTERED[field]] as const),
    ...FIGURES.map(([field, kind]) => [field === 'id' ? 'position_id' : field, field, kind] as const),
  ];
  return {
    title: 'Positions',
    columns: columns.map(([name, , kind]) => ({ name, kind })),
    rows: positions.map((position) => columns.map(([, field]) => position[field])),
  };
}

const HISTORY: readonly (readonly [keyof ExportedSession, ColumnKind])[] = [
  ['snapshot_date', 'date'],
  ['equity', 'number'],
  ['total_value', 'number'],
  ['cash', 'number'],
  ['long', 'number'],
  ['short', 'number'],
  ['gross', 'number'],
  ['net', 'number'],
  ['daily_pnl', 'number'],
  ['daily_return', 'number'],
  ['capital_flow', 'number'],
  ['status', 'text'],
  ['coverage', 'number'],
];

function historyTable(sessions: readonly ExportedSession[]): ExportTable {
  return {
    title: 'History',
    columns: HISTORY.map(([name, kind]) => ({ name, kind })),
    rows: sessions.map((session) => HISTORY.map(([field]) => session[field])),
  };
}

const ANALYTICS: readonly ExportColumn[] = [
  { name: 'section', kind: 'text' },
  { name: 'figure', kind: 'text' },
  { name: 'value', kind: 'figure' },
];

function analyticsTable(analytics: Readonly<Record<string, unknown>>): ExportTable {
  const rows = Object.entries(analytics).flatMap(([section, figures]) =>
    flatten(figures, '').map(([figure, value]): readonly ExportCell[] => [section, figure, value]),
  );
  return { title: 'Analytics', columns: ANALYTICS, rows };
}

/** Every figure with the way to it; the items of a list go by what names them. */
function flatten(value: unknown, path: string): readonly (readonly [string, ExportCell])[] {
  if (value === null || typeof value === 'number' || typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object') return [[path, JSON.stringify(value)]];
  const entries = Array.isArray(value) ? value.map((item, i) => [nameOf(item, i), item] as const) : Object.entries(value);
  return entries.flatMap(([key, item]) => flatten(item, path === '' ? key : `${path}.${key}`));
}

function nameOf(item: unknown, place: number): string {
  const named = item as Readonly<Record<string, unknown>> | null;
  const name = named?.['id'] ?? named?.['name'] ?? named?.['sector'];
  return typeof name === 'string' ? name : String(place + 1);
}
