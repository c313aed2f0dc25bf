// The quick part of the model test (`npm run test:faults` has two hundred seeds and kills at named statements).
import { expect, test } from 'vitest';
import { runSeeds } from '../support/model-run.js';
import { hasRedis } from '../support/services.js';

const SEEDS = [1, 2, 4, 5, 3];

test('after some interleavings of requests and faults the figures are those of a clean run', { timeout: 90_000 }, async () => {
  const redis = await hasRedis({ ours: true });
  const reports = await runSeeds({ seeds: SEEDS, atOnce: 3, points: [], hasRedis: redis, reportEvery: SEEDS.length });
  expect(reports.flatMap(({ seed, findings }) => findings.map((finding) => `seed ${seed}: ${finding}`))).toEqual([]);
});
