// Greeks of option lots, from the marks they were valued by. Pure.
import type { LotMark } from '@closebell/prisma/figures';
import type { ValuedLot } from '@closebell/prisma/valued-lots';
import { calculateGreeks, type Greeks } from '@closebell/shared/calc/greeks-request';
import { yearsToExpiry } from '@closebell/shared/calc/option-pricing';
import { ratioBetween, type SplitEvent } from '@closebell/shared/calc/price-series';
import type { PortfolioGreeks } from '@closebell/shared/contracts/analytics-greeks';

export type MarkedOptions = Readonly<{
  portfolioId: string;
  sessionDate: string;
  /** When the session's prices are of. */
  closedAt: Date;
  /** Option lots, the largest by market value first. */
  lots: readonly ValuedLot[];
  /** By position. */
  marks: ReadonlyMap<string, LotMark>;
  /** By underlying. */
  splitsOf: (symbol: string) => readonly SplitEvent[];
}>;

type HeldOption = PortfolioGreeks['positions'][number];

export function viewGreeks(options: MarkedOptions): PortfolioGreeks {
  const positions = options.lots.flatMap((lot) => viewOption(options, lot) ?? []);
  const marked = new Set(positions.map(({ position_id: id }) => id));
  return {
    available: true,
    portfolio_id: options.portfolioId,
    calculation_date: options.sessionDate,
    positions,
    totals: totalsOf(positions),
    metadata: {
      options: options.lots.length,
      without_greeks: options.lots
        .filter(({ positionId }) => !marked.has(positionId))
        .map(({ positionId, symbol }) => ({ position_id: positionId, symbol, message: NO_MARK })),
      method: 'black_scholes_merton',
    },
  };
}

const NO_MARK =
  'It could not be marked: there are no closes of its underlying, or too few to tell a volatility. It stands at its entry price.';

function viewOption({ sessionDate, closedAt, marks, splitsOf }: MarkedOptions, lot: ValuedLot): HeldOption | null {
  const { underlyingSymbol, strikePrice, expirationDate, optionType, quantity } = lot;
  const mark = marks.get(lot.positionId);
  if (!mark || underlyingSymbol === null || strikePrice === null || expirationDate === null || optionType === null) return null;
  // Contracts are kept as entered, so later splits of the underlying are undone for them.
  const { numerator, denominator } = ratioBetween(splitsOf(underlyingSymbol), lot.entryDate, lot.priceDate ?? sessionDate);
  const spot = ((mark.underlyingCloseE6 / 1e6) * numerator) / denominator;
  const years = yearsToExpiry(closedAt, expirationDate);
  const { volatility, rate } = mark;
  const type = optionType === 'CALL' ? 'call' : 'put';
  const [result] = calculateGreeks([{ type, spot, strike: Number(strikePrice), years, volatility, rate, quantity }]);
  const greeks = result?.available === true ? result : null;
  return {
    position_id: lot.positionId,
    symbol: lot.symbol,
    underlying_symbol: underlyingSymbol,
    quantity,
    market_value: lot.marketValue,
    underlying_price: spot,
    implied_volatility: volatility,
    iv_source: mark.source,
    rate,
    years_to_expiry: years,
    greeks: greeks && fieldsOf(greeks),
    position_greeks: greeks?.position ?? null,
  };
}

function fieldsOf(greeks: Greeks): Greeks {
  const { price, delta, gamma, theta_per_day, vega_per_vol_point, rho_per_pct } = greeks;
  return { price, delta, gamma, theta_per_day, vega_per_vol_point, rho_per_pct };
}

/** Shares of different underlyings cannot be added, their dollars can. */
function totalsOf(positions: readonly HeldOption[]): PortfolioGreeks['totals'] {
  const sum = (of: (greeks: Greeks, spot: number) => number): number =>
    positions.reduce((total, { position_greeks: greeks, underlying_price: spot }) => total + (greeks ? of(greeks, spot) : 0), 0);
  return {
    delta_adjusted_value: sum(({ delta }, spot) => delta * spot),
    gamma_dollars_per_pct: sum(({ gamma }, spot) => gamma * spot * spot * 0.01),
    theta_per_day: sum(({ theta_per_day: theta }) => theta),
    vega_per_vol_point: sum(({ vega_per_vol_point: vega }) => vega),
    rho_per_pct: sum(({ rho_per_pct: rho }) => rho),
  };
}
