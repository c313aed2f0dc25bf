// Turns one symbol's rows of a price file into what a provider must answer: raw closes and the corporate actions beside them.
import { countWhile } from '@closebell/shared/calc/count-while';
import { impliedActions, type DatedWarning } from '@closebell/shared/market-data/implied-actions';
import type { CorporateAction, Dividend, OhlcvBar, SessionRange, Split } from '@closebell/shared/market-data/provider';
import type { PriceColumn, PriceRows } from './price-file.js';

/**
 * One symbol's history, oldest first, kept compact: dates such as 20240131, NaN where a price or volume isn't known.
 * `adjusted`: the source had adjusted closes only, which then are its closes; such a series has no actions.
 */
export type PriceSeries = Readonly<{
  basis: 'raw' | 'adjusted';
  dates: Int32Array;
  open: Float64Array;
  high: Float64Array;
  low: Float64Array;
  close: Float64Array;
  volume: Float64Array;
  actions: readonly CorporateAction[];
  warnings: readonly DatedWarning[];
}>;

/**
 * Rows without a positive close and repeated dates (the first row counts) are left out with a warning. Where the file lists stock splits its
 * prices are taken to be split-adjusted and are undone; where it doesn't, they are taken as traded, and splits and dividends come from the
 * adjusted closes. A dividends column always wins over implied dividends.
 */
export function priceSeries(rows: PriceRows): PriceSeries {
  const warnings: DatedWarning[] = [];
  const basis = rows.values.close.some(isPrice) ? 'raw' : 'adjusted';
  const closes = basis === 'raw' ? rows.values.close : rows.values.adj_close;
  const order = usableRows(rows.dates, closes, warnings);
  const splits = basis === 'raw' ? listedSplits(rows) : [];
  const unsplit = order.map((row) => sharesSplit(splits, (ex) => ex > isoDate(rows.dates[row] ?? 0)));
  const prices = (column: readonly number[]) =>
    Float64Array.from(order, (row, i) => toSixDecimals(price(column[row]) * (unsplit[i] ?? 1)));
  // A file with adjusted closes only may still carry opens and highs as traded: not of one piece with its closes, so left out.
  const traded = (column: PriceColumn) => prices(basis === 'raw' ? rows.values[column] : []);
  const close = prices(closes);
  // From the closes as traded, so that one history gives the same dividends in either basis.
  const implied = basis === 'raw' ? impliedFrom(rows, order, close, warnings) : [];
  return {
    basis,
    dates: Int32Array.from(order, (row) => rows.dates[row] ?? 0),
    open: traded('open'),
    high: traded('high'),
    low: traded('low'),
    close,
    volume: Float64Array.from(order, (row, i) => volume(rows.values.volume[row], unsplit[i] ?? 1)),
    actions: basis === 'raw' ? actionsOf(rows, splits, implied) : [],
    warnings,
  };
}

/** The bars of a series inside the range, under the name the caller asked for. */
export function barsBetween(series: PriceSeries, symbol: string, range: SessionRange): OhlcvBar[] {
  const bars: OhlcvBar[] = [];
  const last = lowerBound(series.dates, numberOfDate(range.to) + 1);
  for (let i = lowerBound(series.dates, numberOfDate(range.from)); i < last; i += 1) {
    const traded = series.volume[i] ?? Number.NaN;
    bars.push({
      symbol,
      sessionDate: isoDate(series.dates[i] ?? 0),
      open: known(series.open[i]),
      high: known(series.high[i]),
      low: known(series.low[i]),
      close: series.close[i] ?? Number.NaN,
      volume: Number.isNaN(traded) ? null : BigInt(traded),
    });
  }
  return bars;
}

/** Row numbers by date, without repeated dates and rows that have no close. */
function usableRows(dates: readonly number[], closes: readonly number[], warnings: DatedWarning[]): readonly number[] {
  const sorted = dates.map((_, row) => row).sort((a, b) => (dates[a] ?? 0) - (dates[b] ?? 0) || a - b);
  let lastDate = 0;
  return sorted.filter((row) => {
    const date = dates[row] ?? 0;
    if (date === lastDate) {
      warnings.push({ sessionDate: isoDate(date), message: 'a second row of the same date was left out' });
      return false;
    }
    lastDate = date;
    if (isPrice(closes[row])) return true;
    warnings.push({ sessionDate: isoDate(date), message: 'a row without a positive close was left out' });
    return false;
  });
}

/** The file's own splits, also those on rows left out for want of a close: earlier prices are adjusted for them all the same. */
function listedSplits({ symbol, dates, values }: PriceRows): readonly Split[] {
  const splits = new Map<string, Split>();
  values.stock_splits.forEach((ratio, row) => {
    const exDate = isoDate(dates[row] ?? 0);
    if (ratio > 0 && ratio !== 1 && Number.isFinite(ratio) && !splits.has(exDate))
      splits.set(exDate, { type: 'split', symbol, exDate, ...fraction(ratio) });
  });
  return [...splits.values()];
}

function impliedFrom(
  rows: PriceRows,
  order: readonly number[],
  closes: Float64Array,
  warnings: DatedWarning[],
): readonly CorporateAction[] {
  const both = order
    .map((row, i) => ({ row, close: closes[i] ?? Number.NaN }))
    .filter(({ row }) => isPrice(rows.values.adj_close[row]));
  const implied = impliedActions({
    symbol: rows.symbol,
    sessionDates: both.map(({ row }) => isoDate(rows.dates[row] ?? 0)),
    closes: both.map(({ close }) => close),
    adjustedCloses: both.map(({ row }) => price(rows.values.adj_close[row])),
  });
  warnings.push(...implied.warnings);
  return implied.actions;
}

function actionsOf(rows: PriceRows, listed: readonly Split[], implied: readonly CorporateAction[]): readonly CorporateAction[] {
  const splits = rows.columns.has('stock_splits') ? listed : implied.filter((action) => action.type === 'split');
  const dividends = rows.columns.has('dividends')
    ? listedDividends(rows).map((dividend) => asPaid(dividend, listed))
    : implied.filter((action) => action.type === 'dividend');
  return [...splits, ...dividends].sort((a, b) => a.exDate.localeCompare(b.exDate));
}

/** Listed like the closes, a dividend counts new shares; as paid it counts those held before the splits of its own day and after. */
function asPaid(dividend: Dividend, listed: readonly Split[]): Dividend {
  const unsplit = sharesSplit(listed, (ex) => ex >= dividend.exDate);
  return unsplit === 1 ? dividend : { ...dividend, amount: toSixDecimals(dividend.amount * unsplit) };
}

function listedDividends({ symbol, dates, values }: PriceRows): readonly Dividend[] {
  const dividends = new Map<string, Dividend>();
  values.dividends.forEach((amount, row) => {
    const exDate = isoDate(dates[row] ?? 0);
    if (amount > 0 && !dividends.has(exDate)) dividends.set(exDate, { type: 'dividend', symbol, exDate, amount });
  });
  return [...dividends.values()];
}

/** New shares per old one over the splits picked by ex-date. */
function sharesSplit(splits: readonly Split[], picked: (exDate: string) => boolean): number {
  return splits.reduce(
    (shares, { exDate, numerator, denominator }) => (picked(exDate) ? (shares * numerator) / denominator : shares),
    1,
  );
}

/** 1.5 as 3:2, 0.125 as 1:8; a ratio no small fraction meets stays as it is, over 1. */
function fraction(ratio: number): Readonly<{ numerator: number; denominator: number }> {
  for (let denominator = 1; denominator <= 100; denominator += 1) {
    const numerator = Math.round(ratio * denominator);
    if (numerator > 0 && Math.abs(numerator / denominator / ratio - 1) < 1e-5) return { numerator, denominator };
  }
  return { numerator: ratio, denominator: 1 };
}

function volume(printed: number | undefined, unsplit: number): number {
  return printed !== undefined && printed >= 0 ? Math.round(printed / unsplit) : Number.NaN;
}

function isPrice(value: number | undefined): value is number {
  return value !== undefined && value > 0;
}

function price(value: number | undefined): number {
  return isPrice(value) ? value : Number.NaN;
}

function known(value: number | undefined): number | null {
  return isPrice(value) ? value : null;
}

function toSixDecimals(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function isoDate(date: number): string {
  const text = String(date).padStart(8, '0');
  return `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
}

function numberOfDate(date: string): number {
  return Number(date.replaceAll('-', ''));
}

/** Index of the first date not before `wanted`. */
function lowerBound(dates: Int32Array, wanted: number): number {
  return countWhile(dates.length, (place) => dates[place]! < wanted);
}
