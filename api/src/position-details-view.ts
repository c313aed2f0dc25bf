// Lots as programs read them, and what they add up to. Pure.
import type { PositionDetail } from '@closebell/prisma/position-details';
import type { DetailedPosition, PositionFlag, ShownPosition } from '@closebell/shared/contracts/data-positions';
import { addMoney, lotValueE4, parseScaled } from '@closebell/shared/calc/exact-value';
import { lotSize } from '@closebell/shared/ledger/lots';
import { positionType } from '@closebell/shared/position-type';

/** A lot with the value it has in `position.value`, or without any. */
export function viewPosition(position: PositionDetail): ShownPosition {
  const { value } = position;
  const size = lotSize(position);
  const entered = Number(position.quantity);
  const costBasis = lotValueE4(size, Number(parseScaled(position.entryPrice, 6))) / 1e4;
  return {
    id: position.positionId,
    portfolio_id: position.portfolioId,
    symbol: position.symbol,
    name: position.name,
    sector: position.sector,
    position_type: positionType(position),
    investment_class: position.investmentClass,
    investment_subtype: position.investmentSubtype,
    underlying_symbol: position.underlyingSymbol,
    strike_price: position.strikePrice === null ? null : Number(position.strikePrice),
    expiration_date: position.expirationDate,
    option_type: position.optionType,
    quantity: value?.quantity ?? entered,
    quantity_entered: entered,
    multiplier: size.multiplier,
    entry_date: position.entryDate,
    entry_price: Number(position.entryPrice),
    cost_basis: costBasis,
    session_date: value?.sessionDate ?? null,
    current_price: value?.price ?? null,
    price_source: value?.priceSource ?? null,
    price_date: value?.priceDate ?? null,
    age_sessions: value?.ageSessions ?? null,
    market_value: value?.marketValue ?? null,
    delta_adjusted_value: value?.deltaAdjustedValue ?? null,
    unrealized_pnl: value?.unrealisedPnl ?? null,
    unrealized_pnl_percent:
      value === null || value.costBasis === 0 ? null : (value.unrealisedPnl / Math.abs(value.costBasis)) * 100,
    weight: value?.weightGross ?? null,
    flags: flagsOf(position),
    tags: [...position.tags],
  };
}

const FLAGS_OF_SOURCE: Readonly<Record<NonNullable<ShownPosition['price_source']>, readonly PositionFlag[]>> = {
  close: [],
  stale: ['stale'],
  no_price: ['no_price'],
  model: ['model'],
  model_stale: ['stale', 'model'],
  manual: ['manual'],
  par: [],
};

function flagsOf({ value, dirtyFrom }: PositionDetail): PositionFlag[] {
  const isCurrent = dirtyFrom === null || (value !== null && dirtyFrom > value.sessionDate);
  const ofValue = value === null ? (['not_valued'] as const) : FLAGS_OF_SOURCE[value.priceSource];
  return [...ofValue, ...(isCurrent ? [] : (['not_current'] as const))];
}

export type LotState = DetailedPosition['state'];

/** `realisedE4`: in units of 1e-4; null of an open lot. A lot that is open no more has no value. */
export function viewDetailed(position: PositionDetail, state: LotState, realisedE4: number | null): DetailedPosition {
  const isOpen = state === 'open';
  const shown = viewPosition(isOpen ? position : { ...position, value: null });
  // As in position-view.ts: not by spreading.
  return Object.assign(shown, {
    flags: isOpen ? shown.flags : shown.flags.filter((flag) => flag !== 'not_valued'),
    state,
    exit_date: position.exitDate,
    exit_price: position.exitPrice === null ? null : Number(position.exitPrice),
    realized_pnl: realisedE4 === null ? null : realisedE4 / 1e4,
  });
}

export function summarise(positions: readonly DetailedPosition[]) {
  const open = positions.filter(({ state }) => state === 'open');
  const valued = open.filter(({ market_value: value }) => value !== null);
  const values = valued.map(({ market_value: value }) => value ?? 0);
  const long = addMoney(values.filter((value) => value > 0));
  const short = addMoney(values.filter((value) => value < 0));
  return {
    total_positions: positions.length,
    open_count: open.length,
    closed_count: positions.length - open.length,
    valued_count: valued.length,
    long_value: long,
    short_value: short,
    gross_value: addMoney([long, -short]),
    net_value: addMoney([long, short]),
    cost_basis: addMoney(valued.map(({ cost_basis: cost }) => cost)),
    unrealized_pnl: addMoney(valued.map(({ unrealized_pnl: pnl }) => pnl ?? 0)),
    realized_pnl: addMoney(positions.map(({ realized_pnl: pnl }) => pnl ?? 0)),
    flagged: countFlags(positions),
  };
}

function countFlags(positions: readonly DetailedPosition[]): Partial<Record<PositionFlag, number>> {
  const counts: Partial<Record<PositionFlag, number>> = {};
  for (const flag of positions.flatMap(({ flags }) => flags)) counts[flag] = (counts[flag] ?? 0) + 1;
  return counts;
}
