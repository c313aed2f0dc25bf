// The rate of option marks from the Treasury's yields as they are published.
import { countWhile } from './count-while.js';

/** One published yield: percent a year, as in 4.37. */
export type PublishedYield = Readonly<{ date: string; percent: number }>;

/**
 * The rate, continuously compounded, a year, of a yield that pays twice a year (a bond-equivalent yield, as DGS3MO is): 2·ln(1 + percent/200).
 * NaN at or below −200 percent.
 */
export function continuousRate(percent: number): number {
  return 2 * Math.log1p(percent / 200);
}

/**
 * The rate that holds on a date: of the newest yield of that date or an earlier one, `fallback` where there is none. Yields oldest first;
 * `fallback` and the rates continuously compounded, a year.
 */
export function rateCurve(yields: readonly PublishedYield[], fallback: number): (date: string) => number {
  return (date) => {
    const count = countUpTo(yields, date);
    return count === 0 ? fallback : continuousRate(yields[count - 1]!.percent);
  };
}

/** How many of the yields are of the date or earlier ones: halved until found, as a mark of every session of every lot asks. */
function countUpTo(yields: readonly PublishedYield[], date: string): number {
  return countWhile(yields.length, (place) => yields[place]!.date <= date);
}
