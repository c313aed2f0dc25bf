// The quick part of the crash matrix (`npm run test:faults` has every await): a worker is killed at two awaits of each kind of run.
import { expect, test } from 'vitest';
import type { FaultPoint } from '../support/fault-points.js';
import type { SceneKind } from '../support/fault-scenes.js';
import { killAt, rehearse, severalAtOnce } from '../support/fault-trials.js';

const KINDS: readonly SceneKind[] = ['import', 'calculate', 'chunk', 'batch'];
/** Where in the run: among the reads before its figures, and in or after the transaction that writes them. */
const SHARES = [0.45, 0.85];

test('a killed worker leaves nothing that another one does not bring to the same end', { timeout: 240_000 }, async () => {
  const rehearsed = await severalAtOnce(2, KINDS, (kind) => rehearse(kind));
  const trials = rehearsed.flatMap((each) => SHARES.map((share) => [each, pointAt(each.points.steady, share)] as const));
  const results = await severalAtOnce(4, trials, ([each, point]) => killAt(each, point));
  expect(results.filter(({ faults, isMissed }) => faults.length > 0 || isMissed)).toEqual([]);
});

function pointAt(points: readonly FaultPoint[], share: number): FaultPoint {
  return points[Math.floor(points.length * share)]!;
}
