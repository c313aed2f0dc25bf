// A provider whose answers the test writes: the outside world, which tests may invent. Everything behind it is real.
import type { CorporateAction, MarketDataProvider, OhlcvBar } from '@closebell/shared/market-data/provider';

export type ScriptedProvider = MarketDataProvider &
  Readonly<{
    /** Closes by symbol and session; change them and the next request sees it. */
    closes: Map<string, Map<string, number>>;
    actions: CorporateAction[];
    /** Symbols that answer "unavailable", as while the provider is down. */
    down: Set<string>;
    /** Every request, as 'SYMBOL from..to'. */
    requests: string[];
  }>;

export function scriptedProvider(): ScriptedProvider {
  const closes = new Map<string, Map<string, number>>();
  const actions: CorporateAction[] = [];
  const down = new Set<string>();
  const requests: string[] = [];
  return {
    name: 'scripted',
    closes,
    actions,
    down,
    requests,
    dailyBars: (symbol, { from, to }) => {
      requests.push(`${symbol} ${from}..${to}`);
      if (down.has(symbol)) return Promise.resolve({ status: 'unavailable', symbol, reason: 'answered 503' });
      const known = closes.get(symbol);
      if (!known) return Promise.resolve({ status: 'unknown_symbol', symbol, reason: 'never heard of it' });
      const inRange = (date: string) => date >= from && date <= to;
      const bars = [...known].filter(([date]) => inRange(date)).map(([sessionDate, close]) => barOf(symbol, sessionDate, close));
      if (bars.length === 0) return Promise.resolve({ status: 'no_data', symbol, reason: 'no bars in the range' });
      const own = actions.filter((action) => action.symbol === symbol && inRange(action.exDate));
      return Promise.resolve({
        status: 'ok',
        symbol,
        bars: bars.sort((a, b) => (a.sessionDate < b.sessionDate ? -1 : 1)),
        actions: own,
        warnings: [],
      });
    },
  };
}

function barOf(symbol: string, sessionDate: string, close: number): OhlcvBar {
  return { symbol, sessionDate, open: close, high: close, low: close, close, volume: 1000n };
}
