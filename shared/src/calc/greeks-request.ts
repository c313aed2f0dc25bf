// Greeks on demand: the positions of a request, priced one by one. The fields are those of the request and its answer.
import { isPriceable, positionFigures, priceOption, type OptionFigures, type OptionType } from './option-pricing.js';

export const GREEKS_POSITIONS_MAX = 500;

/** Units as in `PricedOption`; `quantity` in contracts of 100 shares, negative when short. */
export type GreeksPosition = Readonly<{
  type: OptionType;
  spot: number;
  strike: number;
  years: number;
  volatility: number;
  rate: number;
  dividend_yield?: number | undefined;
  quantity?: number | undefined;
}>;

/** Units as in `OptionFigures`. */
export type Greeks = Readonly<
  Record<'price' | 'delta' | 'gamma' | 'theta_per_day' | 'vega_per_vol_point' | 'rho_per_pct', number>
>;

export type GreeksResult =
  /** Per share; `position` × quantity × 100 where a quantity was given. */
  | (Readonly<{ available: true; position?: Greeks }> & Greeks)
  /** `impossible_terms`: no option has them. `out_of_range`: they are so large that a figure is no longer a finite number. */
  | Readonly<{ available: false; reason: 'impossible_terms' | 'out_of_range' }>;

/** One result for each position, in their order; never throws for what a position says. Throws RangeError beyond 500 positions. */
export function calculateGreeks(positions: readonly GreeksPosition[]): readonly GreeksResult[] {
  if (positions.length > GREEKS_POSITIONS_MAX) {
    throw new RangeError(`${positions.length} positions in one request; at most ${GREEKS_POSITIONS_MAX}`);
  }
  return positions.map(greeksOf);
}

function greeksOf(position: GreeksPosition): GreeksResult {
  const { type, spot, strike, years, volatility, rate, dividend_yield: dividendYield = 0, quantity } = position;
  const option = { type, spot, strike, years, volatility, rate, dividendYield };
  if (!isPriceable(option, volatility)) return { available: false, reason: 'impossible_terms' };
  const perShare = priceOption(option);
  const perPosition = quantity === undefined ? perShare : positionFigures(perShare, quantity);
  if (!isAllFinite(perShare) || !isAllFinite(perPosition)) return { available: false, reason: 'out_of_range' };
  const greeks = { available: true, ...greeksFields(perShare) } as const;
  return quantity === undefined ? greeks : { ...greeks, position: greeksFields(perPosition) };
}

function isAllFinite(figures: OptionFigures): boolean {
  return Object.values(figures).every(Number.isFinite);
}

function greeksFields({ price, delta, gamma, thetaPerDay, vegaPerVolPoint, rhoPerPct }: OptionFigures): Greeks {
  return { price, delta, gamma, theta_per_day: thetaPerDay, vega_per_vol_point: vegaPerVolPoint, rho_per_pct: rhoPerPct };
}
