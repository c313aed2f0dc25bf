// The quick part of the model test (`npm run test:faults` has two hundred seeds and kills at named statements).
import { expect, test } from 'vitest';
import { runSeeds } from '../support/model-run.js';
import { hasRedis } from '../support/services.js';

/** Both backends, one with a Postgres that is killed. */
const SEEDS = [1, 2, 3, 4];

test('after some interleavings of requests and faults the figures are those of a clean run', { timeout: 180_000 }, async () => {
  const redis = await hasRedis({ ours: true });
  const reports = await runSeeds({ seeds: SEEDS, atOnce: SEEDS.length, points: [], hasRedis: redis, reportEvery: SEEDS.length });
  expect(reports.flatMap(({ seed, findings }) => findings.map((finding) => `seed ${seed}: ${finding}`))).toEqual([]);
});
