// The volatility at which the model gives the premium paid.
import { normalPdf } from './normal-distribution.js';
import { presentValues, requirePriceable, standardisedDistance, timeValue, type OptionTerms } from './option-pricing.js';

/** Below this share of the larger of spot and strike, a time value is rounding and not a price. */
const ROUNDING = 1e-14;

/** How far the premium's last bit may move a volatility that we still call an answer. */
const VOLATILITY_STEP_MAX = 1e-8;

const STEPS_MAX = 200;

/** `premium` in dollars a share. */
export type QuotedOption = OptionTerms & Readonly<{ premium: number }>;

export type ImpliedVolatility =
  | Readonly<{ ok: true; volatility: number }>
  /**
   * `below_intrinsic`: less than discounted intrinsic value. `above_maximum`: at or above what the share (call) or the strike (put) is worth
   * today. `unresolvable`: the premium hardly depends on volatility, so its own rounding decides. `expired`: no time is left.
   */
  | Readonly<{ ok: false; reason: 'below_intrinsic' | 'above_maximum' | 'unresolvable' | 'expired' }>;

/**
 * Annual volatility as a fraction, or the reason there is none: given only where the premium's last bit moves it by 1e-8 at most, and mostly
 * right to 1e-11. Throws RangeError for figures no option can have.
 */
export function impliedVolatility(option: QuotedOption): ImpliedVolatility {
  const { type, spot, strike, years, premium } = option;
  // Unlike a volatility, a premium below 0 is a mistake with an answer: it is below intrinsic value.
  requirePriceable(option, Math.max(0, premium));
  if (years <= 0) return { ok: false, reason: 'expired' };
  const { shareValue, strikeValue } = presentValues(option);
  const intrinsic = Math.max(0, type === 'call' ? shareValue - strikeValue : strikeValue - shareValue);
  const wanted = premium - intrinsic;
  const rounding = ROUNDING * Math.max(spot, strike);
  if (wanted < -rounding) return { ok: false, reason: 'below_intrinsic' };
  if (premium >= (type === 'call' ? shareValue : strikeValue)) return { ok: false, reason: 'above_maximum' };
  if (wanted <= rounding) return { ok: false, reason: 'unresolvable' };

  const deviation = solveDeviation(shareValue, strikeValue, wanted);
  const priceError = Number.EPSILON * premium;
  const deviationError = priceError / slope(shareValue, strikeValue, deviation);
  if (!(deviationError / Math.sqrt(years) <= VOLATILITY_STEP_MAX)) return { ok: false, reason: 'unresolvable' };
  return { ok: true, volatility: deviation / Math.sqrt(years) };
}

/**
 * The σ√T at which the time value is `wanted`, which lies between 0 and the smaller present value. Newton's method on the logarithm of
 * the time value, which is nearly straight where the time value itself is flat; a step that leaves the bracket is replaced by halving it.
 */
function solveDeviation(shareValue: number, strikeValue: number, wanted: number): number {
  let low = 0;
  let high = 1;
  while (timeValue(shareValue, strikeValue, high) < wanted && high < 64) high *= 2;
  let deviation = high / 2;
  for (let step = 0; step < STEPS_MAX; step++) {
    const value = timeValue(shareValue, strikeValue, deviation);
    if (value < wanted) low = deviation;
    else high = deviation;
    const newton = deviation - (Math.log(value / wanted) * value) / slope(shareValue, strikeValue, deviation);
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - deviation) <= Number.EPSILON * deviation) return next;
    deviation = next;
  }
  return deviation;
}

/** How fast the time value grows with σ√T. */
function slope(shareValue: number, strikeValue: number, deviation: number): number {
  return shareValue * normalPdf(standardisedDistance(shareValue, strikeValue, deviation));
}
