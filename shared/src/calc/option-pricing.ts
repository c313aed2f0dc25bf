// Price and Greeks of a European option: Black–Scholes–Merton with a continuous dividend yield. All figures are per share, before any
// multiplier, quantity or sign of a position, unless their name says position.
import { newYorkInstant } from '../calendar/new-york-time.js';
import { normalCdf, normalPdf } from './normal-distribution.js';

const MS_PER_YEAR = 365 * 86_400_000;
const DAYS_PER_YEAR = 365;
const PER_CENT = 100;
const EXPIRY_HOUR = 16;
const SHARES_PER_CONTRACT = 100;

export type OptionType = 'call' | 'put';

export type OptionTerms = Readonly<{
  type: OptionType;
  /** Price of the underlying, 0 or more. */
  spot: number;
  /** Above 0. */
  strike: number;
  /** Time to expiry in years of 365 days, as `yearsToExpiry` gives it; 0 or less means expired. */
  years: number;
  /** Continuously compounded, a year: 0.045 is 4.5 %. */
  rate: number;
  /** Continuously compounded, a year. */
  dividendYield?: number;
}>;

/** `volatility` is the standard deviation of a year's log returns, 0 or more: 0.25 is 25 %. */
export type PricedOption = OptionTerms & Readonly<{ volatility: number }>;

export type OptionFigures = Readonly<{
  /** Dollars a share. */
  price: number;
  /** Change of the price per dollar of spot: 0 to 1 for a call, −1 to 0 for a put. */
  delta: number;
  /** Change of delta per dollar of spot. */
  gamma: number;
  /** Change of the price over one calendar day, all else equal; mostly negative. */
  thetaPerDay: number;
  /** Change of the price when volatility rises by 0.01. */
  vegaPerVolPoint: number;
  /** Change of the price when the rate rises by 0.01. */
  rhoPerPct: number;
}>;

/**
 * Price and Greeks. After expiry the price is intrinsic value, delta is that of the shares it turns into (0 at the money) and the other
 * Greeks are 0. A spot or a volatility of 0 gives the limit. Throws RangeError for figures no option can have.
 */
export function priceOption(option: PricedOption): OptionFigures {
  requirePriceable(option, option.volatility);
  if (option.years <= 0) return expired(option);
  const { type, spot, years, volatility, rate, dividendYield = 0 } = option;
  const sign = type === 'call' ? 1 : -1;
  const { shareValue, strikeValue } = presentValues(option);
  const deviation = volatility * Math.sqrt(years);
  const d1 = standardisedDistance(shareValue, strikeValue, deviation);
  const shareTerm = sign * shareValue * normalCdf(sign * d1);
  const strikeTerm = sign * strikeValue * normalCdf(sign * (d1 - deviation));
  const density = shareValue * normalPdf(d1);
  const vega = density * Math.sqrt(years);
  const decay = (density * volatility) / (2 * Math.sqrt(years));
  return {
    price: premium(sign, shareValue, strikeValue, deviation),
    delta: sign * Math.exp(-dividendYield * years) * normalCdf(sign * d1),
    // The density vanishes faster than spot and deviation do, so the limit of 0/0 is 0.
    gamma: density === 0 ? 0 : density / (spot * spot * deviation),
    thetaPerDay: (dividendYield * shareTerm - rate * strikeTerm - decay) / DAYS_PER_YEAR,
    vegaPerVolPoint: vega / PER_CENT,
    rhoPerPct: (years * strikeTerm) / PER_CENT,
  };
}

/** The price alone, the same to the last bit as `priceOption` gives: for revaluations by the thousand. Throws like it. */
export function optionPrice(option: PricedOption): number {
  requirePriceable(option, option.volatility);
  if (option.years <= 0) return intrinsicValue(option);
  const { shareValue, strikeValue } = presentValues(option);
  return premium(option.type === 'call' ? 1 : -1, shareValue, strikeValue, option.volatility * Math.sqrt(option.years));
}

/**
 * What a position of `quantity` contracts has, given the figures per share: each × quantity × 100. Price becomes market value, delta the
 * shares it moves like, theta, vega and rho dollars. Negative quantities are short.
 */
export function positionFigures(perShare: OptionFigures, quantity: number): OptionFigures {
  const shares = quantity * SHARES_PER_CONTRACT;
  return {
    price: perShare.price * shares,
    delta: perShare.delta * shares,
    gamma: perShare.gamma * shares,
    thetaPerDay: perShare.thetaPerDay * shares,
    vegaPerVolPoint: perShare.vegaPerVolPoint * shares,
    rhoPerPct: perShare.rhoPerPct * shares,
  };
}

/** Years of 365 days from an instant to 16:00 in New York on the expiration date; negative after it. The date need not be a session. */
export function yearsToExpiry(from: Date, expirationDate: string): number {
  return (newYorkInstant(expirationDate, EXPIRY_HOUR).getTime() - from.getTime()) / MS_PER_YEAR;
}

/** What the share, bought now and delivered without its dividends, and the strike, paid at expiry, are worth today. */
export function presentValues({
  spot,
  strike,
  years,
  rate,
  dividendYield = 0,
}: OptionTerms): Readonly<{ shareValue: number; strikeValue: number }> {
  return { shareValue: spot * Math.exp(-dividendYield * years), strikeValue: strike * Math.exp(-rate * years) };
}

/**
 * What an option is worth above its discounted intrinsic value: the price of whichever of call and put is out of the money. It is the same
 * for both, so put–call parity holds by construction, and no price falls below its bound through rounding. `deviation` is σ√T.
 */
export function timeValue(shareValue: number, strikeValue: number, deviation: number): number {
  if (deviation === 0 || shareValue === 0) return 0;
  const middle = -Math.abs(Math.log(shareValue / strikeValue)) / deviation;
  const lower = Math.min(shareValue, strikeValue);
  const upper = Math.max(shareValue, strikeValue);
  return Math.max(0, lower * normalCdf(middle + deviation / 2) - upper * normalCdf(middle - deviation / 2));
}

/** The d1 of the formula: how far, in standard deviations, the share's value lies above the strike's, plus half a deviation. */
export function standardisedDistance(shareValue: number, strikeValue: number, deviation: number): number {
  if (deviation === 0) return shareValue > strikeValue ? Infinity : -Infinity;
  return Math.log(shareValue / strikeValue) / deviation + deviation / 2;
}

/** Throws RangeError unless `isPriceable`. */
export function requirePriceable(terms: OptionTerms, amount: number): void {
  if (isPriceable(terms, amount)) return;
  const { spot, strike, years, rate, dividendYield = 0 } = terms;
  throw new RangeError(
    `No option has spot ${spot}, strike ${strike}, years ${years}, rate ${rate}, dividend yield ${dividendYield} and ${amount}`,
  );
}

/** Whether every figure is one an option can have. `amount` is the volatility, or the premium when that is given. */
export function isPriceable({ spot, strike, years, rate, dividendYield = 0 }: OptionTerms, amount: number): boolean {
  const { isFinite } = Number;
  return (
    spot >= 0 &&
    strike > 0 &&
    amount >= 0 &&
    isFinite(spot) &&
    isFinite(strike) &&
    isFinite(years) &&
    isFinite(rate) &&
    isFinite(dividendYield) &&
    isFinite(amount)
  );
}

/** `sign` is 1 for a call and −1 for a put. */
function premium(sign: 1 | -1, shareValue: number, strikeValue: number, deviation: number): number {
  return Math.max(0, sign * (shareValue - strikeValue)) + timeValue(shareValue, strikeValue, deviation);
}

function intrinsicValue({ type, spot, strike }: OptionTerms): number {
  return Math.max(0, type === 'call' ? spot - strike : strike - spot);
}

function expired(option: PricedOption): OptionFigures {
  const price = intrinsicValue(option);
  const sign = option.type === 'call' ? 1 : -1;
  return { price, delta: price > 0 ? sign : 0, gamma: 0, thetaPerDay: 0, vegaPerVolPoint: 0, rhoPerPct: 0 };
}
