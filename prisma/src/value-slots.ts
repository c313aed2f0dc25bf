// Which slots of intraday values were acted upon: rows beside the schedules' ticks, whose primary key decides.
import { inTransaction, type Db, type Queryable } from './client.js';
import { submitJob } from './jobs.js';

/** The name that slots have among the ticks. */
const SCHEDULE = 'record-values';

/**
 * Submits the job of a slot that nobody acted upon before. `skipped`: the job of an earlier slot is still to end, and this one is let go for
 * good. Forgets slots of over a day ago, so that they do not pile up.
 */
export async function submitValueSlot(db: Db, slot: Date): Promise<'submitted' | 'skipped' | 'known'> {
  return inTransaction(db, async (client) => {
    const { rowCount: isNew } = await client.query(
      `INSERT INTO schedule_ticks (schedule, due_at, job_id) VALUES ($1, $2, gen_random_uuid()) ON CONFLICT DO NOTHING`,
      [SCHEDULE, slot],
    );
    if (isNew === 0) return 'known';
    await client.query(`DELETE FROM schedule_ticks WHERE schedule = $1 AND due_at < $2::timestamptz - interval '1 day'`, [
      SCHEDULE,
      slot,
    ]);
    const { rowCount: live } = await client.query(
      `SELECT 1 FROM jobs WHERE kind = 'record-values' AND status IN ('queued', 'running') AND NOT payload ? 'portfolioId' LIMIT 1`,
    );
    if (live !== 0) return 'skipped';
    const { jobId } = await submitJob(client, 'record-values', { slot: slot.toISOString() }, { trigger: 'schedule' });
    await client.query(`UPDATE schedule_ticks SET job_id = $3 WHERE schedule = $1 AND due_at = $2`, [SCHEDULE, slot, jobId]);
    return 'submitted';
  });
}

/** Deletes the completed jobs of quotes and slots that ended over so many days ago: there are hundreds a day, and their rows tell little. */
export async function pruneQuoteJobs(client: Queryable, keptDays: number): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM jobs WHERE kind IN ('record-values', 'refresh-quotes') AND status = 'completed' AND id = run_id
       AND finished_at < clock_timestamp() - make_interval(days => $1)`,
    [keptDays],
  );
  return rowCount ?? 0;
}
