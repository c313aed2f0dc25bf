// What a handler gets. Built once in main.ts.
import type { Db } from '@closebell/prisma/client';
import type { ChildJob, JobHold } from '@closebell/prisma/job-runs';
import type { JobProgress, JobRow } from '@closebell/prisma/jobs';
import type { Clock } from '@closebell/prisma/market-clock';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Config } from '@closebell/shared/config';
import type { Logger } from '@closebell/shared/infra/logger';
import type { JobKind, JobPayload } from '@closebell/shared/jobs';
import type { MarketDataProvider } from '@closebell/shared/market-data/provider';
import type { Metrics } from '@closebell/shared/metrics';
import type { RiskMarkets } from './batch/risk-markets.js';

export type WorkerContext = Readonly<{
  db: Db;
  config: Config;
  logger: Logger;
  /** The market clock: sessions and date checks only. */
  clock: Clock;
  calendar: TradingCalendar;
  /** In the order in which they are asked; those over a network behind their gates. */
  providers: readonly MarketDataProvider[];
  /** Who publishes the rate of option marks; null: nobody, and the configured one holds. */
  rates: MarketDataProvider | null;
  metrics: Metrics;
  /** Of this thread. */
  riskMarkets: RiskMarkets;
}>;

/** Where a job stands in the phase it is in. */
export type ProgressReport = Omit<JobProgress, 'reached'>;

/** One phase of a run as it shows in batch-status; `run` measures it and keeps its counts. */
export type PhaseReporter = <T extends Readonly<{ counts: Readonly<Record<string, number>> }>>(
  phase: Readonly<{ number: number; name: string }>,
  work: () => Promise<T>,
) => Promise<T>;

export type JobRun<K extends JobKind> = Readonly<{
  job: JobRow;
  payload: JobPayload<K>;
  hold: JobHold;
  /** Jobs submitted by an earlier stage of this run, ended by now. */
  children: readonly JobRow[];
  /** Aborts on cancel, time-out, a lost hold and shutdown. */
  signal: AbortSignal;
  phase: PhaseReporter;
  progress: (progress: ProgressReport) => void;
  logger: Logger;
}>;

/** How a handler ends: every way out has a name. */
export type Outcome =
  | Readonly<{ outcome: 'done'; status?: 'completed' | 'partial'; result: Readonly<Record<string, unknown>> }>
  | Readonly<{ outcome: 'await'; children: readonly ChildJob[] }>
  | Readonly<{ outcome: 'snooze'; delayMs: number; reason: string }>
  | Readonly<{ outcome: 'stop'; code: 'ERR_JOB_003'; message: string; result?: Readonly<Record<string, unknown>> }>;

export type Handler<K extends JobKind> = (context: WorkerContext, run: JobRun<K>) => Promise<Outcome>;
