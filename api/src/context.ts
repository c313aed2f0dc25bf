// What a route gets. Built once in main.ts, closed in the reverse order.
import { closeDb, createDb } from '@closebell/prisma/client';
import { listenForJobEnds, type JobEnds } from '@closebell/prisma/job-ends';
import { createMarketClock, type Clock } from '@closebell/prisma/market-clock';
import { createMetricStore } from '@closebell/prisma/metric-values';
import { withPrisma, type PrismaDb } from '@closebell/prisma/prisma-client';
import { readTogether } from '@closebell/prisma/read-together';
import { findCalculations, type Calculation, type CalculationKey } from '@closebell/prisma/runs';
import { findSessionUsers, type SessionKey, type SessionUser } from '@closebell/prisma/users';
import { xnysCalendar, type TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Config } from '@closebell/shared/config';
import type { Logger } from '@closebell/shared/infra/logger';
import { reportProcessGauges } from '@closebell/shared/infra/process-gauges';
import { createTransport, type Transport } from '@closebell/shared/infra/queues';
import type { Metrics } from '@closebell/shared/metrics';
import { hostname } from 'node:os';
import { createTokenVerifier, type VerifiedClaims } from './auth/tokens.js';
import { createRunEvents, type RunEvents } from './run-events.js';
import { createRateLimiter, type RateLimiter } from './rate-limiter.js';

export type ApiContext = Readonly<{
  db: PrismaDb;
  config: Config;
  logger: Logger;
  /** The market clock: sessions and date checks. Tokens and limits go by the real time. */
  clock: Clock;
  calendar: TradingCalendar;
  /** The queues, for health and the board: routes submit jobs by inserting rows. */
  transport: Transport;
  jobEnds: JobEnds;
  /** What an access token says. Throws as verifyAccessToken does. */
  verifyToken: (token: string) => Promise<VerifiedClaims>;
  /** The user of a login, for the check of every request. Requests of the same moment share a statement. */
  sessions: (key: SessionKey) => Promise<SessionUser | null>;
  /** A run of a portfolio, for polls, which share statements as well. */
  calculations: (key: CalculationKey) => Promise<Calculation>;
  runEvents: RunEvents;
  rateLimiter: RateLimiter;
  metrics: Metrics;
}>;

export type OpenContext = Readonly<{ context: ApiContext; close: () => Promise<void> }>;

/** Longer than any statement of a request takes; a connection that is half open is given up after it. */
const ANSWER_WITHIN_MS = 30_000;

/** Connects to a database that has its schema. Rejects, with nothing left open, when it or the queue is out of reach. */
export async function openContext(config: Config, databaseUrl: string, logger: Logger): Promise<OpenContext> {
  const closers: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const closeOne of closers.toReversed()) await closeOne();
  };
  try {
    const db = withPrisma(createDb({ databaseUrl, applicationName: 'closebell-api', answerWithinMs: ANSWER_WITHIN_MS }));
    closers.push(() => closeDb(db));
    const clock = await createMarketClock(db, config.marketNow);
    const transport = await createTransport({ redisUrl: config.redisUrl, databaseUrl, logger });
    closers.push(transport.close);
    const rateLimiter = await createRateLimiter(config, db, logger);
    closers.push(rateLimiter.close);
    const jobEnds = listenForJobEnds(db);
    closers.push(jobEnds.close);
    const sessions = readTogether((keys: readonly SessionKey[]) => findSessionUsers(db, keys));
    const calculations = readTogether((keys: readonly CalculationKey[]) => findCalculations(db.pool, keys));
    const runEvents = createRunEvents(db, jobEnds);
    closers.push(runEvents.close);
    const verifyToken = createTokenVerifier(config);
    const metrics = createMetricStore(db, `api ${hostname()} ${process.pid}`);
    closers.push(metrics.close);
    closers.push(reportProcessGauges('api', metrics).stop);
    return {
      context: {
        db,
        config,
        logger,
        clock,
        calendar: xnysCalendar(),
        transport,
        jobEnds,
        verifyToken,
        sessions,
        calculations,
        runEvents,
        rateLimiter,
        metrics,
      },
      close,
    };
  } catch (cause) {
    await close();
    throw cause;
  }
}
