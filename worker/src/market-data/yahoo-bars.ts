// Turns Yahoo's chart, whose figures are adjusted for every split up to today, into bars as traded and the actions beside them.
import type { DatedWarning } from '@closebell/shared/market-data/implied-actions';
import type { CorporateAction, DailyBarsResult, OhlcvBar, SessionRange } from '@closebell/shared/market-data/provider';
import type { ChartResultObject } from 'yahoo-finance2/modules/chart';
import { corporateActions, type ListedDividend, type ListedSplit } from './corporate-actions.js';
import { PRICE_COLUMNS, type PriceRows } from './price-file.js';
import { barsBetween, priceSeries } from './price-series.js';
import { garbage } from './yahoo-refusals.js';

/** `spelled` is Yahoo's name of `symbol`; sessions after `lastComplete` are still being traded and are left out. */
export type ChartRequest = Readonly<{ symbol: string; spelled: string; range: SessionRange; lastComplete: string }>;

/**
 * The chart must reach to today, whatever the range: only its splits tell what the closes were divided by. Throws a YahooRefusal for the
 * chart of another symbol, of other than daily bars, or with columns of unequal length.
 */
export function dailyBarsOfChart(
  chart: ChartResultObject,
  { symbol, spelled, range, lastComplete }: ChartRequest,
): DailyBarsResult {
  requireAskedFor(chart, spelled);
  const events = chartEvents(chart);
  const series = priceSeries(priceRows(symbol, chart, events, lastComplete));
  const complete = { from: range.from, to: range.to < lastComplete ? range.to : lastComplete };
  const isAsked = (date: string): boolean => date >= complete.from && date <= complete.to;

  const history = barsBetween(series, symbol, { from: BEFORE_ALL, to: complete.to }).map(asPrinted);
  const bars = history.filter(({ sessionDate }) => isAsked(sessionDate));
  if (bars.length === 0)
    return { status: 'no_data', symbol, reason: `Yahoo has no close of ${symbol} from ${range.from} to ${range.to}` };
  const spinOffs = events.splits.filter(isSpinOff);
  const warnings = [...series.warnings, ...spinOffs.map(spinOffWarning)].filter(({ sessionDate }) => isAsked(sessionDate));
  return {
    status: 'ok',
    symbol,
    bars,
    actions: corporateActions(symbol, complete, {
      splits: events.splits.filter((split) => !isSpinOff(split)),
      dividends: [...paidDividends(series.actions), ...distributions(spinOffs, history)],
    }),
    warnings: warnings.map(({ sessionDate, message }) => `${symbol} ${sessionDate}: ${message}`),
  };
}

const BEFORE_ALL = '1900-01-01';

/** As Yahoo lists them: dividends, like prices, per share of today. */
type ChartEvents = Readonly<{ splits: readonly ListedSplit[]; dividends: ReadonlyMap<string, number> }>;

function requireAskedFor({ meta, timestamp = [], indicators }: ChartResultObject, spelled: string): void {
  if (meta.symbol !== spelled) throw garbage(`Yahoo answered the chart of ${meta.symbol}`);
  if (meta.dataGranularity !== '1d') throw garbage(`Yahoo answered bars of ${meta.dataGranularity} instead of days`);
  const [quote] = indicators.quote;
  if (timestamp.length === 0) return;
  const lengths = [quote?.open, quote?.high, quote?.low, quote?.close, quote?.volume].map((column) => column?.length);
  if (lengths.some((length) => length !== timestamp.length)) throw garbage('Yahoo answered columns of unequal length');
}

function chartEvents({ meta, events }: ChartResultObject): ChartEvents {
  const dateOf = dateIn(meta.exchangeTimezoneName);
  const { splits = {}, dividends = {} } = events ?? {};
  return {
    splits: Object.values(splits).map(({ date, numerator, denominator }) => ({ exDate: dateOf(date), numerator, denominator })),
    dividends: new Map(Object.values(dividends).map(({ date, amount }) => [dateOf(date), amount])),
  };
}

/** The rows a price file would have. Holes are left out; an action on a day without a close still has its row, for those before it. */
function priceRows(
  symbol: string,
  chart: ChartResultObject,
  { splits, dividends }: ChartEvents,
  lastComplete: string,
): PriceRows {
  const dateOf = dateIn(chart.meta.exchangeTimezoneName);
  const [quote] = chart.indicators.quote;
  const traded = (chart.timestamp ?? [])
    .map((seconds, row) => ({ row, date: dateOf(new Date(seconds * 1_000)) }))
    .filter(({ row, date }) => date <= lastComplete && (quote?.close[row] ?? 0) > 0);
  const tradedDates = new Set(traded.map(({ date }) => date));
  const ratios = new Map(splits.map(({ exDate, numerator, denominator }) => [exDate, numerator / denominator]));
  const eventDates = new Set([...ratios.keys(), ...dividends.keys()].filter((date) => !tradedDates.has(date)));
  const dates = [...traded.map(({ date }) => date), ...eventDates];
  const column = (cells: readonly (number | null)[] = []) => dates.map((_, i) => cells[traded[i]?.row ?? -1] ?? Number.NaN);
  return {
    symbol,
    columns: new Set(PRICE_COLUMNS.filter((name) => name !== 'adj_close')),
    dates: dates.map((date) => Number(date.replaceAll('-', ''))),
    values: {
      open: column(quote?.open),
      high: column(quote?.high),
      low: column(quote?.low),
      close: column(quote?.close),
      adj_close: [],
      volume: column(quote?.volume),
      dividends: dates.map((date) => dividends.get(date) ?? Number.NaN),
      stock_splits: dates.map((date) => ratios.get(date) ?? Number.NaN),
    },
  };
}

/** Per share held then, as the series has undone the splits since. */
function paidDividends(actions: readonly CorporateAction[]): readonly ListedDividend[] {
  return actions.filter((action) => action.type === 'dividend').map(({ exDate, amount }) => ({ exDate, amount, kind: 'cash' }));
}

/** The calendar date at an instant on the exchange's clock: a bar bears the instant of its open, an hour off after the clocks change. */
function dateIn(timeZone: string): (instant: Date) => string {
  // Sweden writes dates as ISO 8601 does.
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return (instant) => format.format(instant);
}

/** Yahoo prints 32-bit floats: 191.04 comes as 191.0399932861328. */
const FLOAT32_HALF_UNIT = 2 ** -24;
/** What the rounding to six decimals may have added. */
const SIX_DECIMALS_HALF_UNIT = 5e-7;

function asPrinted(bar: OhlcvBar): OhlcvBar {
  const { open, high, low, close } = bar;
  return {
    ...bar,
    open: open && priceMeant(open),
    high: high && priceMeant(high),
    low: low && priceMeant(low),
    close: priceMeant(close),
  };
}

/** The price of the fewest decimals, two at least, that Yahoo would have printed like this. */
function priceMeant(printed: number): number {
  const slack = printed * FLOAT32_HALF_UNIT + SIX_DECIMALS_HALF_UNIT;
  for (let unit = 100; unit < 1e6; unit *= 10) {
    const candidate = Math.round(printed * unit) / unit;
    if (Math.abs(candidate - printed) <= slack) return candidate;
  }
  return printed;
}

/** Splits and stock dividends are listed in small terms (4:1, 21:20, 103:100), spin-offs in thousandths (1281:1000). */
const SPIN_OFF_TERM_MIN = 500;

function isSpinOff({ numerator, denominator }: ListedSplit): boolean {
  return denominator >= SPIN_OFF_TERM_MIN && numerator > denominator;
}

/**
 * Yahoo lists a spin-off as a split. But holders keep their shares, and get others worth the part by which the ratio divides the last close:
 * that is told as a dividend. None on a security's first day, which has no close before it.
 */
function distributions(spinOffs: readonly ListedSplit[], history: readonly OhlcvBar[]): readonly ListedDividend[] {
  return spinOffs.flatMap(({ exDate, numerator, denominator }) => {
    const before = history.findLast(({ sessionDate }) => sessionDate < exDate);
    if (before === undefined) return [];
    return [{ exDate, amount: toSixDecimals(before.close * (1 - denominator / numerator)), kind: 'spin-off' }];
  });
}

function spinOffWarning({ exDate, numerator, denominator }: ListedSplit): DatedWarning {
  const message = `Yahoo's split ${numerator}:${denominator} is taken for a spin-off and kept as a dividend of its worth`;
  return { sessionDate: exDate, message };
}

function toSixDecimals(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
