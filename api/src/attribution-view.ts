// P&L by position, by sector and by tag as it is shown. Pure.
import type { Attribution } from '@closebell/shared/contracts/analytics-attribution';
import { groupBy } from '@closebell/shared/grouping';
import type { AttributedPnl, LotPnl } from './attribution.js';

/** Sums are made of units of 1e-4 and turned to money last: lines add up to the total, to the last digit. */
export function viewAttribution(portfolioId: string, { snapshots, lots, tags, pnlE4 }: AttributedPnl): Attribution {
  const [first, last] = [snapshots[0], snapshots.at(-1)];
  if (first === undefined || last === undefined) throw new Error('an attribution without sessions');
  const beforeE4 = Math.round(first.equity * 1e4) - Math.round(first.daily_pnl * 1e4) - Math.round(first.capital_flow * 1e4);
  const line = (ownE4: number) => ({ pnl: ownE4 / 1e4, contribution: beforeE4 > 0 ? ownE4 / beforeE4 : null });
  const bySector = [...groupBy(lots, ({ sector }) => sector)].map(([sector, own]) => ({
    sector,
    positions: own.length,
    ...line(sumE4(own)),
  }));
  const byTag = lotsByTag(lots, tags).map(({ lots: own, ...tag }) => ({ ...tag, positions: own.length, ...line(sumE4(own)) }));
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
    by_tag: byTag.toSorted((a, b) => b.pnl - a.pnl || compare(a.name ?? '', b.name ?? '')),
    metadata: { method: 'ledger_and_closes' },
  };
}

/** Each tag with its lots, and the lots without one where there are any. */
function lotsByTag(lots: readonly LotPnl[], tags: AttributedPnl['tags']) {
  const lotOf = new Map(lots.map((lot) => [lot.built.entry.positionId, lot]));
  const tagged = [...groupBy(tags, ({ tagId }) => tagId)].map(([tagId, own]) => ({
    tag_id: tagId,
    name: own[0]!.name,
    color: own[0]!.color,
    lots: own.map(({ positionId }) => lotOf.get(positionId)!),
  }));
  const withTag = new Set(tags.map(({ positionId }) => positionId));
  const untagged = lots.filter(({ built }) => !withTag.has(built.entry.positionId));
  return untagged.length === 0 ? tagged : [...tagged, { tag_id: null, name: null, color: null, lots: untagged }];
}

function sumE4(lots: readonly LotPnl[]): number {
  return lots.reduce((sum, lot) => sum + lot.pnlE4, 0);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
