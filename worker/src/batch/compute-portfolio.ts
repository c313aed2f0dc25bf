// One portfolio from its ledger and prices to the rows that are stored. Pure: reads and writes are its caller's.
import type { LotMark, LotValue, SnapshotFigures } from '@closebell/prisma/figures';
import type { Ledger, SnapshotLink } from '@closebell/prisma/ledger';
import { parseScaled } from '@closebell/shared/calc/exact-value';
import { priceSourceAt, shareRatioAt } from '@closebell/shared/calc/lot-history';
import { portfolioHistory, type ChainStart, type Flow, type PortfolioHistory } from '@closebell/shared/calc/portfolio-history';
import { inputHashes } from './input-hash.js';
import { pricedSymbol } from '@closebell/shared/lot-kind';
import type { CalculationPlan } from './plan-calculation.js';
import { buildLots, indexOnAxis, type BuiltLot, type LotSources } from './portfolio-lots.js';

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
  const lots = buildLots({ ...sources, axis }, ledger);
  const flows = bookedFlows({ ...sources, axis }, ledger);
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

/** Flows by the session they count in: a date without a session counts in the next one. */
function bookedFlows(sources: LotSources, { flows }: Ledger): readonly Flow[] {
  return flows
    .map(({ date, amount }) => ({ index: indexOnAxis(sources, date), amountE4: moneyE4(amount) }))
    .filter(({ index }) => index >= 1 && Number.isFinite(index));
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
    const marketValueE4 = history.lots[k]!.valueE4[last]!;
    const deltaE4 = item.deltaE4 === null ? marketValueE4 : item.deltaE4[last]!;
    return [
      {
        portfolioId: ledger.portfolioId,
        positionId: item.entry.positionId,
        date: sources.axis.sessions[last]!,
        quantityE8: quantityAt(sources, item, last),
        ...priceAt(sources, item, last),
        marketValueE4,
        costBasisE4: lot.entryValueE4,
        deltaAdjustedE4: Number.isNaN(deltaE4) ? null : deltaE4,
        weightGross: grossE4 > 0 ? Math.abs(marketValueE4) / grossE4 : null,
      },
    ];
  });
}

function quantityAt({ axis }: LotSources, { lot }: BuiltLot, i: number): bigint {
  const { numerator, denominator } = shareRatioAt(axis, lot, i);
  return (lot.size.quantityE8 * BigInt(numerator)) / BigInt(denominator);
}

type PriceColumns = Pick<LotValue, 'priceE6' | 'priceSource' | 'priceDate' | 'ageSessions'>;

/** The price a lot stands at; without one of its own, the entry price. */
function priceAt({ axis, prices }: LotSources, { lot, entry }: BuiltLot, i: number): PriceColumns {
  const entryPriceE6 = Number(parseScaled(entry.entryPrice, 6));
  const priceSource = priceSourceAt(axis, lot, i);
  const symbol = pricedSymbol(entry);
  const series = symbol === null ? null : prices.series(symbol, axis);
  const closeIndex = series?.closeIndex[i] ?? -1;
  const aged = closeIndex !== -1 && priceSource !== 'no_price';
  const own = lot.pricing.by === 'model' ? lot.pricing.markE6[i]! : (series?.closeE6[i] ?? Number.NaN);
  return {
    priceE6: Number.isNaN(own) ? entryPriceE6 : own,
    priceSource,
    priceDate: aged ? axis.dateOf(closeIndex) : null,
    ageSessions: aged ? axis.firstIndex + i - closeIndex : 0,
  };
}
