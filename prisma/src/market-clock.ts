// The market clock: what sessions, date checks and schedules go by. Real time, unless CLOSEBELL_NOW moves it.
import type { Db } from './client.js';

export type Clock = () => Date;

/**
 * With `startsAt`, the first process notes it beside the database's time; every process, also after a restart, derives the clock
 * from that note, so that all agree and it runs on. Another `startsAt` moves it; none gives the real time.
 */
export async function createMarketClock(db: Db, startsAt: Date | null): Promise<Clock> {
  if (startsAt === null) return () => new Date();
  const { rows } = await db.pool.query<{ elapsed_ms: number }>(
    `WITH noted AS (
       INSERT INTO market_clock (id, starts_at, anchored_at) VALUES (1, $1, clock_timestamp())
       ON CONFLICT (id) DO UPDATE SET starts_at = EXCLUDED.starts_at,
         anchored_at = CASE WHEN market_clock.starts_at = EXCLUDED.starts_at THEN market_clock.anchored_at ELSE EXCLUDED.anchored_at END
       RETURNING anchored_at)
     SELECT (extract(epoch FROM clock_timestamp() - anchored_at) * 1000)::float8 AS elapsed_ms FROM noted`,
    [startsAt],
  );
  const originMs = startsAt.getTime() + (rows[0]?.elapsed_ms ?? 0) - performance.now();
  return () => new Date(originMs + performance.now());
}
