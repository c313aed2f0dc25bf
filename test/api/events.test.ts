import { randomUUID } from 'node:crypto';
import { signAccessToken } from '@closebell/api/auth/tokens';
import { createRunEvents } from '@closebell/api/run-events';
import { submitJob } from '@closebell/prisma/jobs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp, type TestLogin } from '../support/app.js';
import { openStream, type ReceivedStream } from '../support/server-events.js';
import { until } from '../support/until.js';
import { endJob, insertPortfolio } from './records.js';

let app: TestApp;
let user: TestLogin;
let runId: string;
let portfolioId: string;
let path: string;
const open: ReceivedStream[] = [];

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  for (const stream of open.splice(0)) stream.close();
  user = await app.login();
  portfolioId = await insertPortfolio(app.context.db, { userId: user.userId, accountName: randomUUID() });
  const payload = { portfolioId, sessionDate: '2025-03-14', onboarding: true };
  ({ jobId: runId } = await submitJob(app.context.db.pool, 'calculate-portfolio', payload, { trigger: 'user' }));
  path = `/api/v1/portfolio/${portfolioId}/batch-status/${runId}/events`;
});

const follow = async (headers: Readonly<Record<string, string>> = {}, at = path): Promise<ReceivedStream> => {
  const stream = await openStream(app.url + at, { ...user.headers, ...headers });
  open.push(stream);
  return stream;
};
const start = () => app.context.db.pool.query(`UPDATE jobs SET status = 'running', started_at = now() WHERE id = $1`, [runId]);
const poll = async () =>
  (await (await fetch(app.url + path.replace('/events', ''), { headers: user.headers })).json()) as unknown;

describe('following a run', () => {
  it('shows every state with the body of batch-status, and ends after the end', async () => {
    const stream = await follow();
    expect(stream.status).toBe(200);
    expect((await stream.next())?.data).toEqual(await poll());
    await start();
    expect(await stream.next()).toMatchObject({ event: 'status', id: expect.any(String), data: { status: 'running' } });
    await endJob(app.context.db, runId, { status: 'completed', result: {} });
    const last = await stream.next();
    expect(last?.data).toEqual(await poll());
    expect(await stream.next()).toEqual({ event: 'end', id: null, data: { status: 'completed' } });
    expect(await stream.next()).toBeNull();
  });

  it('is the same under the plural name', async () => {
    const stream = await follow({}, path.replace('/portfolio/', '/portfolios/'));
    expect(await stream.next()).toMatchObject({ event: 'status', data: { status: 'queued' } });
  });

  it('tells caches and proxies to pass every event on at once, and clients when to come back', async () => {
    const { headers, next, text } = await follow({ 'Accept-Encoding': 'gzip' });
    expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(headers.get('cache-control')).toBe('private, no-cache, no-transform');
    expect(headers.get('x-accel-buffering')).toBe('no');
    expect(headers.get('content-encoding')).toBeNull();
    await next();
    expect(text()).toMatch(/^retry: \d+$/m);
  });

  it('with the id of the newest state shows nothing until it changes, though the clock runs on', async () => {
    await start();
    const { id } = (await (await follow()).next())!;
    await app.context.db.pool.query(`UPDATE jobs SET started_at = started_at - interval '1 hour' WHERE id = $1`, [runId]);
    const again = (await (await follow()).next())!;
    expect(again.id).not.toBe(id);
    const stream = await follow({ 'Last-Event-ID': again.id! });
    const next = stream.next();
    await app.context.db.pool.query(`UPDATE jobs SET heartbeat_at = now() WHERE id = $1`, [runId]);
    await endJob(app.context.db, runId, { status: 'failed', error: { code: 'ERR_JOB_002', message: 'x', fingerprint: 'x' } });
    expect(await next).toMatchObject({ event: 'status', data: { status: 'failed' } });
  });

  it('with the id of another state shows the newest at once', async () => {
    const stream = await follow({ 'Last-Event-ID': 'another' });
    expect(await stream.next()).toMatchObject({ data: { status: 'queued' } });
  });

  it('after the end shows it once, and then tells the client to stay away', async () => {
    await endJob(app.context.db, runId, { status: 'cancelled' });
    const stream = await follow();
    const last = await stream.next();
    expect(last).toMatchObject({ event: 'status', data: { status: 'cancelled' } });
    expect((await stream.next())?.event).toBe('end');
    expect((await follow({ 'Last-Event-ID': last!.id! })).status).toBe(204);
  });

  it('tells of the end within half a second though nobody was notified', async () => {
    const stream = await follow();
    await stream.next();
    await app.context.db.pool.query(`UPDATE jobs SET status = 'cancelled', finished_at = now() WHERE id = $1`, [runId]);
    expect((await stream.next())?.data).toMatchObject({ status: 'cancelled' });
  });

  it("is 404 for another user's run and 401 for nobody", async () => {
    const other = await app.login();
    expect((await openStream(app.url + path, other.headers)).status).toBe(404);
    expect((await openStream(app.url + path, {})).status).toBe(401);
  });

  it('asked for with HEAD sends the headers and is over', async () => {
    const response = await fetch(app.url + path, { method: 'HEAD', headers: user.headers });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  });
});

describe('a stream ends', () => {
  it('when the login is revoked', async () => {
    const stream = await follow();
    await stream.next();
    const revokedAt = performance.now();
    await fetch(`${app.url}/api/v1/auth/logout`, { method: 'POST', headers: user.headers, body: '{}' });
    expect(await stream.next()).toBeNull();
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
  });

  it('when the access token expires', async () => {
    const { rows } = await app.context.db.pool.query<{ family_id: string }>(
      `SELECT family_id FROM refresh_tokens WHERE user_id = $1`,
      [user.userId],
    );
    const claims = { userId: user.userId, sessionId: rows[0]!.family_id, actorId: null, isSuperuser: false };
    const token = await signAccessToken({ ...claims, lifetimeSeconds: 2 }, app.context.config);
    const stream = await follow({ Authorization: `Bearer ${token}` });
    expect((await stream.next())?.event).toBe('status');
    expect(await stream.next()).toBeNull();
  });

  it('when the portfolio is deleted', async () => {
    const stream = await follow();
    await stream.next();
    await app.context.db.pool.query(`UPDATE portfolios SET deleted_at = now() WHERE id = $1`, [portfolioId]);
    expect(await stream.next()).toBeNull();
  });

  it('when the process stops', async () => {
    const other = await startTestApp();
    try {
      const owner = await other.login();
      const owned = await insertPortfolio(other.context.db, { userId: owner.userId });
      const payload = { portfolioId: owned, sessionDate: '2025-03-14', onboarding: true };
      const { jobId } = await submitJob(other.context.db.pool, 'calculate-portfolio', payload, { trigger: 'user' });
      const url = `${other.url}/api/v1/portfolio/${owned}/batch-status/${jobId}/events`;
      const stream = await openStream(url, owner.headers);
      await stream.next();
      other.context.runEvents.close();
      expect(await stream.next()).toBeNull();
      expect((await openStream(url, owner.headers)).status).toBe(429);
    } finally {
      await other.close();
    }
  });
});

describe('streams are bounded', () => {
  it('a user has 20 and no more, and a place is free again when a client goes away', async () => {
    const streams = await Promise.all(Array.from({ length: 20 }, () => follow()));
    for (const stream of streams) expect((await stream.next())?.event).toBe('status');
    const refused = await follow();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
    streams[0]?.close();
    await until('a place is free', async () => (await follow()).status === 200);
  });

  it('many streams hold no connection of the pool, and share one statement per look', async () => {
    const streams = await Promise.all(Array.from({ length: 20 }, () => follow()));
    for (const stream of streams) await stream.next();
    const { pool } = app.context.db;
    await until('nothing is asked', () => pool.idleCount === pool.totalCount);
    expect(pool.waitingCount).toBe(0);
  });

  it('nothing is asked when nobody follows', async () => {
    let asked = 0;
    const { pool } = app.context.db;
    const counted = { pool: { query: (text: string, values: unknown[]) => (asked++, pool.query(text, values)) } };
    const events = createRunEvents(counted as never, app.context.jobEnds);
    let looks = 0;
    const follower = {
      key: { portfolioId, runId },
      userId: user.userId,
      onLook: async () => void looks++,
      onStop: () => {},
    };
    const leave = [events.follow(follower), events.follow({ ...follower })];
    await until('two looks', () => looks >= 4);
    expect(asked).toBe(2);
    for (const each of leave) each?.();
    await endJob(app.context.db, runId, { status: 'completed' });
    await until('the end is heard', async () => (await app.context.jobEnds.wait(runId, 2_000)) !== null);
    expect(asked).toBe(2);
    events.close();
  });
});
