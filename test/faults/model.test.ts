// Random interleavings of requests and faults, each replayed by its seed: whatever happens, what was accepted comes to its end, and the
// figures to those of a run in which nothing happened. MODEL_SEEDS: how many seeds, from 1 on. MODEL_SEED: these alone.
import { expect, test } from 'vitest';
import { rehearse } from '../support/fault-trials.js';
import { runSeeds } from '../support/model-run.js';
import { hasRedis } from '../support/services.js';

const AT_ONCE = 3;
const SEEDS = 200;

test('after any interleaving of requests and faults the figures are those of a clean run, and nothing is left undone', async () => {
  const rehearsed = [await rehearse('calculate'), await rehearse('batch')];
  const points = rehearsed.flatMap((each) => [...each.points.steady, ...each.points.timed]);
  const reports = await runSeeds({
    seeds: seedsOf(process.env),
    atOnce: AT_ONCE,
    points,
    hasRedis: await hasRedis({ ours: true }),
    reportEvery: 25,
  });
  expect(reports.flatMap(({ seed, findings }) => findings.map((finding) => `seed ${seed}: ${finding}`))).toEqual([]);
});

function seedsOf({ MODEL_SEED: one, MODEL_SEEDS: count = String(SEEDS) }: NodeJS.ProcessEnv): readonly number[] {
  return one === undefined ? Array.from({ length: Number(count) }, (_, index) => index + 1) : one.split(',').map(Number);
}
