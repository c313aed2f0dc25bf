import { readFileSync } from 'node:fs';
import { describe, expect, it, type TestContext } from 'vitest';
import { calculateGreeks, GREEKS_POSITIONS_MAX, type Greeks, type GreeksPosition } from './greeks-request.js';
import { impliedVolatility } from './implied-volatility.js';
import { optionPrice, priceOption, type OptionType } from './option-pricing.js';

const call: GreeksPosition = { type: 'call', spot: 150, strike: 150, years: 30 / 365, volatility: 0.25, rate: 0.05 };
const only = (position: GreeksPosition) => calculateGreeks([position])[0]!;

describe('calculateGreeks', () => {
  it('answers per share, and × quantity × 100 beside when a quantity is given', () => {
    const { price, delta, gamma, thetaPerDay, vegaPerVolPoint, rhoPerPct } = priceOption({ ...call, dividendYield: 0.01 });
    const perShare: Greeks = {
      price,
      delta,
      gamma,
      theta_per_day: thetaPerDay,
      vega_per_vol_point: vegaPerVolPoint,
      rho_per_pct: rhoPerPct,
    };
    expect(only({ ...call, dividend_yield: 0.01 })).toEqual({ available: true, ...perShare });
    const short = only({ ...call, dividend_yield: 0.01, quantity: -3 });
    const position = Object.fromEntries(Object.entries(perShare).map(([name, figure]) => [name, figure * -300]));
    expect(short).toEqual({ available: true, ...perShare, position });
    expect(only({ ...call, quantity: 0 })).toMatchObject({ position: { price: 0 } });
  });

  it('answers each position in its place: an impossible one spoils none', () => {
    const results = calculateGreeks([call, { ...call, spot: -1 }, { ...call, type: 'put' }]);
    expect(results.map(({ available }) => available)).toEqual([true, false, true]);
    expect(calculateGreeks([])).toEqual([]);
  });

  it.each([{ spot: -1 }, { strike: 0 }, { volatility: -0.1 }, { rate: NaN }, { years: Infinity }, { dividend_yield: NaN }])(
    'refuses terms no option has: %o',
    (wrong) => {
      expect(only({ ...call, ...wrong })).toEqual({ available: false, reason: 'impossible_terms' });
    },
  );

  it.each([
    { rate: -1e6 },
    { dividend_yield: -1e6 },
    { quantity: 1e308 },
    { quantity: NaN },
    { spot: 1e308, dividend_yield: -5, years: 9 },
  ])('never shows a figure that is not a finite number: %o', (wrong) => {
    expect(only({ ...call, ...wrong })).toEqual({ available: false, reason: 'out_of_range' });
  });

  it('an expired option is its intrinsic value', () => {
    expect(only({ ...call, years: -1, spot: 160, quantity: 1 })).toMatchObject({
      price: 10,
      delta: 1,
      gamma: 0,
      position: { price: 1_000, delta: 100 },
    });
  });

  it('takes 500 positions and not one more', () => {
    const positions = Array.from({ length: GREEKS_POSITIONS_MAX }, () => call);
    expect(calculateGreeks(positions)).toHaveLength(500);
    expect(() => calculateGreeks([...positions, call])).toThrow(RangeError);
  });
});

it('optionPrice is the price of priceOption to the last bit', () => {
  for (const type of ['call', 'put'] as const) {
    for (const years of [-0.1, 0, 0.001, 0.5, 3]) {
      for (const spot of [0, 1, 99.99, 100, 250]) {
        for (const volatility of [0, 0.1, 2]) {
          const option = { type, spot, strike: 100, years, rate: 0.03, dividendYield: 0.01, volatility };
          expect(optionPrice(option)).toBe(priceOption(option).price);
        }
      }
    }
  }
});

// The whole of the reference files; they are not part of the project: skipped when absent.
describe('reference answers', () => {
  type HaugRow = Readonly<Record<'S' | 'K' | 'T' | 'r' | 'q' | 'vol' | 'value', number>> & Readonly<{ type: OptionType }>;
  const haugOption = ({ type, S, K, T, r, q, vol }: HaugRow): GreeksPosition => ({
    type,
    spot: S,
    strike: K,
    years: T,
    rate: r,
    dividend_yield: q,
    volatility: vol,
  });

  it('every printed price and Greek of Haug is met to 1e-4', (ctx) => {
    const { prices, greeks } = read<{ prices: HaugRow[]; greeks: (HaugRow & { greek: string })[] }>(ctx, 'haug_european_options');
    expect(prices.length + greeks.length).toBe(54);
    for (const row of prices) expect(Math.abs(figuresOf(haugOption(row))['price']! - row.value)).toBeLessThanOrEqual(1e-4);
    for (const row of greeks) {
      expect(Math.abs(haugGreek(haugOption(row), row.greek) - row.value), row.greek).toBeLessThanOrEqual(1e-4);
    }
  });

  it('every figure of the spot ladder is met to 1e-9 relative, or to 0.6 units of its last digit where it has fewer', (ctx) => {
    const { rows } = read<{ rows: Record<string, number>[] }>(ctx, 'vollib_bs_ladder');
    const wrong = rows.flatMap((row) => (['call', 'put'] as const).flatMap((type) => ladderErrors(row, type)));
    expect(rows).toHaveLength(101);
    expect(wrong).toEqual([]);
  });

  it('every implied volatility is met to 1e-11 and what the premium’s rounding costs, or has a reason', (ctx) => {
    type Case = HaugRow & Readonly<{ price: number; vol_error_from_1ulp: number | 'inf'; solvable: boolean }>;
    const { rows } = read<{ rows: Case[] }>(ctx, 'implied_vol_cases');
    for (const row of rows) {
      const { type, S: spot, K: strike, T: years, r: rate, q: dividendYield, price: premium } = row;
      const answer = impliedVolatility({ type, spot, strike, years, rate, dividendYield, premium });
      expect(answer.ok).toBe(row.solvable);
      if (!answer.ok) continue;
      const roundings = 4 * (Math.max(spot, strike) / premium) * Number(row.vol_error_from_1ulp);
      expect(Math.abs(answer.volatility - row.vol)).toBeLessThanOrEqual(1e-11 + roundings);
    }
    expect(rows).toHaveLength(400);
  });
});

function figuresOf(position: GreeksPosition): Readonly<Record<string, number>> {
  const result = only(position);
  if (!result.available) return {};
  const { price, delta, gamma, theta_per_day: theta, vega_per_vol_point: vega, rho_per_pct: rho } = result;
  return { price, delta, gamma, theta: theta * 365, 'theta per day': theta, vega: vega * 100, rho: rho * 100 };
}

/** Two of Haug's figures are not ours: elasticity is delta × spot / price, and the slope by dividend yield is taken from the price. */
function haugGreek(position: GreeksPosition, greek: string): number {
  const figures = figuresOf(position);
  if (greek === 'elasticity') return (figures['delta']! * position.spot) / figures['price']!;
  if (greek !== 'dividendRho') return figures[greek]!;
  const at = (step: number): number => figuresOf({ ...position, dividend_yield: position.dividend_yield! + step })['price']!;
  return (at(1e-5) - at(-1e-5)) / 2e-5;
}

function ladderErrors(row: Record<string, number>, type: OptionType): readonly string[] {
  const { S: spot = NaN, K: strike = NaN, t: years = NaN, R: rate = NaN, v: volatility = NaN } = row;
  const { price, delta, gamma, theta, vega, rho } = figuresOf({ type, spot, strike, years, rate, volatility });
  const initial = type === 'call' ? 'C' : 'P';
  const named = { [`bs_${type}`]: price, D: delta, G: gamma, T: theta, V: vega, R: rho };
  return Object.entries(named).flatMap(([name, figure]) => {
    const printed = row[name.length === 1 ? `${initial}${name}` : name] ?? NaN;
    return Math.abs(figure! - printed) <= tolerance(printed) ? [] : [`spot ${spot} ${type} ${name}: ${figure}, not ${printed}`];
  });
}

/** The ladder has up to ten digits, 0 for what is below 1e-10, and one gamma (spot 400) cut off at …14|54 where its own vega says …15. */
function tolerance(printed: number): number {
  if (printed === 0) return 0.5e-10;
  const [digits, exponent] = printed.toExponential().split('e') as [string, string];
  const lastDigit = 10 ** (Number(exponent) - (digits.split('.')[1]?.length ?? 0));
  return Math.max(1e-9 * Math.abs(printed), 0.6 * lastDigit);
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
