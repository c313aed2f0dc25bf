// What the risk of some portfolios of one session is worked out from, read in bulk: their lots as valued, their returns, and the market.
import type { Queryable } from '@closebell/prisma/client';
import { loadMarks } from '@closebell/prisma/figures';
import { loadPriceWindows, type PriceWindowsRequest } from '@closebell/prisma/price-windows';
import { loadActions } from '@closebell/prisma/prices';
import { loadFactorModel, loadSymbolStatistics } from '@closebell/prisma/symbol-statistics';
import { loadValuedLots, type ValuedLot } from '@closebell/prisma/valued-lots';
import { FACTOR_SYMBOLS } from '@closebell/shared/calc/factors';
import type { OptionMark } from '@closebell/shared/calc/option-marks';
import { yearsToExpiry, type PricedOption } from '@closebell/shared/calc/option-pricing';
import { ratioBetween, type SplitEvent } from '@closebell/shared/calc/price-series';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { groupBy } from '@closebell/shared/grouping';
import { contractOf } from '@closebell/shared/ledger/lots';
import { actionEvents } from '@closebell/shared/ledger/price-book';
import { lotKind } from '@closebell/shared/lot-kind';
import { FACTOR_CLOSES, SYMBOL_CLOSES } from '@closebell/shared/risk/factor-model-of-session';
import { returnCovariances } from '@closebell/shared/risk/return-covariances';
import type { RiskLot } from '@closebell/shared/risk/risk-lots';
import type { RiskMarket } from '@closebell/shared/risk/risk-market';
import { scenarioMoves } from '@closebell/shared/stress/scenario-moves';
import { STRESS_SCENARIOS } from '@closebell/shared/stress/scenarios';
import type { WorkerContext } from '../context.js';

type Reads = Pick<WorkerContext, 'db' | 'calendar'>;

/** By portfolio, in an order made of values: sums depend on it in their last digit. */
export async function loadRiskLots(
  { db, calendar }: Reads,
  portfolioIds: readonly string[],
  sessionDate: string,
): Promise<ReadonlyMap<string, readonly RiskLot[]>> {
  const valued = await loadValuedLots(db.pool, portfolioIds, sessionDate);
  const options = valued.filter((lot) => lotKind(lot) === 'option');
  const marks = await loadMarks(
    db.pool,
    options.map(({ positionId }) => positionId),
    sessionDate,
    sessionDate,
  );
  const sources: OptionSources = {
    calendar,
    sessionDate,
    marks: new Map(marks.map((mark) => [mark.positionId, mark])),
    splits: await loadSplits(db.pool, options, sessionDate),
  };
  return new Map(
    [...groupBy(valued, ({ portfolioId }) => portfolioId)].map(([id, lots]) => [
      id,
      lots.map((lot) => riskLot(lot, sources)).toSorted(byValues),
    ]),
  );
}

type OptionSources = Readonly<{
  calendar: TradingCalendar;
  sessionDate: string;
  marks: ReadonlyMap<string, OptionMark>;
  /** Of underlyings. */
  splits: ReadonlyMap<string, readonly SplitEvent[]>;
}>;

async function loadSplits(
  client: Queryable,
  options: readonly ValuedLot[],
  sessionDate: string,
): Promise<OptionSources['splits']> {
  if (options.length === 0) return new Map();
  const underlyings = [...new Set(options.flatMap(({ underlyingSymbol }) => underlyingSymbol ?? []))];
  const actions = await loadActions(client, underlyings, sessionDate);
  return new Map([...actions].map(([symbol, list]) => [symbol, actionEvents(list).splits]));
}

function riskLot(lot: ValuedLot, sources: OptionSources): RiskLot {
  const { positionId, symbol, sector, marketValue, deltaAdjustedValue } = lot;
  const base = { positionId, symbol, sector, marketValue, deltaValue: marketValue, riskSymbol: null, option: null };
  const kind = lotKind(lot);
  if (kind === 'cash') return { ...base, kind, sector: 'Cash' };
  if (kind === 'private' || lot.priceSource === 'no_price') return { ...base, kind: 'unknown' };
  if (kind === 'market') return { ...base, kind, riskSymbol: symbol };
  const terms = optionTerms(lot, sources);
  if (terms === null || deltaAdjustedValue === null) return { ...base, kind: 'unknown' };
  const option = { units: lot.quantity * CONTRACT_SIZE, terms };
  return { ...base, kind, riskSymbol: lot.underlyingSymbol, deltaValue: deltaAdjustedValue, option };
}

const CONTRACT_SIZE = 100;

/** As the stored mark has them; the contract is kept as entered, so later splits of the underlying are undone for it. */
function optionTerms(lot: ValuedLot, { calendar, sessionDate, marks, splits }: OptionSources): PricedOption | null {
  const contract = contractOf(lot);
  const mark = marks.get(lot.positionId);
  if (contract === null || mark === undefined || lot.priceDate === null) return null;
  const { numerator, denominator } = ratioBetween(splits.get(lot.underlyingSymbol ?? '') ?? [], lot.entryDate, lot.priceDate);
  return {
    type: contract.type,
    strike: contract.strike,
    spot: ((mark.underlyingCloseE6 / 1e6) * numerator) / denominator,
    years: yearsToExpiry(calendar.closeInstant(sessionDate), contract.expirationDate),
    rate: mark.rate,
    volatility: mark.volatility,
  };
}

function byValues(a: RiskLot, b: RiskLot): number {
  if (a.symbol !== b.symbol) return a.symbol < b.symbol ? -1 : 1;
  return a.marketValue - b.marketValue || a.deltaValue - b.deltaValue;
}

/** The market with what tells whether the prices behind it have changed since: `countPriceRows(request)` is then another than `rowsRead`. */
export type StoredMarket = Readonly<{ market: RiskMarket; request: PriceWindowsRequest; rowsRead: number }>;

/** After `ensureSymbolStatistics` of the symbols. Null when its rows have been dropped meanwhile, along with prices that changed. */
export async function loadRiskMarket(
  { db, calendar }: Reads,
  symbols: readonly string[],
  sessionDate: string,
): Promise<StoredMarket | null> {
  const request = windowsOf(calendar, symbols, sessionDate);
  const [{ returns, rowsRead }, model, statistics] = await Promise.all([
    loadPriceWindows(db.pool, request),
    loadFactorModel(db.pool, sessionDate),
    loadSymbolStatistics(db.pool, symbols, sessionDate),
  ]);
  if (model === null || statistics.size < symbols.length) return null;
  const { factors, proxies } = model;
  // Of history that today's holdings are held through.
  const sessions = request.sessions.slice(-SYMBOL_CLOSES);
  const recent = new Map([...returns].map(([symbol, values]) => [symbol, values.subarray(-sessions.length)]));
  const market = {
    sessionDate,
    factors,
    scenarios: STRESS_SCENARIOS.flatMap((scenario) => scenarioMoves(scenario, model) ?? []),
    betas: new Map([...statistics].map(([symbol, { betas }]) => [symbol, betas])),
    sessions,
    returns: recent,
    covariances: returnCovariances(recent),
    benchmark: proxies.market_beta,
  };
  return { market, request, rowsRead };
}

/** Also of what may stand for a factor, as far back as the factor model reaches: it must not be another than the prices'. */
function windowsOf(calendar: TradingCalendar, symbols: readonly string[], sessionDate: string): PriceWindowsRequest {
  return {
    sessions: calendar.sessionsTo(sessionDate, FACTOR_CLOSES),
    closesWanted: new Map([
      // Not one more, for the first return: no more are kept, and figures must not depend on whether one happens to be stored.
      ...symbols.map((symbol): [string, number] => [symbol, SYMBOL_CLOSES]),
      ...FACTOR_SYMBOLS.map((symbol): [string, number] => [symbol, FACTOR_CLOSES]),
    ]),
  };
}
