// Who fetches a symbol: one run at a time, and none for ever.
import { openFetchClaims } from '@closebell/prisma/fetch-claims';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/until.js';
import { createWorld, type TestWorld } from '../support/worker.js';

let world: TestWorld;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const open = () => openFetchClaims(world.db, 30_000);
const endSessions = () =>
  world.db.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'closebell fetch claims' AND datname = current_database()`,
  );

test('a symbol is claimed by one at a time, until it is released or its session is over', async () => {
  const [one, other] = [await open(), await open()];
  try {
    expect(await one.claim(['A', 'B'])).toEqual(new Set(['A', 'B']));
    expect(await other.claim(['A', 'B', 'C'])).toEqual(new Set(['C']));
    await one.release(['A']);
    expect(await other.claim(['A', 'B'])).toEqual(new Set(['A']));
    await one.close();
    await until('the claim is free', async () => (await other.claim(['B'])).size === 1);
  } finally {
    await Promise.all([one.close(), other.close()]);
  }
});

test('a session that the server ended costs its claims, and the run goes on', async () => {
  const [one, other] = [await open(), await open()];
  try {
    await one.claim(['D']);
    await endSessions();
    await until('the claim is free', async () => (await other.claim(['D'])).size === 1);
    expect(await one.claim(['D', 'E'])).toEqual(new Set(['E']));
    await one.release(['E']);
  } finally {
    await Promise.all([one.close(), other.close()]);
  }
});

test('no connection of the pool is held by a claim', async () => {
  const claims = await open();
  try {
    await claims.claim(['F']);
    expect(world.db.pool.totalCount - world.db.pool.idleCount).toBe(0);
  } finally {
    await claims.close();
  }
});
