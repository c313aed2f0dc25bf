// What the risk of every portfolio of one session is worked out from: the market, read in bulk.
import type { Db } from '@closebell/prisma/client';
import { loadPriceWindows, type PriceWindowsRequest } from '@closebell/prisma/price-windows';
import { loadFactorModel, loadSymbolStatistics } from '@closebell/prisma/symbol-statistics';
import { FACTOR_SYMBOLS } from '@closebell/shared/calc/factors';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Config } from '@closebell/shared/config';
import { FACTOR_CLOSES, SYMBOL_CLOSES } from '@closebell/shared/risk/factor-model-of-session';
import { returnCovariances } from '@closebell/shared/risk/return-covariances';
import type { RiskMarket } from '@closebell/shared/risk/risk-market';
import { scenarioMoves } from '@closebell/shared/stress/scenario-moves';
import { STRESS_SCENARIOS } from '@closebell/shared/stress/scenarios';

/** Of a worker's context. */
export type MarketReads = Readonly<{ db: Db; calendar: TradingCalendar; config: Pick<Config, 'tltSensitivity'> }>;

/** The market with what tells whether the prices behind it have changed since: `countPriceRows(request)` is then another than `rowsRead`. */
export type StoredMarket = Readonly<{ market: RiskMarket; request: PriceWindowsRequest; rowsRead: number }>;

/** After `ensureSymbolStatistics` of the symbols. Null when its rows have been dropped meanwhile, along with prices that changed. */
export async function loadRiskMarket(
  { db, calendar, config }: MarketReads,
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
    scenarios: STRESS_SCENARIOS.flatMap((scenario) => scenarioMoves(scenario, model, config.tltSensitivity) ?? []),
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
