// One portfolio from its ledger and prices to the rows that are stored. Pure: reads and writes are its caller's.
import type { LotMark, LotValue, SnapshotFigures } from '@closebell/prisma/figures';
import type { Ledger, SnapshotLink } from '@closebell/prisma/ledger';
import { parseScaled } from '@closebell/shared/calc/exact-value';
import { portfolioHistory, type ChainStart, type PortfolioHistory } from '@closebell/shared/calc/portfolio-history';
import { inputHashes } from '@closebell/shared/infra/input-hash';
import { bookedFlows } from '@closebell/shared/ledger/flows';
import { lotStanding } from '@closebell/shared/ledger/lot-standing';
import { buildLots, type BuiltLot, type LotSources } from '@closebell/shared/ledger/lots';
import type { CalculationPlan } from './plan-calculation.js';

export type ComputedPortfolio = Readonly<{
  portfolioId: string;
  generation: number;
  from: string;
  snapshots: readonly SnapshotFigures[];
  values: readonly LotValue[];
  marks: readonly LotMark[];
}>;

export type PortfolioSources = Omit<LotSources, 'axis'>;

/** `link` is the stored snapshot of the session before the first one to compute; null for a whole history. */
export function computePortfolio(
  sources: PortfolioSources,
  ledger: Ledger,
  { axis, from, mode }: CalculationPlan,
  link: SnapshotLink | null,
): ComputedPortfolio {
  const lots = buildLots({ ...sources, axis }, ledger.lots);
  const flows = bookedFlows({ ...sources, axis }, ledger.flows);
  const anchorIndex = sources.calendar.sessionIndex(ledger.equityAsOf) - axis.firstIndex;
  const start: ChainStart =
    mode === 'onwards' && link !== null
      ? { from: 'previous', equityE4: moneyE4(link.equity), cumulativePnlE4: moneyE4(link.cumulativePnl) }
      : { from: 'anchor', index: anchorIndex, equityE4: moneyE4(ledger.equityBalance) };
  const history = portfolioHistory(axis, { lots, flows, start });
  const hashStart = link !== null && mode === 'onwards' ? { previous: link.inputHash } : { anchorIndex };
  const hashes = inputHashes({ axis, ledger, lots, flows, start: hashStart });
  return {
    portfolioId: ledger.portfolioId,
    generation: ledger.generation,
    // A whole history also replaces what an earlier, longer one left behind.
    from: mode === 'whole' ? sources.calendar.firstDate : from,
    snapshots: history.figures.map((figures, at) => ({
      portfolioId: ledger.portfolioId,
      date: axis.sessions[at + 1]!,
      figures,
      oldestPriceDate: figures.oldestCloseIndex === null ? null : axis.dateOf(figures.oldestCloseIndex),
      inputHash: hashes[at]!,
    })),
    values: lotValues({ ...sources, axis }, ledger, lots, history),
    marks: lots.flatMap(({ addedMarks }) => addedMarks),
  };
}

function moneyE4(text: string): number {
  return Number(parseScaled(text, 4));
}

/** The open lots at the last session of the axis. */
function lotValues(
  sources: LotSources,
  ledger: Ledger,
  lots: readonly BuiltLot[],
  history: PortfolioHistory,
): readonly LotValue[] {
  const last = sources.axis.sessions.length - 1;
  const { grossE4 } = history.figures.at(-1)!;
  return lots.flatMap((item, k) => {
    const { lot } = item;
    if (lot.entryIndex > last || lot.exitIndex <= last) return [];
    const marketValueE4 = history.lastValuesE4[k]!;
    const deltaE4 = item.deltaE4 === null ? marketValueE4 : item.deltaE4[last]!;
    return [
      {
        portfolioId: ledger.portfolioId,
        positionId: item.entry.positionId,
        date: sources.axis.sessions[last]!,
        ...lotStanding(sources, item, last),
        marketValueE4,
        costBasisE4: lot.entryValueE4,
        deltaAdjustedE4: Number.isNaN(deltaE4) ? null : deltaE4,
        weightGross: grossE4 > 0 ? Math.abs(marketValueE4) / grossE4 : null,
      },
    ];
  });
}
