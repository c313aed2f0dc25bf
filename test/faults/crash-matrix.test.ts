// SIGKILL at every await between the claim of a run's first job and its end, before the statement leaves and after its answer.
import { describe, expect, test } from 'vitest';
import { selected } from '../support/fault-points.js';
import type { SceneKind } from '../support/fault-scenes.js';
import { killAt, rehearse, severalAtOnce, type Trial } from '../support/fault-trials.js';

const AT_ONCE = 3;

describe.each<SceneKind>(['import', 'calculate', 'chunk', 'batch'])('a worker killed while it does %s', (kind) => {
  test('at any await leaves a run that another one brings to the same end, to the byte', async () => {
    const rehearsed = await rehearse(kind);
    // Timers and queue do the same whatever the kind: one kind stands for all.
    const steady = selected(rehearsed.points.steady);
    const timed = kind === 'calculate' ? selected(rehearsed.points.timed) : [];
    const trials = await severalAtOnce(AT_ONCE, [...steady, ...timed], (point) => killAt(rehearsed, point));
    const steadyTrials = trials.slice(0, steady.length);
    report(kind, 'awaits', steadyTrials);
    report(kind, 'timers and queue', trials.slice(steadyTrials.length));
    expect(trials.filter(({ faults }) => faults.length > 0)).toEqual([]);
    expect(steadyTrials.filter(({ isMissed }) => isMissed).map(({ point }) => point)).toEqual([]);
  });
});

function report(kind: SceneKind, which: string, trials: readonly Trial[]): void {
  if (trials.length === 0) return;
  const met = trials.filter(({ isMissed }) => !isMissed);
  const passed = met.filter(({ faults }) => faults.length === 0);
  const slowest = met.reduce<Trial | null>((a, b) => (a === null || b.recoveryMs > a.recoveryMs ? b : a), null);
  const worst =
    slowest === null ? '' : `; slowest end ${(slowest.recoveryMs / 1000).toFixed(1)} s after the kill (${slowest.point})`;
  console.log(`${kind}, ${which}: ${met.length} points, ${passed.length} passed${worst}`);
}
