// The chi-square distribution with one or two degrees of freedom, where it has a closed form.
import { complementaryErrorFunction } from './normal-distribution.js';

/** Probability that a chi-square variable exceeds `x`: 1 at 0 or below. Relative error below 1e-12 down to 1e-300. */
export function chiSquareSurvival(x: number, degreesOfFreedom: 1 | 2): number {
  if (x <= 0) return 1;
  const half = x / 2;
  return degreesOfFreedom === 1 ? complementaryErrorFunction(Math.sqrt(half)) : Math.exp(-half);
}
