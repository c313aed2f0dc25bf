// Carries recomputations out beside running workers, some at a time, and says of each what came of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { hasLiveWorker } from '@closebell/prisma/diagnosis';
import type { Db } from '@closebell/prisma/client';
import { findJob, type JobRow } from '@closebell/prisma/jobs';
import { continueRecomputation, readFiguresImage, startRecomputation, type FiguresImage } from '@closebell/prisma/replays';
import { renderComparison } from './comparison.js';
import type { Recomputation } from './plan.js';

/** Few enough that a user who asks meanwhile hardly waits, and that the figures before stay in memory. */
const AT_ONCE = 25;

export type Recomputing = Readonly<{
  action: 'replay' | 'backfill';
  /** For the audit log. */
  details: Readonly<Record<string, unknown>>;
  print: (line: string) => void;
}>;

/** True when every one was computed to its end. Without a worker the wishes are submitted all the same, and nothing is compared. */
export async function recomputeAll(db: Db, plans: readonly Recomputation[], how: Recomputing): Promise<boolean> {
  let areComplete = true;
  for (let at = 0; at < plans.length; at += AT_ONCE) {
    const results = await recomputeSome(db, plans.slice(at, at + AT_ONCE), how);
    areComplete &&= results.every(Boolean);
  }
  return areComplete;
}

async function recomputeSome(db: Db, plans: readonly Recomputation[], how: Recomputing): Promise<readonly boolean[]> {
  const started = [];
  for (const plan of plans) started.push(await start(db, plan, how));
  const results: boolean[] = [];
  for (const each of started) results.push(await finish(db, each, how));
  return results;
}

type Started =
  | Readonly<{ plan: Recomputation; jobId: string; before: FiguresImage }>
  | Readonly<{ plan: Recomputation; refusal: string }>;

const CLAIM_WITHIN_MS = 60_000;
const POLL_MS = 200;

async function start(db: Db, plan: Recomputation, { action, details }: Recomputing): Promise<Started> {
  const deadline = performance.now() + CLAIM_WITHIN_MS;
  for (;;) {
    const begun = await startRecomputation(db, { ...plan, compareFrom: plan.from, action, details });
    if (begun.outcome === 'submitted') return { plan, ...begun };
    if (begun.outcome === 'changed') return { plan, refusal: 'it changed meanwhile: run the command again' };
    if (performance.now() > deadline)
      return { plan, refusal: 'another job has been computing it for a minute: run the command again' };
    await sleep(POLL_MS);
  }
}

async function finish(db: Db, started: Started, { print }: Recomputing): Promise<boolean> {
  print(`portfolio ${started.plan.portfolioId}`);
  if ('refusal' in started) {
    print(`  not computed: ${started.refusal}`);
    return false;
  }
  const { plan, before } = started;
  const job = await endOf(db, started.jobId, plan);
  if (job === null) {
    print(
      `  no worker takes it: the next one that starts does (run ${started.jobId}); the figures before stay readable till then`,
    );
    return false;
  }
  if (job.status !== 'completed') {
    print(`  the run ${job.id} ${job.status}: ${job.error?.message ?? 'no reason is known'}; the figures before are still there`);
    return false;
  }
  for (const line of renderComparison(before, await readFiguresImage(db.pool, plan.portfolioId, plan.from))) print(line);
  return true;
}

const RUNS_MAX = 5;

/**
 * Null when no worker is there to end it. A run that was under way when the portfolio was marked may have read the ledger before, and
 * ends with the portfolio still dirty: then another one follows.
 */
async function endOf(db: Db, jobId: string, { portfolioId, targetSession }: Recomputation): Promise<JobRow | null> {
  let current = jobId;
  for (let run = 1; ; run++) {
    const job = await awaitEnd(db, current);
    if (job?.status !== 'completed') return job;
    const next = await continueRecomputation(db, portfolioId, targetSession);
    if (next === null) return job;
    if (run === RUNS_MAX) throw new Error(`portfolio ${portfolioId} changes faster than it can be computed`);
    current = next;
  }
}

/** A worker that restarts is not gone for good. */
const WORKER_GONE_MS = 10_000;
/** Twice the time-out of a calculation: a worker that is connected and takes no jobs is no worker. */
const ENDS_WITHIN_MS = 20 * 60_000;

async function awaitEnd(db: Db, jobId: string): Promise<JobRow | null> {
  const deadline = performance.now() + ENDS_WITHIN_MS;
  let lastSeenAt = (await hasLiveWorker(db.pool)) ? performance.now() : -Infinity;
  for (;;) {
    const job = await findJob(db.pool, jobId);
    if (job === null) throw new Error(`run ${jobId} is gone`);
    if (job.status !== 'queued' && job.status !== 'running') return job;
    if (await hasLiveWorker(db.pool)) lastSeenAt = performance.now();
    if (performance.now() - lastSeenAt > WORKER_GONE_MS || performance.now() > deadline) return null;
    await sleep(POLL_MS);
  }
}
