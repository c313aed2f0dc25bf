// Splits and dividends as a provider lists them, made into what we keep: one of each per ex-date, in order, splits in whole shares.
import type { CorporateAction, Dividend, SessionRange, Split } from '@closebell/shared/market-data/provider';
import { groupBy } from '@closebell/shared/grouping';

export type ListedSplit = Readonly<{ exDate: string; numerator: number; denominator: number }>;
/** `amount` per share as declared; `kind` tells two payments of one day and amount apart (regular and special). */
export type ListedDividend = Readonly<{ exDate: string; amount: number; kind: string }>;

export type ListedActions = Readonly<{ splits: readonly ListedSplit[]; dividends: readonly ListedDividend[] }>;

/**
 * Those inside the range, oldest first, a split before a dividend of the same day. What is listed twice counts once, for providers do list
 * things twice; what differs on one day is put together: payments are added, splits multiplied. Zeros and negatives are left out.
 */
export function corporateActions(symbol: string, range: SessionRange, listed: ListedActions): readonly CorporateAction[] {
  const inside = ({ exDate }: Readonly<{ exDate: string }>): boolean => exDate >= range.from && exDate <= range.to;
  const splits = listed.splits.filter((split) => inside(split) && split.numerator > 0 && split.denominator > 0);
  const dividends = listed.dividends.filter((dividend) => inside(dividend) && dividend.amount > 0);
  const actions: readonly CorporateAction[] = [
    ...[...groupBy(splits, ({ exDate }) => exDate).values()].map((sameDay) => splitOfDay(symbol, sameDay)),
    ...[...groupBy(dividends, ({ exDate }) => exDate).values()].map((sameDay) => dividendOfDay(symbol, sameDay)),
  ];
  return actions.filter(isChange).toSorted((a, b) => a.exDate.localeCompare(b.exDate));
}

function splitOfDay(symbol: string, sameDay: readonly ListedSplit[]): Split {
  const ratios = new Set(sameDay.map(({ numerator, denominator }) => numerator / denominator));
  const [only] = sameDay;
  const { exDate, numerator, denominator } = only!;
  const ratio = [...ratios].reduce((product, each) => product * each, 1);
  const whole = ratios.size === 1 ? wholeRatio(numerator, denominator) : wholeRatio(ratio, 1);
  return { type: 'split', symbol, exDate, ...whole };
}

function dividendOfDay(symbol: string, sameDay: readonly ListedDividend[]): Dividend {
  const distinct = [...new Map(sameDay.map((dividend) => [`${dividend.amount} ${dividend.kind}`, dividend])).values()];
  const amount = distinct.reduce((sum, dividend) => sum + dividend.amount, 0);
  return { type: 'dividend', symbol, exDate: sameDay[0]!.exDate, amount: Math.round(amount * 1e8) / 1e8 };
}

function isChange(action: CorporateAction): boolean {
  return action.type === 'dividend' || action.numerator !== action.denominator;
}

/** A stock dividend of 2.49 % comes as 1.0249 for 1: in whole shares 10,249 for 10,000. Six decimals are kept. */
export function wholeRatio(numerator: number, denominator: number): Readonly<{ numerator: number; denominator: number }> {
  let scale = 1;
  while (scale < 1e6 && !(isWhole(numerator * scale) && isWhole(denominator * scale))) scale *= 10;
  const above = Math.max(1, Math.round(numerator * scale));
  const below = Math.max(1, Math.round(denominator * scale));
  const divisor = greatestCommonDivisor(above, below);
  return { numerator: above / divisor, denominator: below / divisor };
}

function isWhole(value: number): boolean {
  return Math.abs(value - Math.round(value)) < 1e-9 * Math.max(1, value);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
