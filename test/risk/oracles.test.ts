// Every file of reference answers, figure by figure: none lies further from ours than its tolerance.
import { describe, expect, it } from 'vitest';
import { ORACLE_ANSWERS, uncoveredMetrics } from './oracle-answers.js';
import { hasOracles } from './oracle-files.js';

describe.skipIf(!hasOracles())('the reference answers', () => {
  it.each(ORACLE_ANSWERS)('$file are met: $compared, to $tolerance', ({ differences, tolerance }) => {
    const found = differences();
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((difference) => !(difference <= tolerance))).toEqual([]);
  });

  it('only metrics nobody here shows are left out of empyrical', () => {
    expect([...uncoveredMetrics()].sort()).toEqual([
      'aggregate_returns',
      'alpha',
      'batting_average',
      'calmar',
      'capture_ratio',
      'down_alpha_beta',
      'down_capture',
      'gpd_risk_estimates',
      'omega',
      'stability_of_timeseries',
      'tail_ratio',
      'up_alpha_beta',
      'up_capture',
      'up_down_capture',
    ]);
  });
});
