// The whole of the reference files that the golden files beside are taken from. They are not part of the project: skipped when absent.
import { readFileSync } from 'node:fs';
import { expect, it, type TestContext } from 'vitest';
import { impliedVolatility } from './implied-volatility.js';
import { parseOccSymbol } from './occ-symbol.js';
import { priceOption, type OptionType, type PricedOption } from './option-pricing.js';
import { mean, standardDeviation } from './statistics.js';

type Row = Readonly<{ type: OptionType; S: number; K: number; T: number; r: number; q: number }>;

it('every printed European option price is met to 1e-4', (ctx) => {
  const { prices } = read<{ prices: readonly (Row & { vol: number; value: number })[] }>(ctx, 'haug_european_options');
  const wrong = prices.filter(
    (row) => !(Math.abs(priceOption({ ...optionOf(row), volatility: row.vol }).price - row.value) <= 1e-4),
  );
  expect(wrong).toEqual([]);
});

it('every price and Greek of the spot ladder is met to 1e-6', (ctx) => {
  const { rows } = read<{ rows: readonly Record<string, number>[] }>(ctx, 'vollib_bs_ladder');
  const wrong = rows.flatMap((row) => ladderErrors(row));
  expect(rows.length).toBeGreaterThan(100);
  expect(wrong).toEqual([]);
});

it('every premium that still holds its volatility gives it back, every other one a reason', (ctx) => {
  type Case = Row & Readonly<{ price: number; vol: number; vol_error_from_1ulp: number | 'inf'; solvable: boolean }>;
  const { rows } = read<{ rows: readonly Case[] }>(ctx, 'implied_vol_cases');
  const wrong = rows.filter((row) => {
    const answer = impliedVolatility({ ...optionOf(row), premium: row.price });
    if (!answer.ok || !row.solvable) return answer.ok !== row.solvable;
    // The file counts one rounding of the premium; spot and strike, larger in the money, are rounded too.
    const roundings = 4 * (Math.max(row.S, row.K) / row.price);
    return Math.abs(answer.volatility - row.vol) > 1e-11 + roundings * Number(row.vol_error_from_1ulp);
  });
  expect(wrong).toEqual([]);
});

it('every option symbol is read, every malformed one refused', (ctx) => {
  type Symbols = Readonly<{
    valid: readonly Record<'input' | 'root' | 'expiry' | 'right' | 'strike', string>[];
    invalid: readonly string[];
  }>;
  const { valid, invalid } = read<Symbols>(ctx, 'occ_symbols');
  for (const { input, root, expiry, right, strike } of valid) {
    expect(parseOccSymbol(input)).toMatchObject({ root, expirationDate: expiry, type: right === 'C' ? 'call' : 'put', strike });
  }
  expect(invalid.map(parseOccSymbol)).toEqual(invalid.map(() => null));
});

it('every NIST univariate set is met to 8.2 digits or better', (ctx) => {
  type Sets = Readonly<{
    datasets: Readonly<Record<string, Readonly<{ mean: string; sd_ddof1: string; data: readonly number[] }>>>;
  }>;
  for (const [name, set] of Object.entries(read<Sets>(ctx, 'nist_strd_univariate').datasets)) {
    expect(Math.abs(Number(mean(set.data)) / Number(set.mean) - 1), name).toBeLessThan(1e-14);
    expect(Math.abs(Number(standardDeviation(set.data)) / Number(set.sd_ddof1) - 1), name).toBeLessThan(10 ** -8.2);
  }
});

function optionOf({ type, S, K, T, r, q }: Row): Omit<PricedOption, 'volatility'> {
  return { type, spot: S, strike: K, years: T, rate: r, dividendYield: q };
}

function ladderErrors(row: Record<string, number>): readonly string[] {
  const terms = {
    spot: row['S'] ?? NaN,
    strike: row['K'] ?? NaN,
    years: row['t'] ?? NaN,
    rate: row['R'] ?? NaN,
    volatility: row['v'] ?? NaN,
  };
  return (['call', 'put'] as const).flatMap((type) => {
    const { price, delta, gamma, thetaPerDay, vegaPerVolPoint, rhoPerPct } = priceOption({ ...terms, type });
    const initial = type === 'call' ? 'C' : 'P';
    const figures = {
      [`bs_${type}`]: price,
      [`${initial}D`]: delta,
      [`${initial}G`]: gamma,
      [`${initial}T`]: thetaPerDay * 365,
      [`${initial}V`]: vegaPerVolPoint * 100,
      [`${initial}R`]: rhoPerPct * 100,
    };
    return Object.entries(figures)
      .filter(([name, figure]) => !(Math.abs(figure - (row[name] ?? NaN)) <= 1e-6))
      .map(([name, figure]) => `spot ${terms.spot} ${name}: ${figure}, not ${row[name]}`);
  });
}

function read<T>(ctx: TestContext, name: string): T {
  const folder = process.env['CLOSEBELL_SHARED_DATA'] ?? new URL('../../../../shared/data', import.meta.url).pathname;
  try {
    return JSON.parse(readFileSync(`${folder}/oracles/${name}.json`, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    console.warn(`skipped: no reference file ${name} (set CLOSEBELL_SHARED_DATA)`);
    return ctx.skip();
  }
}
