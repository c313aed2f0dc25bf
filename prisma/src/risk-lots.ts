// Lots as their risk sees them, with what revalues the options among them: marks and splits as stored.
import type { OptionMark } from '@closebell/shared/calc/option-marks';
import { yearsToExpiry, type PricedOption } from '@closebell/shared/calc/option-pricing';
import { ratioBetween, type SplitEvent } from '@closebell/shared/calc/price-series';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { groupBy } from '@closebell/shared/grouping';
import { contractOf } from '@closebell/shared/ledger/lots';
import { actionEvents } from '@closebell/shared/ledger/price-book';
import { lotKind } from '@closebell/shared/lot-kind';
import { riskLot, type RiskLot } from '@closebell/shared/risk/risk-lots';
import type { Queryable } from './client.js';
import { loadMarks } from './figures.js';
import { loadActions } from './prices.js';
import { loadValuedLots, type ValuedLot } from './valued-lots.js';

type Reads = Readonly<{ client: Queryable; calendar: TradingCalendar }>;

/** By portfolio, in an order made of values: sums depend on it in their last digit. */
export async function loadRiskLots(
  reads: Reads,
  portfolioIds: readonly string[],
  sessionDate: string,
): Promise<ReadonlyMap<string, readonly RiskLot[]>> {
  const valued = await loadValuedLots(reads.client, portfolioIds, sessionDate);
  const terms = await loadOptionTerms(reads, valued, sessionDate);
  return new Map([...groupBy(valued, ({ portfolioId }) => portfolioId)].map(([id, lots]) => [id, toRiskLots(lots, terms)]));
}

/** By position id: what a revaluation of each option at the session needs. A lot that is not marked has none. */
export type OptionTerms = ReadonlyMap<string, PricedOption>;

export async function loadOptionTerms(
  { client, calendar }: Reads,
  valued: readonly ValuedLot[],
  sessionDate: string,
): Promise<OptionTerms> {
  const options = valued.filter((lot) => lotKind(lot) === 'option');
  if (options.length === 0) return new Map();
  const ids = options.map(({ positionId }) => positionId);
  const underlyings = [...new Set(options.flatMap(({ underlyingSymbol }) => underlyingSymbol ?? []))];
  const [marks, actions] = await Promise.all([
    loadMarks(client, ids, sessionDate, sessionDate),
    loadActions(client, underlyings, sessionDate),
  ]);
  const markOf = new Map(marks.map((mark) => [mark.positionId, mark]));
  const splitsOf = new Map([...actions].map(([symbol, list]) => [symbol, actionEvents(list).splits]));
  const closedAt = calendar.closeInstant(sessionDate);
  return new Map(
    options.flatMap((lot) => {
      const mark = markOf.get(lot.positionId);
      const terms = mark && optionTerms(lot, mark, splitsOf.get(lot.underlyingSymbol ?? '') ?? [], closedAt);
      return terms ? [[lot.positionId, terms] as const] : [];
    }),
  );
}

/** In an order made of values. An option without terms counts as one without a mark: nobody knows how it moves. */
export function toRiskLots(valued: readonly ValuedLot[], terms: OptionTerms): readonly RiskLot[] {
  return valued
    .map((lot) => {
      const own = terms.get(lot.positionId) ?? null;
      const isUnmarked = lotKind(lot) === 'option' && own === null;
      return riskLot(isUnmarked ? { ...lot, deltaAdjustedValue: null } : lot, own);
    })
    .toSorted(byValues);
}

/** As the stored mark has them; the contract is kept as entered, so later splits of the underlying are undone for it. */
function optionTerms(lot: ValuedLot, mark: OptionMark, splits: readonly SplitEvent[], closedAt: Date): PricedOption | null {
  const contract = contractOf(lot);
  if (contract === null || lot.priceDate === null) return null;
  const { numerator, denominator } = ratioBetween(splits, lot.entryDate, lot.priceDate);
  return {
    type: contract.type,
    strike: contract.strike,
    spot: ((mark.underlyingCloseE6 / 1e6) * numerator) / denominator,
    years: yearsToExpiry(closedAt, contract.expirationDate),
    rate: mark.rate,
    volatility: mark.volatility,
  };
}

function byValues(a: RiskLot, b: RiskLot): number {
  if (a.symbol !== b.symbol) return a.symbol < b.symbol ? -1 : 1;
  return a.marketValue - b.marketValue || a.deltaValue - b.deltaValue;
}
