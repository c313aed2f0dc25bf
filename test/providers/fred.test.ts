import type { SessionRange } from '@closebell/shared/market-data/provider';
import { fredProvider } from '@closebell/worker/market-data/fred';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { describeFaults, json } from './faults.js';
import { FRED_KEY, startFred } from './fred-stand-in.js';
import type { StandIn } from './stand-in.js';

const RANGE = { from: '2024-12-31', to: '2025-01-06' };

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startFred();
});
afterEach(() => standIn.failWith(null));
afterAll(() => standIn.close());

describeFaults({
  standIn: () => standIn,
  create: (timeoutMs) => create({ timeoutMs }),
  apiKey: FRED_KEY,
  questions: { rates: (provider, signal) => provider.rates?.('DGS3MO', RANGE, signal) },
});

describe('rates of FRED', () => {
  test('are percent per year, oldest first, zero and below included, days without a value left out', async () => {
    expect(await rates(RANGE)).toEqual({
      status: 'ok',
      value: [
        { date: '2024-12-31', percent: 4.35 },
        { date: '2025-01-02', percent: 4.36 },
        { date: '2025-01-03', percent: 0 },
        { date: '2025-01-06', percent: -0.01 },
      ],
    });
  });

  test.each([
    ['days without a value only', { from: '2025-01-01', to: '2025-01-01' }],
    ['days not yet published', { from: '2030-01-01', to: '2030-01-31' }],
  ])('%s are no data', async (_, range) => {
    expect(await rates(range)).toMatchObject({ status: 'no_data', reason: expect.stringContaining(range.from) });
  });

  test('a value that is no number is garbage, never a rate', async () => {
    standIn.failWith(json(200, { observations: [{ date: '2025-01-02', value: 'n/a' }] }));
    expect(await rates(RANGE)).toEqual({
      status: 'garbage',
      reason: 'FRED sent something else than expected: observations.0.value: is neither a number nor "."',
    });
  });

  test('a key that is not theirs is unauthorized, though they call it a bad request', async () => {
    const answer = await create({ apiKey: 'another' }).rates?.('DGS3MO', RANGE, new AbortController().signal);
    expect(answer).toMatchObject({ status: 'unauthorized', reason: expect.stringContaining('not registered') });
  });

  test('any other bad request is trouble of the provider', async () => {
    expect(await create().rates?.('DGS10', RANGE, new AbortController().signal)).toMatchObject({ status: 'unavailable' });
  });
});

test('bars are asked of it in vain, and without a request', async () => {
  const before = standIn.asked.length;
  const { signal } = new AbortController();
  expect(await create().dailyBars('ACME', RANGE, signal)).toMatchObject({ status: 'unknown_symbol', symbol: 'ACME' });
  await expect(create().dailyBars('ACME', RANGE, AbortSignal.abort(new Error('no longer wanted')))).rejects.toThrow('no longer');
  expect(standIn.asked).toHaveLength(before);
});

function create(change: Partial<Parameters<typeof fredProvider>[0]> = {}) {
  return fredProvider({ baseUrl: standIn.url, apiKey: FRED_KEY, ...change });
}

function rates(range: SessionRange) {
  return create().rates?.('DGS3MO', range, new AbortController().signal);
}
