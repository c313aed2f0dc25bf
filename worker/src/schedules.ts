// Makes every due time of a schedule happen once: what the queue's alarm clock, a restart or a flush missed is made good here.
import { CronExpressionParser } from 'cron-parser';
import { firstTick, submitTick } from '@closebell/prisma/schedule-ticks';
import { SCHEDULES, type JobKind, type ScheduleName } from '@closebell/shared/jobs';
import { countSubmit } from '@closebell/shared/metrics';
import type { WorkerContext } from './context.js';

/** A year of daily ticks is more than any catch-up window holds. */
const TICKS_MAX = 400;

export async function submitDueTicks(context: WorkerContext): Promise<void> {
  for (const name of Object.keys(SCHEDULES) as ScheduleName[]) await submitDueTicksOf(context, name);
}

/** Submits the job of every due time since the last one that was acted upon, within the schedule's catch-up window, oldest first. */
export async function submitDueTicksOf(context: WorkerContext, name: ScheduleName): Promise<void> {
  const due = dueTimesOf(name, context.clock());
  // A new installation has missed nothing: it begins with the latest due time, and nothing before it is ever made good.
  const first = await firstTick(context.db, name);
  const dueTimes = first === null ? due.slice(-1) : due.filter((dueAt) => dueAt > first);
  for (const [index, dueAt] of dueTimes.entries()) {
    const payload = payloadAt(context, SCHEDULES[name].kind, dueAt);
    const trigger = index === dueTimes.length - 1 ? 'schedule' : 'catch-up';
    const { submitted } = await submitTick(context.db, name, dueAt, payload, trigger);
    if (submitted) countSubmit(context.metrics, SCHEDULES[name].kind, true);
  }
}

/** The due times in (now − catch-up, now], oldest first. */
export function dueTimesOf(name: ScheduleName, now: Date): readonly Date[] {
  const { pattern, timeZone, catchUpMs } = SCHEDULES[name];
  const cron = CronExpressionParser.parse(pattern, { tz: timeZone, currentDate: new Date(now.getTime() + 1) });
  const due: Date[] = [];
  while (due.length < TICKS_MAX) {
    const dueAt = cron.prev().toDate();
    if (dueAt.getTime() <= now.getTime() - catchUpMs) break;
    due.push(dueAt);
  }
  return due.reverse();
}

function payloadAt({ calendar }: WorkerContext, kind: JobKind, dueAt: Date): Readonly<Record<string, unknown>> {
  const needsSession = kind === 'run-batch' || kind === 'sweep-snapshots';
  return needsSession ? { sessionDate: calendar.latestCompleteSession(dueAt) } : {};
}
