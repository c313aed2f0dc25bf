// Invented prices, the same for everybody with the same seed: for trying the product without keys or network, and for tests. Never for
// production. The figures are plausible, not true, and say nothing about the real securities whose names they bear.
import { xnysCalendar, type TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import type {
  CorporateAction,
  DailyBarsResult,
  MarketDataProvider,
  OhlcvBar,
  SessionRange,
} from '@closebell/shared/market-data/provider';
import { normalAt, streamKey, uniformAt } from './counter-random.js';
import {
  createSimulatedMarket,
  SESSIONS_PER_YEAR,
  simulatedPath,
  toCents,
  type SimulatedMarket,
  type SimulatedPath,
} from './simulated-market.js';
import { quoteMoment, simulatedQuote } from './simulated-quotes.js';
import { inventedSecurity, SIMULATED_UNIVERSE, type SimulatedSecurity } from './simulated-universe.js';

/** The seed the demo portfolios were priced with. */
export const DEFAULT_SIMULATION_SEED = 20_240_102;

/** `clock`: the market's, by which quotes are given. */
export type SimulatedOptions = Readonly<{ seed: number; clock?: () => Date }>;

/**
 * Every symbol has a price on every session of the calendar; those outside the table get a character from their name. Three kinds are
 * answered otherwise, to show and test what happens then: symbols that begin with NODATA (`no_data`), with UNKNOWN (`unknown_symbol`), and
 * option contracts (`no_data`: they are marked to model). An aborted signal rejects with its reason.
 */
export function simulatedProvider({ seed, clock = () => new Date() }: SimulatedOptions): MarketDataProvider {
  const calendar = xnysCalendar();
  let market: SimulatedMarket | null = null;
  return {
    name: 'simulated',
    dailyBars: async (symbol, range, signal) => {
      signal.throwIfAborted();
      market ??= createSimulatedMarket(seed, calendar);
      return dailyBarsOf(market, calendar, symbol, range);
    },
    profile: async (symbol, signal) => {
      signal.throwIfAborted();
      const refused = refusal(symbol);
      if (refused !== null) return refused;
      const { name, sector, industry } = securityOf(symbol);
      const unsaid = { securityType: null, exchange: null, country: null, currency: 'USD', marketCap: null, beta: null };
      return { status: 'ok', value: { symbol, name, sector, industry, ...unsaid } };
    },
    quotes: async (symbols, signal) => {
      signal.throwIfAborted();
      market ??= createSimulatedMarket(seed, calendar);
      const moment = quoteMoment(calendar, clock());
      const known = symbols.filter((symbol) => refusal(symbol) === null);
      return { status: 'ok', value: known.map((symbol) => simulatedQuote(market!, securityOf(symbol), symbol, moment)) };
    },
  };
}

/** OCC symbols, with or without the blanks that pad the root to six. */
const OPTION_CONTRACT = /^[A-Z0-9]{1,6} *\d{6}[CP]\d{8}$/;

function dailyBarsOf(market: SimulatedMarket, calendar: TradingCalendar, symbol: string, range: SessionRange): DailyBarsResult {
  const refused = refusal(symbol);
  if (refused !== null) return { symbol, ...refused };
  const from = range.from < calendar.firstDate ? calendar.firstDate : range.from;
  const to = range.to > calendar.lastDate ? calendar.lastDate : range.to;
  const sessions = from <= to ? calendar.sessionsBetween(from, to) : [];
  const [first] = sessions;
  if (first === undefined) return { status: 'no_data', symbol, reason: `there is no session from ${range.from} to ${range.to}` };
  const firstIndex = calendar.sessionIndex(first);
  const security = securityOf(symbol);
  // The close before the range is wanted too: each bar opens near the last one's close.
  const before = Math.max(0, firstIndex - 1);
  const path = simulatedPath(market, security, before, firstIndex + sessions.length - 1);
  return {
    status: 'ok',
    symbol,
    bars: barsOf(market, security, symbol, path, firstIndex),
    actions: actionsOf(market, symbol, path, firstIndex),
    warnings: [],
  };
}

function refusal(symbol: string): Readonly<{ status: 'no_data' | 'unknown_symbol'; reason: string }> | null {
  const name = symbol.toUpperCase();
  if (name.startsWith('NODATA'))
    return { status: 'no_data', reason: 'symbols that begin with NODATA have no prices in the simulation' };
  if (name.startsWith('UNKNOWN'))
    return { status: 'unknown_symbol', reason: 'symbols that begin with UNKNOWN are not known to the simulation' };
  if (OPTION_CONTRACT.test(name))
    return { status: 'no_data', reason: 'the simulation has no option prices; options are marked to model' };
  return null;
}

function securityOf(symbol: string): SimulatedSecurity {
  const spelling = symbol.toUpperCase().replaceAll(/[./]/g, '-');
  return SIMULATED_UNIVERSE.get(spelling) ?? inventedSecurity(spelling);
}

function barsOf(
  market: SimulatedMarket,
  security: SimulatedSecurity,
  symbol: string,
  path: SimulatedPath,
  firstIndex: number,
): readonly OhlcvBar[] {
  const shape = dayShape(market, security);
  const bars: OhlcvBar[] = [];
  for (let k = firstIndex - path.first; k < path.closes.length; k += 1) {
    const close = path.closes[k] ?? 0;
    const previousClose = (path.closes[k - 1] ?? close) - (path.dividends[k] ?? 0);
    bars.push({
      symbol,
      sessionDate: market.sessions[path.first + k] ?? '',
      close,
      ...shape(path.first + k, previousClose, close),
    });
  }
  return bars;
}

type DayShape = Pick<OhlcvBar, 'open' | 'high' | 'low' | 'volume'>;

/** How a session went between its closes: an open part of the way, a range around both, more volume on days of large moves. */
function dayShape(
  market: SimulatedMarket,
  security: SimulatedSecurity,
): (index: number, previousClose: number, close: number) => DayShape {
  if (security.kind === 'fund') return () => ({ open: null, high: null, low: null, volume: null });
  const keys = { open: shapeKey('open'), high: shapeKey('high'), low: shapeKey('low'), volume: shapeKey('volume') };
  function shapeKey(part: string): number {
    return streamKey(market.seed, `${part} ${security.symbol}`);
  }
  const daily = Math.max(0.002, security.ownVolatility / Math.sqrt(SESSIONS_PER_YEAR));
  const dollars = 2e8 * 25 ** uniformAt(keys.volume, 2 ** 30);
  return (index, previousClose, close) => {
    const counter = index - market.referenceIndex;
    const spread = daily * (market.agitation[index] ?? 1);
    const open = toCents(close * (previousClose / close) ** uniformAt(keys.open, counter));
    const high = Math.max(
      open,
      close,
      toCents(Math.max(open, close) * (1 + (spread / 2) * Math.abs(normalAt(keys.high, counter)))),
    );
    const low = Math.min(
      open,
      close,
      toCents(Math.min(open, close) * (1 - Math.min(0.5, (spread / 2) * Math.abs(normalAt(keys.low, counter))))),
    );
    const busy = 1 + 10 * Math.abs(close / previousClose - 1);
    const volume = BigInt(Math.round((dollars / close) * busy * Math.exp(0.3 * normalAt(keys.volume, counter))));
    return { open, high, low, volume };
  };
}

function actionsOf(market: SimulatedMarket, symbol: string, path: SimulatedPath, firstIndex: number): readonly CorporateAction[] {
  const actions: CorporateAction[] = [];
  for (let k = firstIndex - path.first; k < path.dividends.length; k += 1) {
    const amount = path.dividends[k] ?? 0;
    if (amount > 0) actions.push({ type: 'dividend', symbol, exDate: market.sessions[path.first + k] ?? '', amount });
  }
  return actions;
}
