// Reference answers about options and their symbols, and about the exchange's calendar.
import { impliedVolatility } from '@closebell/shared/calc/implied-volatility';
import { parseOccSymbol } from '@closebell/shared/calc/occ-symbol';
import { priceOption, type OptionFigures, type OptionType } from '@closebell/shared/calc/option-pricing';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { readOracle, relativeDifference } from './oracle-files.js';

type Row = Readonly<{ type: OptionType; S: number; K: number; T: number; r: number; q: number }>;

export function printedPriceDifferences(): readonly number[] {
  type Printed = Row & Readonly<{ vol: number; value: number }>;
  type Tables = Readonly<{ prices: readonly Printed[]; greeks: readonly (Printed & Readonly<{ greek: string }>)[] }>;
  const { prices, greeks } = readOracle<Tables>('haug_european_options');
  const figuresOf = (row: Printed): OptionFigures => priceOption({ ...termsOf(row), volatility: row.vol });
  return [
    ...prices.map((row) => Math.abs(figuresOf(row).price - row.value)),
    // It has two that are not shown here: elasticity, and rho of the dividend yield.
    ...greeks.flatMap((row) => {
      const figure = yearly(figuresOf(row))[row.greek];
      return figure === undefined ? [] : [Math.abs(figure - row.value)];
    }),
  ];
}

/** Relative where the reference has its nine digits, else absolute: it prints some figures with fewer. */
export function spotLadderDifferences(): readonly number[] {
  const { rows } = readOracle<Readonly<{ rows: readonly Readonly<Record<string, number>>[] }>>('vollib_bs_ladder');
  return rows.flatMap((row) =>
    (['call', 'put'] as const).flatMap((type) => {
      const terms = { type, spot: row['S']!, strike: row['K']!, years: row['t']!, rate: row['R']!, volatility: row['v']! };
      const figures = yearly(priceOption(terms));
      const initial = type === 'call' ? 'C' : 'P';
      const names = {
        price: `bs_${type}`,
        delta: `${initial}D`,
        gamma: `${initial}G`,
        theta: `${initial}T`,
        vega: `${initial}V`,
        rho: `${initial}R`,
      };
      return Object.entries(names).map(([name, column]) => {
        const [figure, wanted] = [figures[name]!, row[column]!];
        return Math.min(Math.abs(figure - wanted), relativeDifference(figure, wanted));
      });
    }),
  );
}

/** Beyond what the rounding of the premium, the spot and the strike allows; 1 for a case that should have an answer and has none, or has one. */
export function impliedVolatilityDifferences(): readonly number[] {
  type Case = Row & Readonly<{ price: number; vol: number; vol_error_from_1ulp: number | 'inf'; solvable: boolean }>;
  return readOracle<Readonly<{ rows: readonly Case[] }>>('implied_vol_cases').rows.map((row) => {
    const answer = impliedVolatility({ ...termsOf(row), premium: row.price });
    if (!answer.ok || !row.solvable) return Number(answer.ok !== row.solvable);
    const roundings = 4 * (Math.max(row.S, row.K) / row.price);
    return Math.max(0, Math.abs(answer.volatility - row.vol) - roundings * Number(row.vol_error_from_1ulp));
  });
}

/** 1 for each that is read wrongly. */
export function optionSymbolDifferences(): readonly number[] {
  type Symbols = Readonly<{
    valid: readonly Readonly<Record<'input' | 'root' | 'expiry' | 'right' | 'strike', string>>[];
    invalid: readonly string[];
  }>;
  const { valid, invalid } = readOracle<Symbols>('occ_symbols');
  return [
    ...valid.map(({ input, root, expiry, right, strike }) => {
      const symbol = parseOccSymbol(input);
      const isRight =
        symbol?.root === root &&
        symbol.expirationDate === expiry &&
        symbol.type === (right === 'C' ? 'call' : 'put') &&
        Number(symbol.strike) === Number(strike);
      return Number(!isRight);
    }),
    ...invalid.map((input) => Number(parseOccSymbol(input) !== null)),
  ];
}

/** Sessions too many or too few of each year, and closures that are sessions. */
export function calendarDifferences(): readonly number[] {
  type Years = Readonly<{ sessions_per_year: Readonly<Record<string, number>>; weekday_full_closures: readonly string[] }>;
  const { sessions_per_year: years, weekday_full_closures: closures } = readOracle<Years>('nyse_calendar_1990_2028');
  const calendar = xnysCalendar();
  return [
    ...Object.entries(years).map(([year, count]) =>
      Math.abs(calendar.sessionsBetween(`${year}-01-01`, `${year}-12-31`).length - count),
    ),
    ...closures.map((date) => Number(calendar.isSession(date))),
  ];
}

function termsOf({ type, S, K, T, r, q }: Row) {
  return { type, spot: S, strike: K, years: T, rate: r, dividendYield: q };
}

/** By year and by unit, as the references have them. */
function yearly({
  price,
  delta,
  gamma,
  thetaPerDay,
  vegaPerVolPoint,
  rhoPerPct,
}: OptionFigures): Readonly<Record<string, number>> {
  const years = { theta: thetaPerDay * 365, vega: vegaPerVolPoint * 100, rho: rhoPerPct * 100 };
  return { price, delta, gamma, 'theta per day': thetaPerDay, ...years };
}
