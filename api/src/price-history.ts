// Closes along the last sessions, as they are stored: never adjusted, never carried forward.
import { loadActions } from '@closebell/prisma/prices';
import { loadPriceWindows } from '@closebell/prisma/price-windows';
import type { DateFormat, PriceSeriesShown } from '@closebell/shared/contracts/price-history';
import type { StoredAction } from '@closebell/shared/ledger/price-book';
import type { ApiContext } from './context.js';

type PriceHistoryRequest = Readonly<{
  symbols: readonly string[];
  /** The last session, and how many there are. */
  to: string;
  lookback: number;
  dateFormat: DateFormat;
}>;

export type PriceHistory = Readonly<{
  dates: readonly (string | number)[];
  /** Of every symbol asked for. */
  series: ReadonlyMap<string, PriceSeriesShown>;
  metadata: Readonly<{ lookback_days: number; from_date: string; to_date: string; adjusted: false }>;
}>;

export async function readPriceHistory(
  { db, calendar }: Pick<ApiContext, 'db' | 'calendar'>,
  { symbols, to, lookback, dateFormat }: PriceHistoryRequest,
): Promise<PriceHistory> {
  const sessions = calendar.sessionsTo(to, lookback);
  const from = sessions[0]!;
  const closesWanted = new Map(symbols.map((symbol) => [symbol, sessions.length]));
  const [windows, actions] = await Promise.all([
    loadPriceWindows(db.pool, { sessions, closesWanted }),
    loadActions(db.pool, symbols, to),
  ]);
  const show = (date: string): string | number => (dateFormat === 'unix' ? unixSeconds(date) : date);
  const seriesOf = (symbol: string): PriceSeriesShown => ({
    symbol,
    ...viewCloses(windows.closes.get(symbol)!),
    ...viewActions(
      (actions.get(symbol) ?? []).filter(({ exDate }) => exDate >= from),
      show,
    ),
  });
  return {
    dates: sessions.map(show),
    series: new Map(symbols.map((symbol) => [symbol, seriesOf(symbol)])),
    metadata: { lookback_days: sessions.length, from_date: from, to_date: to, adjusted: false },
  };
}

/** Of the midnight, UTC, that the day begins with. */
function unixSeconds(date: string): number {
  return Date.parse(date) / 1_000;
}

function viewCloses(window: Float64Array): Pick<PriceSeriesShown, 'closes' | 'closes_count'> {
  const closes = Array.from(window, (close) => (Number.isNaN(close) ? null : close));
  return { closes, closes_count: closes.filter((close) => close !== null).length };
}

function viewActions(
  actions: readonly StoredAction[],
  show: (date: string) => string | number,
): Pick<PriceSeriesShown, 'splits' | 'dividends'> {
  return {
    splits: actions.flatMap((action) =>
      action.type === 'split' ? [{ ex: show(action.exDate), numerator: action.numerator, denominator: action.denominator }] : [],
    ),
    dividends: actions.flatMap((action) =>
      action.type === 'dividend' ? [{ ex: show(action.exDate), amount: Number(action.amount) }] : [],
    ),
  };
}
