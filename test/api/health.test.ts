import { createApp } from '@closebell/api/app';
import { listen } from '@closebell/api/server';
import { startApi } from '@closebell/api/start';
import { seedSystemTables } from '@closebell/prisma/seed';
import { createLogger } from '@closebell/shared/infra/logger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, apiTestConfig, type TestApp } from '../support/app.js';
import { createTestDatabase } from '../support/database.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const get = async (path: string, url = app.url) => {
  const response = await fetch(url + path);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe.each([[''], ['/api/v1']])('below "%s"', (root) => {
  it('health is ok without asking anybody', async () => {
    expect(await get(`${root}/health`)).toEqual({ status: 200, body: { status: 'ok' } });
  });

  it('a server that has all it needs is ready', async () => {
    const { status, body } = await get(`${root}/health/ready`);
    expect([status, body]).toMatchObject([
      200,
      { status: 'ready', checks: { database: { ok: true }, queue: { ok: true }, migrations: { ok: true } } },
    ]);
  });

  it('prerequisites count factors and scenarios', async () => {
    await seedSystemTables(app.context.db);
    const { status, body } = await get(`${root}/health/prerequisites`);
    expect([status, body]).toMatchObject([
      200,
      { status: 'ready', factors: { ok: true, needed: 8 }, scenarios: { ok: true, needed: 22 } },
    ]);
  });
});

describe('what is missing', () => {
  it('makes prerequisites 503', async () => {
    const bare = await startTestApp();
    try {
      await bare.context.db.pool.query('DELETE FROM stress_scenarios');
      const { status, body } = await get('/health/prerequisites', bare.url);
      expect([status, body]).toMatchObject([503, { status: 'not_ready', scenarios: { ok: false, found: 0 } }]);
    } finally {
      await bare.close();
    }
  });

  it('a pending migration makes the server not ready, and says so', async () => {
    const behind = await startTestApp();
    try {
      await behind.context.db.pool.query('DELETE FROM _prisma_migrations');
      const { status, body } = await get('/health/ready', behind.url);
      expect([status, body]).toMatchObject([
        503,
        { checks: { migrations: { ok: false, message: expect.stringMatching(/pending/) } } },
      ]);
    } finally {
      await behind.close();
    }
  });

  it('a queue that refuses, or hangs, makes the server not ready and leaves it alive', async () => {
    const silent = new Promise<void>(() => {});
    for (const ping of [() => Promise.reject(new Error('redis://secret')), () => silent]) {
      const transport = { ...app.context.transport, ping };
      const server = await listen(createApp({ ...app.context, transport }), { host: '127.0.0.1', port: 0 });
      try {
        const { status, body } = await get('/health/ready', server.url);
        expect(status).toBe(503);
        expect(body).toMatchObject({ status: 'not_ready', checks: { database: { ok: true }, queue: { ok: false } } });
        expect(JSON.stringify(body)).not.toContain('secret');
        expect((await get('/health', server.url)).status).toBe(200);
      } finally {
        await server.close(0);
      }
    }
  });
});

describe('a start', () => {
  const logger = createLogger({ name: 'test', level: 'silent' });

  it('migrates and fills an empty database, answers, and stops without leaving anything open', async () => {
    const database = await createTestDatabase();
    const api = await startApi(apiTestConfig({ databaseUrl: database.url, port: 0 }), logger);
    expect((await get('/health/prerequisites', api.url)).status).toBe(200);
    const begun = performance.now();
    await api.stop();
    expect(performance.now() - begun).toBeLessThan(5_000);
    await expect(fetch(`${api.url}/health`)).rejects.toThrow();
    await database.drop();
  });

  it('fails with a reason when the database is out of reach', async () => {
    const config = apiTestConfig({ databaseUrl: 'postgresql://nobody@127.0.0.1:1/none', port: 0 });
    await expect(startApi(config, logger)).rejects.toThrow(/ECONNREFUSED/);
  });
});
