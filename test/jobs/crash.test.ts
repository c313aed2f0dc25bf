// The quick part of the crash matrix (`npm run test:faults` has every await): a worker is killed at two awaits of each kind of run.
import { expect, test } from 'vitest';
import type { SceneKind } from '../support/fault-scenes.js';
import { killAt, rehearse, severalAtOnce, type Rehearsed, type Trial } from '../support/fault-trials.js';

const KINDS: readonly SceneKind[] = ['import', 'calculate', 'chunk', 'batch'];
/** Where in the run: among the reads before its figures, and in or after the transaction that writes them. */
const SHARES = [0.45, 0.85];

test('a killed worker leaves nothing that another one does not bring to the same end', { timeout: 240_000 }, async () => {
  const rehearsed = await severalAtOnce(2, KINDS, (kind) => rehearse(kind));
  const trials = rehearsed.flatMap((each) => SHARES.map((share) => [each, share] as const));
  const results = await severalAtOnce(4, trials, ([each, share]) => killNear(each, share));
  expect(results.filter(({ faults, isMissed }) => faults.length > 0 || isMissed)).toEqual([]);
});

const TRIES_MAX = 4;

/** At the point, or the nearest before it that is met: of a batch's chunks the one that comes first does what the others then find done. */
async function killNear(rehearsed: Rehearsed, share: number): Promise<Trial> {
  const { steady } = rehearsed.points;
  const at = Math.floor(steady.length * share);
  let trial = await killAt(rehearsed, steady[at]!);
  for (let back = 1; back < TRIES_MAX && trial.isMissed && trial.faults.length === 0; back++)
    trial = await killAt(rehearsed, steady[at - back]!);
  return trial;
}
