import { pendingMigrations } from '@closebell/prisma/migrate';
import { countSystemTables } from '@closebell/prisma/system-tables';
import { FACTORS_NEEDED, live, prerequisites, ready, SCENARIOS_NEEDED } from '@closebell/shared/contracts/health';
import type { Router } from 'express';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiContext } from '../context.js';
import { route } from '../route.js';

export function healthRoutes(router: Router, context: ApiContext): void {
  const { db, transport } = context;

  route(router, context, live, async () => ({ status: 200, body: { status: 'ok' } }));

  route(router, context, ready, async () => {
    const [database, queue, migrations] = await Promise.all([
      check('answers', async () => void (await db.pool.query('SELECT 1'))),
      check(`answers on ${transport.backend}`, transport.ping),
      check('up to date', requireMigrated),
    ]);
    const isReady = database.ok && queue.ok && migrations.ok;
    return {
      status: isReady ? 200 : 503,
      body: { status: isReady ? 'ready' : 'not_ready', checks: { database, queue, migrations } },
    };
  });

  route(router, context, prerequisites, async () => {
    const { factors, scenarios } = await countSystemTables(db.pool);
    const body = {
      factors: { ok: factors >= FACTORS_NEEDED, found: factors, needed: FACTORS_NEEDED },
      scenarios: { ok: scenarios >= SCENARIOS_NEEDED, found: scenarios, needed: SCENARIOS_NEEDED },
    };
    const isReady = body.factors.ok && body.scenarios.ok;
    return { status: isReady ? 200 : 503, body: { status: isReady ? 'ready' : 'not_ready', ...body } };
  });

  async function requireMigrated(): Promise<void> {
    const pending = await pendingMigrations((sql) => db.pool.query<{ name: string }>(sql));
    if (pending.length > 0) throw new NotReady(`${pending.length} migration(s) pending: run npm run migrate`);
  }
}

const CHECK_MS = 3_000;

class NotReady extends Error {
  override readonly name = 'NotReady';
}

type Check = Readonly<{ ok: boolean; message: string }>;

/** A service that hangs is as far away as one that refuses. What it said stays in our own log: this answer is public. */
async function check(message: string, probe: () => Promise<void>): Promise<Check> {
  const cutOff = new AbortController();
  const late = sleep(CHECK_MS, 'late' as const, { signal: cutOff.signal, ref: false });
  late.catch(() => {});
  try {
    const outcome = await Promise.race([probe().then(() => 'done' as const), late]);
    return outcome === 'done' ? { ok: true, message } : { ok: false, message: `no answer within ${CHECK_MS / 1_000} s` };
  } catch (cause) {
    return { ok: false, message: cause instanceof NotReady ? cause.message : 'out of reach' };
  } finally {
    cutOff.abort();
  }
}
