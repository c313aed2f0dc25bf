// Reads that ask several things at once, on the one connection of a transaction: there they go one after the other.
import type { Queryable } from './client.js';

/** The same connection, on which a statement waits for the one before it. */
export function inTurn(client: Queryable): Queryable {
  let last: Promise<unknown> = Promise.resolve();
  const query = (...statement: Parameters<Queryable['query']>): Promise<unknown> => {
    const answer = last.then(() => client.query(...statement));
    // Who asked for it learns of a failure; the next one is tried all the same.
    last = Promise.resolve(answer).catch(() => {});
    return answer as unknown as Promise<unknown>;
  };
  return { query: query as Queryable['query'] };
}
