// The invented market: sessions, the returns of its factors, and the price path of one security. Everything follows from the seed.
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { normalAt, streamKey } from './counter-random.js';
import { FACTOR_VOLATILITIES, type SimulatedFactor, type SimulatedSecurity } from './simulated-universe.js';

/** Arrays run over all sessions of the calendar. `agitation` multiplies every daily volatility: its mean square is 1, and it clusters. */
export type SimulatedMarket = Readonly<{
  seed: number;
  sessions: readonly string[];
  /** Where `sessions` has the day whose prices the universe states. Counters count from here, so a longer calendar changes nothing. */
  referenceIndex: number;
  agitation: Float64Array;
  factorReturns: Readonly<Record<SimulatedFactor, Float64Array>>;
}>;

/** `closes[k]` belongs to session `first + k`, `dividends[k]` goes ex on it (0: none), per share. Both in dollars. */
export type SimulatedPath = Readonly<{ first: number; closes: Float64Array; dividends: Float64Array }>;

export const REFERENCE_SESSION = '2024-12-31';
export const SESSIONS_PER_YEAR = 252;

export function createSimulatedMarket(seed: number, calendar: TradingCalendar): SimulatedMarket {
  const sessions = calendar.sessionsBetween(calendar.firstDate, calendar.lastDate);
  const referenceIndex = calendar.sessionIndex(REFERENCE_SESSION);
  const agitation = agitationPath(seed, sessions.length, referenceIndex);
  const factors = Object.keys(FACTOR_VOLATILITIES) as SimulatedFactor[];
  const returnsOf = (factor: SimulatedFactor): Float64Array => {
    const key = streamKey(seed, `factor ${factor}`);
    const daily = FACTOR_VOLATILITIES[factor] / Math.sqrt(SESSIONS_PER_YEAR);
    const drift = factor === 'market' ? MARKET_DRIFT / SESSIONS_PER_YEAR : 0;
    return agitation.map((scale, i) => drift + daily * scale * normalAt(key, i - referenceIndex));
  };
  const factorReturns = Object.fromEntries(factors.map((factor) => [factor, returnsOf(factor)])) as Record<
    SimulatedFactor,
    Float64Array
  >;
  return { seed, sessions, referenceIndex, agitation, factorReturns };
}

/**
 * Closes and dividends of the sessions `first` to `last` (indexes, both included). The log price is summed from the reference session, up or
 * down, so every session's close is the same whatever range it is part of. A dividend takes its part of the price on the ex-date.
 */
export function simulatedPath(market: SimulatedMarket, security: SimulatedSecurity, first: number, last: number): SimulatedPath {
  const { referenceIndex } = market;
  // One session more, for the close a dividend on the first one is measured by.
  const from = Math.min(referenceIndex, Math.max(0, first - 1));
  const to = Math.max(referenceIndex, last);
  const returns = totalReturns(market, security, from, to);
  const pays = exDates(market, security, from, to);
  const paid = security.dividendYield / 4;
  const steps = returns.map((total, k) => total + (pays[k] === 1 ? Math.log1p(-paid) : 0));
  const logPrices = new Float64Array(steps.length);
  for (let k = referenceIndex - from + 1; k < steps.length; k += 1) logPrices[k] = at(logPrices, k - 1) + at(steps, k);
  for (let k = referenceIndex - from - 1; k >= 0; k -= 1) logPrices[k] = at(logPrices, k + 1) - at(steps, k + 1);
  const prices = logPrices.map((log) => toCents(security.referencePrice * Math.exp(log)));
  const dividends = prices.map((_, k) => (pays[k] === 1 && k > 0 ? Math.round(at(prices, k - 1) * paid * 1e4) / 1e4 : 0));
  return {
    first,
    closes: prices.subarray(first - from, last - from + 1),
    dividends: dividends.subarray(first - from, last - from + 1),
  };
}

/** Whole cents, one at least. */
export function toCents(price: number): number {
  return Math.max(1, Math.round(price * 100)) / 100;
}

/** Expected log return of the market factor a year. */
const MARKET_DRIFT = 0.07;
/** What a security without market risk earns a year, in log return. */
const CARRY = 0.03;

/** Log returns, dividends included, of sessions `from` to `to`. */
function totalReturns(market: SimulatedMarket, security: SimulatedSecurity, from: number, to: number): Float64Array {
  const { agitation, factorReturns, referenceIndex, seed } = market;
  const loadings = Object.entries(security.loadings) as [SimulatedFactor, number][];
  const key = streamKey(seed, `own ${security.symbol}`);
  const daily = security.ownVolatility / Math.sqrt(SESSIONS_PER_YEAR);
  const drift = (CARRY * (1 - (security.loadings.market ?? 0))) / SESSIONS_PER_YEAR;
  const returns = new Float64Array(to - from + 1);
  for (let i = from; i <= to; i += 1) {
    let total = drift + daily * at(agitation, i) * normalAt(key, i - referenceIndex);
    for (const [factor, loading] of loadings) total += loading * at(factorReturns[factor], i);
    returns[i - from] = total;
  }
  return returns;
}

/** 1 for a session on which a dividend goes ex: the first on or after a fixed day of every third month, both the security's own. */
function exDates({ sessions }: SimulatedMarket, security: SimulatedSecurity, from: number, to: number): Uint8Array {
  const pays = new Uint8Array(to - from + 1);
  if (security.dividendYield === 0) return pays;
  const key = streamKey(0, `dividends ${security.symbol}`) >>> 0;
  const phase = key % 3;
  const exDay = 5 + (Math.floor(key / 3) % 18);
  for (let i = Math.max(1, from); i <= to; i += 1) {
    const { month, day } = monthAndDay(sessions[i] ?? '');
    if (month % 3 !== phase || day < exDay) continue;
    const before = monthAndDay(sessions[i - 1] ?? '');
    if (before.month !== month || before.day < exDay) pays[i - from] = 1;
  }
  return pays;
}

function monthAndDay(session: string): Readonly<{ month: number; day: number }> {
  return { month: Number(session.slice(5, 7)), day: Number(session.slice(8)) };
}

/** Day-to-day memory of the log volatility, and its own standard deviation. */
const AGITATION_MEMORY = 0.975;
const AGITATION_DEVIATION = 0.35;
/** The memory's start, in sessions from the reference one: long before the calendar's first, so that it is forgotten there. */
const AGITATION_START = -12_000;

/** exp of a first-order autoregression of normals, scaled to a mean square of 1. */
function agitationPath(seed: number, count: number, referenceIndex: number): Float64Array {
  const key = streamKey(seed, 'agitation');
  const shock = AGITATION_DEVIATION * Math.sqrt(1 - AGITATION_MEMORY ** 2);
  const path = new Float64Array(count);
  let log = 0;
  for (let counter = AGITATION_START; counter < count - referenceIndex; counter += 1) {
    log = AGITATION_MEMORY * log + shock * normalAt(key, counter);
    const i = counter + referenceIndex;
    if (i >= 0) path[i] = Math.exp(log - AGITATION_DEVIATION ** 2);
  }
  return path;
}

function at(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN;
}
