// What a route gets. Built once in main.ts, closed in the reverse order.
import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { listenForJobEnds, type JobEnds } from '@closebell/prisma/job-ends';
import { createMarketClock, type Clock } from '@closebell/prisma/market-clock';
import { xnysCalendar, type TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Config } from '@closebell/shared/config';
import type { Logger } from '@closebell/shared/infra/logger';
import { createTransport, type Transport } from '@closebell/shared/infra/queues';
import { createRateLimiter, type RateLimiter } from './rate-limiter.js';

export type ApiContext = Readonly<{
  db: Db;
  config: Config;
  logger: Logger;
  /** The market clock: sessions and date checks. Tokens and limits go by the real time. */
  clock: Clock;
  calendar: TradingCalendar;
  /** The queues, for health and the board: routes submit jobs by inserting rows. */
  transport: Transport;
  jobEnds: JobEnds;
  rateLimiter: RateLimiter;
}>;

export type OpenContext = Readonly<{ context: ApiContext; close: () => Promise<void> }>;

/** Connects to a database that has its schema. Rejects, with nothing left open, when it or the queue is out of reach. */
export async function openContext(config: Config, databaseUrl: string, logger: Logger): Promise<OpenContext> {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closeOne of closers.toReversed()) await closeOne();
  };
  try {
    const db = createDb({ databaseUrl, applicationName: 'closebell-api' });
    closers.push(() => closeDb(db));
    const clock = await createMarketClock(db, config.marketNow);
    const transport = await createTransport({ redisUrl: config.redisUrl, databaseUrl, logger });
    closers.push(transport.close);
    const rateLimiter = await createRateLimiter(config, db, logger);
    closers.push(rateLimiter.close);
    const jobEnds = listenForJobEnds(db);
    closers.push(jobEnds.close);
    return { context: { db, config, logger, clock, calendar: xnysCalendar(), transport, jobEnds, rateLimiter }, close };
  } catch (cause) {
    await close();
    throw cause;
  }
}
