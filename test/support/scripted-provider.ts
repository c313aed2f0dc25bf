// A provider whose answers the test writes: the outside world, which tests may invent. Everything behind it is real.
import type { CorporateAction, MarketDataProvider, OhlcvBar, Refusal } from '@closebell/shared/market-data/provider';

export type ScriptedProvider = MarketDataProvider &
  Readonly<{
    /** Closes by symbol and session; change them and the next request sees it. */
    closes: Map<string, Map<string, number>>;
    actions: CorporateAction[];
    /** Symbols that answer "unavailable", as while the provider is down. */
    down: Set<string>;
    /** From now on every request is refused in this way; null ends it. */
    refuse: (refusal: Refusal | null) => void;
    /** Every request, as 'SYMBOL from..to'. */
    asked: string[];
  }>;

/** Without a budget it is asked as one without a network is: by nobody's leave. */
export function scriptedProvider(plan: Partial<Pick<MarketDataProvider, 'name' | 'budget' | 'requests'>> = {}): ScriptedProvider {
  const closes = new Map<string, Map<string, number>>();
  const actions: CorporateAction[] = [];
  const down = new Set<string>();
  const asked: string[] = [];
  let refusal: Refusal | null = null;
  return {
    name: 'scripted',
    ...plan,
    closes,
    actions,
    down,
    refuse: (next) => {
      refusal = next;
    },
    asked,
    dailyBars: (symbol, { from, to }) => {
      asked.push(`${symbol} ${from}..${to}`);
      if (refusal !== null) return Promise.resolve({ ...refusal, symbol });
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
