import type { Answer, MarketDataProvider, Refusal, SecurityProfile } from '@closebell/shared/market-data/provider';
import { describe, expect, test } from 'vitest';
import { askInOrder } from './ask-in-order.js';

const PROFILE: SecurityProfile = {
  symbol: 'AAA',
  name: 'Triple A',
  securityType: null,
  sector: null,
  industry: null,
  exchange: null,
  country: null,
  currency: null,
  marketCap: null,
  beta: null,
};
const FOUND = { status: 'ok', value: PROFILE } as const;
const DOWN = { status: 'unavailable', reason: 'down' } as const;

describe('providers of one kind of data', () => {
  test('those that have none of it are passed over without a word', async () => {
    const { answered } = await askForProfile([provider('files'), provider('a', DOWN), provider('b', FOUND)]);
    expect(answered).toMatchObject({ status: 'ok', provider: 'b', value: PROFILE });
    expect(answered.attempts.map(({ provider: name, status }) => [name, status])).toEqual([
      ['a', 'unavailable'],
      ['b', 'ok'],
    ]);
  });

  test('when none of them has it, nobody could tell', async () => {
    expect((await askForProfile([provider('files')])).answered).toEqual({ status: 'unavailable', attempts: [] });
  });

  test('requests are counted by outcome, and what was not asked is not', async () => {
    const { counted } = await askForProfile([
      provider('a', { ...DOWN, notAsked: true }),
      provider('b', DOWN),
      provider('c', FOUND),
    ]);
    expect(counted).toEqual(['b unavailable', 'c ok']);
  });
});

describe('a rate limit', () => {
  test('that ends soon is waited for', async () => {
    const { answered, counted } = await askForProfile([provider('a', limited(0), FOUND), provider('b', FOUND)]);
    expect(answered).toMatchObject({ status: 'ok', provider: 'a' });
    expect(counted).toEqual(['a rate_limited', 'a ok']);
  });

  test.each([60_000, null])('of %j ms is not: the next is asked, and when to come back is kept', async (waitMs) => {
    const { answered } = await askForProfile([provider('a', limited(waitMs)), provider('b', FOUND)]);
    expect(answered).toMatchObject({ status: 'ok', provider: 'b' });
    const { retryAt, at } = answered.attempts[0]!;
    expect(retryAt === null ? null : retryAt.getTime() - at.getTime()).toBe(waitMs);
  });

  test('an abort ends the waiting with its reason', async () => {
    const controller = new AbortController();
    const asked = askForProfile([provider('a', limited(4_000), FOUND)], controller.signal);
    controller.abort(new Error('stopped'));
    await expect(asked).rejects.toThrow('stopped');
  });
});

async function askForProfile(providers: readonly MarketDataProvider[], signal = new AbortController().signal) {
  const counted: string[] = [];
  const metrics = {
    count: (_: string, labels: Readonly<Record<string, string>>) => void counted.push(Object.values(labels).join(' ')),
    gauge: () => {},
    observe: () => {},
  };
  const answered = await askInOrder({ providers, metrics }, (each) => each.profile?.('AAA', signal) ?? null, signal);
  return { answered, counted };
}

/** Gives the answers one after the other; without any it has no profiles. */
function provider(name: string, ...answers: readonly Answer<SecurityProfile>[]): MarketDataProvider {
  const left = [...answers];
  const dailyBars = (): never => {
    throw new Error('must not be asked for bars');
  };
  return answers.length === 0 ? { name, dailyBars } : { name, dailyBars, profile: () => Promise.resolve(left.shift()!) };
}

function limited(retryAfterMs: number | null): Refusal {
  return { status: 'rate_limited', reason: 'answered 429', retryAfterMs };
}
