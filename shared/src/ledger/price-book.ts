// The prices of some lots, loaded once and shared by all the portfolios that hold them. Pure: what is stored comes in as it is.
import { parseScaled } from '../calc/exact-value.js';
import {
  carryForward,
  type Close,
  type DividendEvent,
  type PriceSeries,
  type SessionAxis,
  type SplitEvent,
  type SymbolCloses,
} from '../calc/price-series.js';
import { actionsBySession, totalReturns, type DatedAction } from '../calc/returns.js';
import { annualizedVolatility } from '../calc/statistics.js';
import type { TradingCalendar } from '../calendar/trading-calendar.js';
import type { LedgerLot } from './ledger.js';

/** One close as stored: `closeE6` in units of 1e-6. */
export type StoredClose = Readonly<{ symbol: string; sessionDate: string; closeE6: number }>;

export type StoredAction = Readonly<{ symbol: string; exDate: string }> &
  (
    | Readonly<{ type: 'split'; numerator: number; denominator: number }>
    /** Cash per share as decimal text. */
    | Readonly<{ type: 'dividend'; amount: string }>
  );

export type PriceBook = Readonly<{
  /** The symbol's closes carried along the axis. */
  series: (symbol: string, axis: SessionAxis) => PriceSeries;
  splits: (symbol: string) => readonly SplitEvent[];
  /** The close of that very session, in units of 1e-6; null without one. */
  closeOn: (symbol: string, session: string) => number | null;
  /** The last close on or before the session. */
  closeAsOf: (symbol: string, session: string) => Close | null;
  /** Standard deviation of a year's returns over the 63 sessions up to this one; null when fewer than 20 are known. */
  realisedVolatility: (symbol: string, session: string) => number | null;
}>;

const VOLATILITY_SESSIONS = 63;
/** Sessions before the first one wanted whose closes a volatility needs: one more than it has returns. */
export const VOLATILITY_REACH = VOLATILITY_SESSIONS + 1;

/** The sessions of an option's life whose closes are needed however long ago they were: its entry's and its expiry's. */
export function contractDates(
  calendar: TradingCalendar,
  options: readonly LedgerLot[],
  to: string,
): readonly { symbol: string; date: string }[] {
  return options.flatMap(({ underlyingSymbol, entryDate, expirationDate }) => {
    if (underlyingSymbol === null || expirationDate === null) return [];
    const dates = [entrySession(calendar, entryDate)];
    if (expirationDate <= to) dates.push(calendar.sessionOnOrBefore(expirationDate));
    return dates.filter((date) => date !== null && date <= to).map((date) => ({ symbol: underlyingSymbol, date: date! }));
  });
}

/** The session an entry counts in; null before the calendar begins. */
export function entrySession(calendar: TradingCalendar, entryDate: string): string | null {
  if (entryDate < calendar.firstDate || entryDate > calendar.lastDate) return null;
  return calendar.sessionOnOrAfter(entryDate);
}

type Dated = readonly (StoredClose & Readonly<{ asOf: string }>)[];

/** `dated`: the closes as of the dates of `contractDates`. */
export function priceBook(
  calendar: TradingCalendar,
  closes: ReadonlyMap<string, SymbolCloses>,
  actions: ReadonlyMap<string, readonly StoredAction[]>,
  dated: Dated,
): PriceBook {
  const asOf = new Map(dated.map((close) => [`${close.symbol} ${close.asOf}`, toClose(calendar, close)]));
  const events = new Map([...actions].map(([symbol, list]) => [symbol, actionEvents(list)]));
  const carried = new Map<string, PriceSeries>();
  const closeAsOf = (symbol: string, session: string): Close | null => asOf.get(`${symbol} ${session}`) ?? null;
  return {
    series: (symbol, axis) => {
      const key = `${symbol} ${axis.firstIndex} ${axis.sessions.length}`;
      const known = carried.get(key);
      if (known) return known;
      const { splits, dividends } = events.get(symbol) ?? NO_EVENTS;
      const series = carryForward(axis, closes.get(symbol) ?? null, splits, dividends);
      carried.set(key, series);
      return series;
    },
    splits: (symbol) => events.get(symbol)?.splits ?? [],
    closeAsOf,
    closeOn: (symbol, session) => {
      const close = closeAsOf(symbol, session);
      return close?.sessionIndex === calendar.sessionIndex(session) ? close.closeE6 : null;
    },
    realisedVolatility: (symbol, session) => {
      const known = closes.get(symbol);
      const count = known === undefined ? 0 : calendar.sessionIndex(session) + 1 - known.firstIndex;
      if (known === undefined || count <= 0) return null;
      const window = known.closeE6.slice(Math.max(0, count - VOLATILITY_REACH), count).map((closeE6) => closeE6 / 1e6);
      const own = actionsBySession(calendar.sessionsTo(session, window.length), (actions.get(symbol) ?? []).map(toDatedAction));
      return annualizedVolatility(totalReturns(window, own));
    },
  };
}

/** As the kernels have it. */
export function toClose(calendar: TradingCalendar, { sessionDate, closeE6 }: StoredClose): Close {
  return { sessionIndex: calendar.sessionIndex(sessionDate), closeE6 };
}

export type ActionEvents = Readonly<{ splits: readonly SplitEvent[]; dividends: readonly DividendEvent[] }>;
const NO_EVENTS: ActionEvents = { splits: [], dividends: [] };

/** The actions of one symbol, apart by kind, in their order. */
export function actionEvents(actions: readonly StoredAction[]): ActionEvents {
  return {
    splits: actions.flatMap((action) =>
      action.type === 'split'
        ? [{ exDate: action.exDate, ratio: { numerator: action.numerator, denominator: action.denominator } }]
        : [],
    ),
    dividends: actions.flatMap((action) =>
      action.type === 'dividend' ? [{ exDate: action.exDate, amountE8: parseScaled(action.amount, 8) }] : [],
    ),
  };
}

export function toDatedAction(action: StoredAction): DatedAction {
  return action.type === 'dividend' ? { ...action, amount: Number(action.amount) } : action;
}
