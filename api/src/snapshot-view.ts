// Snapshots as the API shows them. Pure.
import type { SnapshotRow, StoredSnapshot } from '@closebell/prisma/snapshots';
import { lotHistory } from '@closebell/shared/calc/lot-history';
import type { SnapshotAnswer, SnapshotLot } from '@closebell/shared/contracts/snapshots';
import { METHOD_VERSION } from '@closebell/shared/infra/input-hash';
import { pricedSymbol } from '@closebell/shared/lot-kind';
import type { SnapshotInputs, StandingLot } from './snapshot-inputs.js';

export function viewSnapshot(row: SnapshotRow) {
  return {
    snapshot_date: row.snapshot_date,
    equity: row.equity,
    total_value: row.equity,
    cash: row.cash,
    long: row.long_value,
    short: row.short_value,
    gross: row.gross_value,
    net: row.net_value,
    daily_pnl: row.daily_pnl,
    daily_return: row.daily_return,
    capital_flow: row.capital_flow,
    status: row.valuation,
    coverage: row.coverage,
  };
}

export function viewSnapshotInputs(portfolioId: string, snapshot: StoredSnapshot, inputs: SnapshotInputs): SnapshotAnswer {
  return {
    available: true,
    portfolio_id: portfolioId,
    snapshot_date: snapshot.snapshot_date,
    figures: {
      ...viewSnapshot(snapshot),
      options: snapshot.options_value,
      private: snapshot.private_value,
      delta_long: snapshot.delta_long,
      delta_short: snapshot.delta_short,
      position_count: snapshot.position_count,
      long_count: snapshot.long_count,
      short_count: snapshot.short_count,
      option_count: snapshot.option_count,
      cumulative_pnl: snapshot.cumulative_pnl,
      realised_pnl: snapshot.realised_pnl,
      oldest_price_date: snapshot.oldest_price_date,
    },
    calculated_at: snapshot.created_at.toISOString(),
    input_hash: snapshot.input_hash.toString('hex'),
    method_version: METHOD_VERSION,
    verified: inputs.verified,
    computed_from: viewInputs(inputs),
  };
}

function viewInputs(inputs: SnapshotInputs): SnapshotAnswer['computed_from'] {
  const { ledger, previous, chainedTo, flows, lots, lotsTotal } = inputs;
  return {
    equity_balance: Number(ledger.equityBalance),
    equity_as_of: ledger.equityAsOf,
    previous:
      previous === null
        ? null
        : { snapshot_date: previous.date, equity: Number(previous.equity), input_hash: previous.inputHash.toString('hex') },
    chained_to: chainedTo,
    flows: flows.map(({ date, amount }) => ({ change_date: date, amount: Number(amount) })),
    lots: lots.map((lot) => viewLot(lot, inputs)),
    lots_total: lotsTotal,
  };
}

function viewLot({ built, standing, bar }: StandingLot, inputs: SnapshotInputs): SnapshotLot {
  const { entry, lot } = built;
  const { sources, index } = inputs;
  const { first, valueE4, pnlE4 } = lotHistory(sources.axis, lot);
  return {
    symbol: entry.symbol,
    investment_class: entry.investmentClass,
    state: standing === null ? 'closed' : 'open',
    entry_date: entry.entryDate,
    entry_price: Number(entry.entryPrice),
    exit_date: entry.exitDate,
    exit_price: entry.exitPrice === null ? null : Number(entry.exitPrice),
    quantity_entered: Number(entry.quantity),
    quantity: standing === null ? null : Number(standing.quantityE8) / 1e8,
    price: standing === null ? null : standing.priceE6 / 1e6,
    price_source: standing?.priceSource ?? null,
    price_date: standing?.priceDate ?? null,
    age_sessions: standing?.ageSessions ?? null,
    market_value: standing === null ? null : valueE4[index - first]! / 1e4,
    daily_pnl: (pnlE4[index - first] ?? 0) / 1e4,
    bar:
      bar === null
        ? null
        : { symbol: bar.symbol, revision: bar.revision, provider: bar.provider, fetched_at: bar.fetchedAt.toISOString() },
    mark: standing === null ? null : viewMark(built.entry.positionId, inputs),
    ...sessionActions(built, inputs),
  };
}

function viewMark(positionId: string, { sources: { axis, marks }, index }: SnapshotInputs): SnapshotLot['mark'] {
  const mark = marks.get(positionId)?.get(axis.sessions[index]!);
  if (mark === undefined) return null;
  return { volatility: mark.volatility, rate: mark.rate, source: mark.source, underlying_close: mark.underlyingCloseE6 / 1e6 };
}

/** A split changes an option's underlying as well; a dividend is paid on shares only. */
function sessionActions(
  { entry, lot }: StandingLot['built'],
  { sources: { axis, prices }, index }: SnapshotInputs,
): Pick<SnapshotLot, 'splits' | 'dividends'> {
  const symbol = pricedSymbol(entry);
  if (symbol === null) return { splits: [], dividends: [] };
  const { splits, dividends } = prices.series(symbol, axis);
  const isOfSession = ({ exDate }: Readonly<{ exDate: string }>): boolean =>
    exDate > axis.sessions[index - 1]! && exDate <= axis.sessions[index]!;
  return {
    splits: splits.filter(isOfSession).map(({ exDate, ratio }) => ({ ex_date: exDate, ...ratio })),
    dividends:
      lot.pricing.by === 'close'
        ? dividends.filter(isOfSession).map(({ exDate, amountE8 }) => ({ ex_date: exDate, amount: Number(amountE8) / 1e8 }))
        : [],
  };
}
