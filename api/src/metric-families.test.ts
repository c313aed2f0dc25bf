import { expect, it } from 'vitest';
import { liveFamilies } from './metric-families.js';

it('a circuit counts as open while nobody may ask, not while it is tried or closed', () => {
  const circuits = (['closed', 'open', 'half_open'] as const).map((state, i) => ({
    provider: `p${i}`,
    capability: 'dailyBars' as const,
    state,
    failures: i,
    retryAt: null,
    lastOkAt: null,
    lastErrorAt: null,
    lastErrorStatus: null,
    lastError: null,
  }));
  const families = liveFamilies({ depth: [], stored: [], circuits, lastBatchSeconds: null });
  const shown = families.find(({ name }) => name === 'closebell_provider_circuit_open')!;
  expect(shown.values.map(({ labels, value }) => [labels['provider'], value])).toEqual([
    ['p0', 0],
    ['p1', 1],
    ['p2', 0],
  ]);
});
