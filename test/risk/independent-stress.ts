// What a scenario does, from the formulas of the method note: conditional expectation by Cramer's rule, options by their prices. In decimals.
import {
  decimal,
  exponential,
  larger,
  logarithm,
  normalProbability,
  ONE,
  over,
  squareRoot,
  sum,
  times,
  type Decimal,
} from './decimal.js';
import { inverted } from './independent-statistics.js';

/** By factor; null where a scenario says nothing of it. */
export type Shocks = readonly (Decimal | null)[];

export type Moves = Readonly<{ direct: readonly Decimal[]; correlated: readonly Decimal[]; plausibility: Decimal }>;

/** f₂ = S₂₁·S₁₁⁻¹·f₁ and √(f₁′(21·S₁₁)⁻¹f₁). */
export function movesOf(shocks: Shocks, covariances: readonly (readonly Decimal[])[]): Moves {
  const shocked = shocks.flatMap((shock, k) => (shock === null ? [] : [k]));
  const inverse = inverted(shocked.map((i) => shocked.map((j) => covariances[i]![j]!)));
  const weights = inverse.map((row) => sum(row.map((value, j) => times(value, shocks[shocked[j]!]!))));
  const square = sum(weights.map((weight, j) => times(weight, shocks[shocked[j]!]!)));
  return {
    direct: shocks.map((shock) => shock ?? 0n),
    correlated: shocks.map((shock, k) => shock ?? sum(weights.map((weight, j) => times(covariances[k]![shocked[j]!]!, weight)))),
    plausibility: squareRoot(square / 21n),
  };
}

/** β′f, but no price falls below zero. */
export function priceMove(betas: readonly Decimal[], moves: readonly Decimal[]): Decimal {
  return larger(-ONE, sum(betas.map((beta, k) => times(beta, moves[k]!))));
}

export type Contract = Readonly<{
  type: 'call' | 'put';
  strike: Decimal;
  years: Decimal;
  /** Continuously compounded, a year. */
  rate: Decimal;
}>;

export type Valued = Readonly<{ price: Decimal; delta: Decimal }>;

/** Black and Scholes, without dividends. */
export function optionValue({ type, strike, years, rate }: Contract, spot: Decimal, volatility: Decimal): Valued {
  const spread = times(volatility, squareRoot(years));
  const discounted = times(strike, exponential(-times(rate, years)));
  const d1 = over(logarithm(over(spot, discounted)), spread) + spread / 2n;
  const [share, cash] = [normalProbability(d1), normalProbability(d1 - spread)];
  if (type === 'call') return { price: times(spot, share) - times(discounted, cash), delta: share };
  return { price: times(discounted, ONE - cash) - times(spot, ONE - share), delta: share - ONE };
}

/** The volatility between 0.001 and 5 at which the option costs `premium`, by halving. */
export function impliedBy(contract: Contract, spot: Decimal, premium: Decimal): Decimal {
  let [low, high] = [decimal('0.001'), 5n * ONE];
  for (let i = 0; i < 70; i++) {
    const middle = (low + high) / 2n;
    if (optionValue(contract, spot, middle).price < premium) low = middle;
    else high = middle;
  }
  return low;
}
