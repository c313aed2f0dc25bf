import { expect, it } from 'vitest';
import type { Queryable } from './client.js';
import { inTurn } from './in-turn.js';

it('begins a statement when the one before it has ended, also one that failed', async () => {
  const log: string[] = [];
  const query = async (text: string): Promise<string> => {
    log.push(`begin ${text}`);
    await new Promise(setImmediate);
    log.push(`end ${text}`);
    if (text === 'b') throw new Error('b failed');
    return text;
  };
  const client = inTurn({ query } as unknown as Queryable);
  const results = await Promise.allSettled(['a', 'b', 'c'].map((text) => client.query(text)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(log).toEqual(['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c']);
});
