// Whether losses went beyond the value at risk as often as they should, and not in clusters.
import { chiSquareSurvival } from './chi-square.js';
import { CONFIDENCE_LEVELS, type Confidence } from './value-at-risk.js';

const SESSIONS_MAX = 250;

/** A likelihood ratio and the probability of one as large when the forecasts are right: below 0.05 is evidence against them. */
export type LikelihoodRatioTest = Readonly<{ statistic: number; pValue: number }>;

export type ValueAtRiskBackTest = Readonly<{
  /** Sessions that have both a return and a forecast. */
  observations: number;
  /** Those that lost more than forecast. */
  exceptions: number;
  exceptionsExpected: number;
  /** Kupiec's (1995) proportion of failures: the right number of exceptions. */
  unconditionalCoverage: LikelihoodRatioTest;
  /** Christoffersen (1998): exceptions do not follow one another; null when no exception has a next session to look at. */
  independence: LikelihoodRatioTest | null;
  /** Both at once, the sum of the two statistics; null where `independence` is. */
  conditionalCoverage: LikelihoodRatioTest | null;
}>;

/** Pairs of sessions next to one another, by whether the first and the second were exceptions. */
type Transitions = Readonly<{ neither: number; second: number; first: number; both: number }>;

/**
 * Over the last 250 sessions given. `forecasts[i]` is the value at risk (a positive loss) worked out before session i, `returns[i]` what came.
 * NaN in either leaves the session out, and the sessions on both sides of it are not neighbours. Null with fewer sessions than the forecast
 * itself needs: 20 at 95 %, 100 at 99 %. Throws RangeError when the lengths differ.
 */
export function backTestValueAtRisk(
  returns: ArrayLike<number>,
  forecasts: ArrayLike<number>,
  confidence: Confidence,
): ValueAtRiskBackTest | null {
  if (returns.length !== forecasts.length) throw new RangeError(`${returns.length} returns, ${forecasts.length} forecasts`);
  const { tail, observationsMin } = CONFIDENCE_LEVELS[confidence];
  const outcomes = exceptionBySession(returns, forecasts);
  const observations = outcomes.filter((outcome) => outcome !== null).length;
  if (observations < observationsMin) return null;
  const exceptions = outcomes.filter((outcome) => outcome === true).length;
  const coverage = test(coverageStatistic(observations, exceptions, tail), 1);
  const transitions = countTransitions(outcomes);
  const independence = transitions.first + transitions.both > 0 ? test(independenceStatistic(transitions), 1) : null;
  return {
    observations,
    exceptions,
    exceptionsExpected: observations * tail,
    unconditionalCoverage: coverage,
    independence,
    conditionalCoverage: independence && test(coverage.statistic + independence.statistic, 2),
  };
}

/** Whether each of the last sessions was an exception; null where that is not known. */
function exceptionBySession(returns: ArrayLike<number>, forecasts: ArrayLike<number>): readonly (boolean | null)[] {
  const start = Math.max(0, returns.length - SESSIONS_MAX);
  return Array.from({ length: returns.length - start }, (_, i) => {
    const beyond = (returns[start + i] as number) + (forecasts[start + i] as number);
    return Number.isNaN(beyond) ? null : beyond < 0;
  });
}

function countTransitions(outcomes: readonly (boolean | null)[]): Transitions {
  const count = { neither: 0, second: 0, first: 0, both: 0 };
  for (let i = 1; i < outcomes.length; i++) {
    const [before, after] = [outcomes[i - 1], outcomes[i]];
    if (typeof before !== 'boolean' || typeof after !== 'boolean') continue;
    if (before) count[after ? 'both' : 'first'] += 1;
    else count[after ? 'second' : 'neither'] += 1;
  }
  return count;
}

function coverageStatistic(observations: number, exceptions: number, tail: number): number {
  const expected = observations * tail;
  return 2 * (excess(exceptions, expected) + excess(observations - exceptions, observations - expected));
}

/** Exceptions after an exception and after none, against what one rate for both would give. */
function independenceStatistic({ neither, second, first, both }: Transitions): number {
  const total = neither + second + first + both;
  const expected = (from: number, to: number) => (from * to) / total;
  return (
    2 *
    (excess(neither, expected(neither + second, neither + first)) +
      excess(second, expected(neither + second, second + both)) +
      excess(first, expected(first + both, neither + first)) +
      excess(both, expected(first + both, second + both)))
  );
}

/** observed · ln(observed / expected), a term of a log likelihood ratio; nothing observed adds nothing. */
function excess(observed: number, expected: number): number {
  return observed === 0 ? 0 : observed * Math.log(observed / expected);
}

function test(statistic: number, degreesOfFreedom: 1 | 2): LikelihoodRatioTest {
  // No likelihood ratio is below 0; rounding can be.
  const rounded = Math.max(0, statistic);
  return { statistic: rounded, pValue: chiSquareSurvival(rounded, degreesOfFreedom) };
}
