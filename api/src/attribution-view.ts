// P&L by position and by sector as it is shown. Pure.
import type { Attribution } from '@closebell/shared/contracts/analytics-attribution';
import { groupBy } from '@closebell/shared/grouping';
import type { AttributedPnl } from './attribution.js';

/** Sums are made of units of 1e-4 and turned to money last: lines add up to the total, to the last digit. */
export function viewAttribution(portfolioId: string, { snapshots, lots, pnlE4 }: AttributedPnl): Attribution {
  const [first, last] = [snapshots[0], snapshots.at(-1)];
  if (first === undefined || last === undefined) throw new Error('an attribution without sessions');
  const beforeE4 = Math.round(first.equity * 1e4) - Math.round(first.daily_pnl * 1e4) - Math.round(first.capital_flow * 1e4);
  const line = (ownE4: number) => ({ pnl: ownE4 / 1e4, contribution: beforeE4 > 0 ? ownE4 / beforeE4 : null });
  const bySector = [...groupBy(lots, ({ sector }) => sector)].map(([sector, own]) => ({
    sector,
    positions: own.length,
    ...line(own.reduce((sum, lot) => sum + lot.pnlE4, 0)),
  }));
  return {
    available: true,
    portfolio_id: portfolioId,
    from_date: first.snapshot_date,
    to_date: last.snapshot_date,
    sessions: snapshots.length,
    total: { ...line(pnlE4), equity_before: beforeE4 / 1e4 },
    by_position: lots
      .map(({ built: { entry }, sector, pnlE4: ownE4 }) => ({
        position_id: entry.positionId,
        symbol: entry.symbol,
        sector,
        ...line(ownE4),
      }))
      .toSorted((a, b) => b.pnl - a.pnl || compare(a.symbol, b.symbol) || compare(a.position_id, b.position_id)),
    by_sector: bySector.toSorted((a, b) => b.pnl - a.pnl || compare(a.sector ?? '', b.sector ?? '')),
    metadata: { method: 'ledger_and_closes' },
  };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
