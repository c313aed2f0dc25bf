// The standard normal distribution. Accurate to the last bits of float64 in the tails too, where option prices live.

const SQRT_2 = Math.SQRT2;
const INVERSE_SQRT_2_PI = 1 / Math.sqrt(2 * Math.PI);

/** Probability that a standard normal variable is at most `x`. Absolute error below 1e-15, relative error below 2e-13 down to 1e-307. */
export function normalCdf(x: number): number {
  return 0.5 * complementaryErrorFunction(-x / SQRT_2);
}

/** Density of the standard normal distribution at `x`. */
export function normalPdf(x: number): number {
  return INVERSE_SQRT_2_PI * Math.exp(-0.5 * x * x);
}

/** erfc(x) = 2/√π · ∫ from x to ∞ of exp(−t²) dt. */
export function complementaryErrorFunction(x: number): number {
  if (Number.isNaN(x)) return Number.NaN;
  const magnitude = Math.abs(x);
  // Beyond 27 the result is below the smallest float64.
  const tail = magnitude > 27 ? 0 : (expOfMinusSquare(magnitude) * scaledTail(magnitude)) / (1 + 2 * magnitude);
  return x < 0 ? 2 - tail : tail;
}

/** exp(−x²) with the square split in two, since rounding x² alone would cost x² units in the last place. */
function expOfMinusSquare(x: number): number {
  const short = Math.fround(x);
  return Math.exp(-short * short) * Math.exp((short - x) * (short + x));
}

/** (1 + 2x) · exp(x²) · erfc(x) for x ≥ 0: smooth, and between 1 and 1.25 throughout. Clenshaw's recurrence over the series below. */
function scaledTail(x: number): number {
  const y = (x - MAP_CENTRE) / (x + MAP_CENTRE);
  let current = 0;
  let previous = 0;
  for (let i = SCALED_TAIL_SERIES.length - 1; i > 0; i--) {
    const next = 2 * y * current - previous + (SCALED_TAIL_SERIES[i] as number);
    previous = current;
    current = next;
  }
  return y * current - previous + (SCALED_TAIL_SERIES[0] as number);
}

/** x = 3.75 is mapped to the middle of [−1, 1], x = 0 to −1 and infinity to 1. */
const MAP_CENTRE = 3.75;

/** Chebyshev coefficients of scaledTail in y, worked out for this file at 50 digits; the first one left out is below 1e-17. */
const SCALED_TAIL_SERIES: readonly number[] = [
  1.1775789345674017, -0.004590054580646478, -0.08424913336651792, 0.05920993999819189, -0.026658668435305753,
  0.009074997670705265, -0.002413163540417608, 0.0004907758365258086, -6.916973302501207e-5, 4.13902798607301e-6,
  7.74038306619849e-7, -2.1886401049234397e-7, 1.076499946567091e-8, 4.521959811218287e-9, -7.754400208831351e-10,
  -6.318088340886684e-11, 2.86879501093067e-11, 1.9455868545777347e-13, -9.65469674843344e-13, 3.25254814814874e-14,
  3.3478119482868056e-14, -1.864562880419313e-15, -1.2507950530688648e-15, 7.418235256624044e-17, 5.068148904796111e-17,
];
