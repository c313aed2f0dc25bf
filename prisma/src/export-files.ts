// The files that exports and reports come to: one per job, made once, kept for days and never longer than the job's row.
import type { JobPayload } from '@closebell/shared/jobs';
import type { Db, Queryable } from './client.js';
import { inTransactionOnce, type KeyHold } from './idempotency-keys.js';
import { inFencedTransaction, type JobHold } from './job-runs.js';
import { submitJob, type JobOrigin, type Submitted } from './jobs.js';

export type ExportFile = Readonly<{ fileName: string; contentType: string; file: Uint8Array }>;
export type ExportFileHead = Readonly<{ fileName: string; contentType: string; bytes: number }>;

/** The state of a portfolio's figures. */
export type FiguresState = Readonly<{ generation: number; sessionDate: string | null }>;

/** Null when there is no such portfolio. Whose it is, the caller checks. */
export async function readFiguresState(client: Queryable, portfolioId: string): Promise<FiguresState | null> {
  const { rows } = await client.query<FiguresState>(
    `SELECT generation, (
       SELECT max(snapshot_date) FROM portfolio_snapshots WHERE portfolio_id = p.id AND is_complete) AS "sessionDate"
     FROM portfolios p WHERE id = $1 AND deleted_at IS NULL`,
    [portfolioId],
  );
  return rows[0] ?? null;
}

/** Submits the report, or joins the live one that is the same. Once per key, where one is held. */
export async function submitReport(
  db: Db,
  payload: JobPayload<'build-report'>,
  { origin, keyHold }: Readonly<{ origin: JobOrigin; keyHold: KeyHold | null }>,
): Promise<Submitted> {
  return inTransactionOnce(db, keyHold, (client) => submitJob(client, 'build-report', payload, origin));
}

/** Null when the job has made no file, or it is kept no longer. */
export async function findExportFile(client: Queryable, jobId: string): Promise<ExportFile | null> {
  const { rows } = await client.query<ExportFile>(
    `SELECT file_name AS "fileName", content_type AS "contentType", file FROM export_files WHERE job_id = $1`,
    [jobId],
  );
  return rows[0] ?? null;
}

/** The same without the file itself. */
export async function findExportFileHead(client: Queryable, jobId: string): Promise<ExportFileHead | null> {
  const { rows } = await client.query<ExportFileHead>(
    `SELECT file_name AS "fileName", content_type AS "contentType", octet_length(file) AS bytes FROM export_files WHERE job_id = $1`,
    [jobId],
  );
  return rows[0] ?? null;
}

/** Keeps the job's file; a job that has one keeps that. Throws FenceLostError. */
export async function insertExportFile(db: Db, hold: JobHold, { fileName, contentType, file }: ExportFile): Promise<void> {
  await inFencedTransaction(db, hold, (client) =>
    client.query(
      `INSERT INTO export_files (job_id, file_name, content_type, file) VALUES ($1, $2, $3, $4) ON CONFLICT (job_id) DO NOTHING`,
      [hold.id, fileName, contentType, file],
    ),
  );
}

/** Deletes files older than the given age; returns how many went. */
export async function pruneExportFiles(client: Queryable, ageDays: number): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM export_files WHERE created_at < clock_timestamp() - make_interval(days => $1)`,
    [ageDays],
  );
  return rowCount ?? 0;
}
