// Which due times of the schedules were acted upon. The primary key decides, so two workers cannot both act.
import { SCHEDULES, type JobTrigger, type ScheduleName } from '@closebell/shared/jobs';
import { inTransaction, type Db } from './client.js';
import { submitJob } from './jobs.js';

/** Submits the schedule's job for `dueAt` unless that was done before; the tick and the job are kept or lost together. */
export async function submitTick(
  db: Db,
  schedule: ScheduleName,
  dueAt: Date,
  payload: Readonly<Record<string, unknown>>,
  trigger: JobTrigger,
): Promise<Readonly<{ submitted: boolean }>> {
  const { rowCount: known } = await db.pool.query(`SELECT 1 FROM schedule_ticks WHERE schedule = $1 AND due_at = $2`, [
    schedule,
    dueAt,
  ]);
  if (known) return { submitted: false };
  return inTransaction(db, async (client) => {
    const { rowCount } = await client.query(
      `INSERT INTO schedule_ticks (schedule, due_at, job_id) VALUES ($1, $2, gen_random_uuid()) ON CONFLICT DO NOTHING`,
      [schedule, dueAt],
    );
    if (rowCount === 0) return { submitted: false };
    const { jobId } = await submitJob(client, SCHEDULES[schedule].kind, payload as never, { trigger });
    await client.query(`UPDATE schedule_ticks SET job_id = $3 WHERE schedule = $1 AND due_at = $2`, [schedule, dueAt, jobId]);
    return { submitted: true };
  });
}

/** The first due time that was ever acted upon; null in a new installation. */
export async function firstTick(db: Db, schedule: ScheduleName): Promise<Date | null> {
  const { rows } = await db.pool.query<{ first: Date | null }>(
    `SELECT min(due_at) AS first FROM schedule_ticks WHERE schedule = $1`,
    [schedule],
  );
  return rows[0]?.first ?? null;
}
