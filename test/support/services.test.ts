import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from './database.js';
import { hasRedis, startPostgres, startRedis } from './services.js';
import type { TestService } from './test-service.js';

describe('a test database', () => {
  it('has the schema, and what one test file writes is not in the next one', async () => {
    const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    await query(one.url, 'CREATE TABLE mine (n int)');
    const migrations = await query(other.url, 'SELECT migration_name FROM _prisma_migrations');
    expect(migrations.length).toBeGreaterThan(0);
    await expect(query(other.url, 'SELECT * FROM mine')).rejects.toThrow('does not exist');
    await Promise.all([one.drop(), other.drop()]);
    await expect(query(one.url, 'SELECT 1')).rejects.toThrow('does not exist');
  });
});

describe('a Postgres of our own', () => {
  let server: TestService;
  beforeAll(async () => {
    server = await startPostgres({ ours: true });
  });
  afterAll(() => server.stop());

  it('that is killed refuses connections, and after a restart has its data at the same address', async () => {
    await query(server.url, 'CREATE TABLE kept (n int)');
    await query(server.url, 'INSERT INTO kept VALUES (7)');
    await server.kill();
    await expect(query(server.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    await server.restart();
    expect(await query(server.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('that is paused says nothing, on open connections too, until it is resumed', async () => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await server.pause();
    const answer = client.query<{ n: number }>('SELECT 1 AS n').then(({ rows }) => rows);
    expect(await within(300, answer)).toBe('silence');
    await server.resume();
    expect(await answer).toEqual([{ n: 1 }]);
    await client.end();
  });
});

describe.skipIf(!(await hasRedis({ ours: true })))('a Redis of our own', () => {
  let server: TestService;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis({ ours: true });
    redis = new Redis(server.url, { maxRetriesPerRequest: null });
    redis.on('error', () => {});
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  it('evicts nothing, and has its data after a kill', async () => {
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    await redis.set('kept', '7');
    await server.kill();
    await server.restart();
    expect(await redis.get('kept')).toBe('7');
  });

  it('that is paused says nothing until it is resumed', async () => {
    await server.pause();
    const answer = redis.get('kept');
    expect(await within(300, answer)).toBe('silence');
    await server.resume();
    expect(await answer).toBe('7');
  });
});

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function within<T>(timeoutMs: number, answer: Promise<T>): Promise<T | 'silence'> {
  const silence = new Promise<'silence'>((resolve) => setTimeout(() => resolve('silence'), timeoutMs));
  return await Promise.race([answer, silence]);
}
